/**
 * Stored values as RESP sees them. A string leaf is a string; a marked map (HSET) is a hash; a number leaf is a document
 * that counts may change; everything else is a document. Decides types, and nothing about keys.
 */
import { isMarked } from '../../document/marked.ts';
import { FLOAT, INT, MAP, packString, payloadAt, STRING, writeHead, headLength } from '../../document/packed.ts';
import { writeValue } from '../../document/format.ts';
import { STYLES } from '../../document/styles.ts';
import { ByteWriter } from '../../lib/bytes.ts';
import type { ReplyWriter } from './reply-writer.ts';

export type ValueType = 'string' | 'hash' | 'ReJSON-RL';

/** What TYPE says. */
export function typeOf(packed: Uint8Array): ValueType {
  const kind = (packed[0] as number) >> 5;
  if (kind === STRING) return isMarked(packed) ? 'ReJSON-RL' : 'string';
  return kind === MAP && isMarked(packed) ? 'hash' : 'ReJSON-RL';
}

export function isString(packed: Uint8Array): boolean {
  return (packed[0] as number) >> 5 === STRING && !isMarked(packed);
}

export function isHash(packed: Uint8Array): boolean {
  return (packed[0] as number) >> 5 === MAP && isMarked(packed);
}

/** Whether it is a JSON number: a document that INCR and its like may count on. */
export function isNumber(packed: Uint8Array): boolean {
  const kind = (packed[0] as number) >> 5;
  return kind === INT || kind === FLOAT;
}

/** The bytes of a string or the digits of a number, a view; null for anything else. */
export function plainBytes(packed: Uint8Array): Uint8Array | null {
  return isString(packed) || isNumber(packed) ? packed.subarray(payloadAt(packed, 0)) : null;
}

let slab = new Uint8Array(0);
let slabUsed = 0;
const SLAB_BYTES = 16_384;
/** A larger string gets memory of its own, so that none of them keeps much more than itself. */
const SLAB_STRING_BYTES_MAX = 512;

/**
 * A string leaf of these bytes (a copy) for who hands it on at once: it lies with others in one memory, because an array
 * of its own costs more than all that is done with a short string.
 */
export function packBriefly(bytes: Uint8Array): Uint8Array {
  const length = headLength(bytes.length) + bytes.length;
  if (length > SLAB_STRING_BYTES_MAX) return packString(bytes);
  if (slabUsed + length > slab.length) {
    slab = new Uint8Array(SLAB_BYTES);
    slabUsed = 0;
  }
  const packed = slab.subarray(slabUsed, slabUsed + length);
  slabUsed += length;
  packed.set(bytes, writeHead(packed, 0, STRING, bytes.length));
  return packed;
}

/** Digits as what `old` is: a number stays one, anything else becomes a string. */
export function withDigits(old: Uint8Array | null, digits: Uint8Array): Uint8Array {
  if (old === null || !isNumber(old)) return packString(digits);
  const isFloat = digits.some((byte) => byte === 0x2e || byte === 0x65 || byte === 0x45);
  const packed = new Uint8Array(headLength(digits.length) + digits.length);
  packed.set(digits, writeHead(packed, 0, isFloat ? FLOAT : INT, digits.length));
  return packed;
}

/** Digits of most numbers; a longer one is not read this way. */
const DIGITS_MAX = 15;

/** The whole number that a string or a JSON number spells, without a detour over text; null: look closer. */
export function smallInteger(packed: Uint8Array): number | null {
  if (!isString(packed) && (packed[0] as number) >> 5 !== INT) return null;
  const start = payloadAt(packed, 0);
  const isNegative = packed[start] === 0x2d;
  const first = isNegative ? start + 1 : start;
  const digits = packed.length - first;
  if (digits < 1 || digits > DIGITS_MAX || (packed[first] === 0x30 && packed.length - start > 1)) return null;
  let value = 0;
  for (let at = first; at < packed.length; at++) {
    const digit = (packed[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  return isNegative ? -value : value;
}

/** The digits of a whole number, packed as what `old` is: a number stays one, anything else becomes a string. */
export function withInteger(old: Uint8Array | null, value: number): Uint8Array {
  const written = String(value);
  const kind = old !== null && isNumber(old) ? INT : STRING;
  const packed = new Uint8Array(1 + written.length);
  let at = writeHead(packed, 0, kind, written.length);
  for (let i = 0; i < written.length; i++) packed[at++] = written.charCodeAt(i);
  return packed;
}

/** What GET answers: a string's bytes, a document's JSON. */
export function writeShown(reply: ReplyWriter, packed: Uint8Array): void {
  if (isString(packed)) reply.bulkPart(packed, payloadAt(packed, 0), packed.length);
  else reply.bulk(jsonOf(packed));
}

let json = new ByteWriter(1_024);
const JSON_KEPT_BYTES = 1 << 20;

/** The compact JSON of a value; valid until the next call. */
export function jsonOf(packed: Uint8Array): Uint8Array {
  if (json.buffer.length > JSON_KEPT_BYTES) json = new ByteWriter(1_024);
  json.reset();
  writeValue(json, packed, STYLES.json);
  return json.view();
}
