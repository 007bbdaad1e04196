/**
 * Inline requests: the words of a line that a person types. Only cuts; what the words mean is said elsewhere. Quotes
 * are those of redis-cli: "…" knows \n \r \t \b \a \xHH and takes any other escaped byte as it is, '…' knows \' alone.
 */
import { ByteWriter } from '../../lib/bytes.ts';

const BACKSLASH = 0x5c;
const DOUBLE = 0x22;
const SINGLE = 0x27;

/** The words between `start` and `end`, as bytes of their own; null when a quote does not end, or not at a blank. */
export function splitInline(bytes: Uint8Array, start: number, end: number): Uint8Array[] | null {
  const words: Uint8Array[] = [];
  const word = new ByteWriter(64);
  let at = start;
  for (;;) {
    while (at < end && isBlank(bytes[at] as number)) at++;
    if (at >= end) return words;
    word.reset();
    while (at < end && !isBlank(bytes[at] as number)) {
      const byte = bytes[at] as number;
      if (byte !== DOUBLE && byte !== SINGLE) {
        word.u8(byte);
        at++;
        continue;
      }
      at = quoted(bytes, at, end, word);
      if (at < 0 || (at < end && !isBlank(bytes[at] as number))) return null;
    }
    words.push(word.copy());
  }
}

/** Writes what stands between the quotes; returns the place behind the closing one, or -1. */
function quoted(bytes: Uint8Array, opening: number, end: number, into: ByteWriter): number {
  const quote = bytes[opening] as number;
  let at = opening + 1;
  while (at < end) {
    const byte = bytes[at] as number;
    if (byte === quote) return at + 1;
    const next = bytes[at + 1] as number;
    if (byte !== BACKSLASH || at + 1 >= end || (quote === SINGLE && next !== SINGLE)) {
      into.u8(byte);
      at++;
    } else if (quote === DOUBLE && next === 0x78 && at + 3 < end && hex(bytes, at + 2) >= 0) {
      into.u8(hex(bytes, at + 2));
      at += 4;
    } else {
      into.u8(quote === DOUBLE ? (ESCAPES.get(next) ?? next) : next);
      at += 2;
    }
  }
  return -1;
}

const ESCAPES: ReadonlyMap<number, number> = new Map([
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
  [0x62, 0x08],
  [0x61, 0x07],
]);

/** The byte of two hexadecimal digits, or -1. */
function hex(bytes: Uint8Array, at: number): number {
  const high = digit(bytes[at] as number);
  const low = digit(bytes[at + 1] as number);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function digit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d) || byte === 0;
}
