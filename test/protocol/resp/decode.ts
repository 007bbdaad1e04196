/** Replies of the RESP protocol as values: what a client makes of bytes. Strict: what is no reply throws. */

/** A reply that is an error, as text. */
export class ErrorReply {
  readonly line: string;

  constructor(line: string) {
    this.line = line;
  }
}

export type Decoded = string | number | bigint | boolean | null | ErrorReply | Decoded[] | DecodedMap | DecodedPush;
export type DecodedMap = { readonly map: readonly (readonly [Decoded, Decoded])[] };
export type DecodedPush = { readonly push: readonly Decoded[] };

/** All replies in the bytes; throws unless they end with the last one. */
export function decodeAll(bytes: Uint8Array): Decoded[] {
  const reading = { bytes, at: 0 };
  const replies: Decoded[] = [];
  while (reading.at < bytes.length) replies.push(decode(reading));
  return replies;
}

type Reading = { readonly bytes: Uint8Array; at: number };

function decode(reading: Reading): Decoded {
  const type = String.fromCharCode(reading.bytes[reading.at++] as number);
  const line = lineOf(reading);
  switch (type) {
    case '+':
      return line;
    case '-':
      return new ErrorReply(line);
    case ':':
      return integer(line);
    case '(':
      return BigInt(line);
    case '$':
      return line === '-1' ? null : bulk(reading, count(line));
    case '=':
      return bulk(reading, count(line)).slice(4);
    case '*':
      return line === '-1' ? null : list(reading, count(line));
    case '~':
      return list(reading, count(line));
    case '>':
      return { push: list(reading, count(line)) };
    case '%':
      return { map: Array.from({ length: count(line) }, () => [decode(reading), decode(reading)] as const) };
    case '_':
      return null;
    case '#':
      return line === 't';
    case ',':
      return Number(line);
    default:
      throw new Error(`no reply begins with ${JSON.stringify(type)} at ${reading.at - 1}`);
  }
}

function list(reading: Reading, length: number): Decoded[] {
  return Array.from({ length }, () => decode(reading));
}

function lineOf(reading: Reading): string {
  const end = reading.bytes.indexOf(0x0d, reading.at);
  if (end < 0 || reading.bytes[end + 1] !== 0x0a) throw new Error(`a line without an end at ${reading.at}`);
  const line = Buffer.from(reading.bytes.subarray(reading.at, end)).toString('utf8');
  reading.at = end + 2;
  return line;
}

function bulk(reading: Reading, length: number): string {
  const end = reading.at + length;
  if (reading.bytes[end] !== 0x0d || reading.bytes[end + 1] !== 0x0a)
    throw new Error(`a bulk string of another length at ${reading.at}`);
  const value = Buffer.from(reading.bytes.subarray(reading.at, end)).toString('latin1');
  reading.at = end + 2;
  return value;
}

function count(line: string): number {
  if (!/^\d+$/.test(line)) throw new Error(`no count: ${line}`);
  return Number(line);
}

function integer(line: string): number | bigint {
  if (!/^-?\d+$/.test(line)) throw new Error(`no integer: ${line}`);
  const value = Number(line);
  return Number.isSafeInteger(value) ? value : BigInt(line);
}
