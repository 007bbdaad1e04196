/**
 * The packed form of a value: the one encoding of a document, from the edge where it is parsed to the ring, the WAL,
 * the trie's leaf and the checkpoint. Never unpacks more than it is asked for, never changes a digit or an order.
 *
 *   value   = head payload
 *   head    = one byte: kind in the upper three bits, low in the lower five; then what low asks for
 *             low 0 … 27: the payload's length · 28: u8 length follows · 29: u16 · 30: u32 (little-endian)
 *             · 31: u32, and the value is marked (marked.ts)
 *   kind    = 0 simple (low: 0 null, 1 false, 2 true; no payload) · 1 int · 2 float · 3 string · 4 map · 5 array
 *   int, float = the number as it was written, ASCII            string = UTF-8
 *   map     = empty, or: varint count, key trie (key-trie.ts; none for one field), entries in the order of fields
 *   entry   = varint key length, key, value
 *   array   = empty, or: varint count, if count > 16: width byte w and ⌊(count − 1) / 16⌋ offsets of w bytes (where
 *             element 16, 32, … begins, counted from element 0), elements
 *
 * Example: `[ "age" -> 22 ]` is  88  01 03 61 67 65  22 32 32  — a map of 8 bytes; one field; key "age"; an int of
 * two digits.
 */
import { assert } from '../lib/assert.ts';
import { text } from '../lib/bytes.ts';

export type Kind = 'null' | 'bool' | 'int' | 'float' | 'string' | 'map' | 'array';

export const SIMPLE = 0;
export const INT = 1;
export const FLOAT = 2;
export const STRING = 3;
export const MAP = 4;
export const ARRAY = 5;

const LOW_U8 = 28;
const LOW_U16 = 29;
const LOW_U32 = 30;

/** Elements of an array between two recorded offsets. */
export const ARRAY_STEP = 16;

const CONTAINERS_AND_NUMBERS: readonly Kind[] = ['null', 'int', 'float', 'string', 'map', 'array'];

/** null, false and true; the empty set and the empty array. Shared: never written to. */
export const PACKED_NULL = Uint8Array.of(0);
export const PACKED_FALSE = Uint8Array.of(1);
export const PACKED_TRUE = Uint8Array.of(2);
export const EMPTY_MAP = Uint8Array.of(MAP << 5);
export const EMPTY_ARRAY = Uint8Array.of(ARRAY << 5);

/** Kind of a packed value. O(1). */
export function kindOf(packed: Uint8Array): Kind {
  const first = packed[0] as number;
  if (first === 1 || first === 2) return 'bool';
  const kind = CONTAINERS_AND_NUMBERS[first >> 5];
  assert(kind !== undefined, 'a packed value begins with a known kind');
  return kind;
}

/** Whether the value has no parts: everything but a map and an array. */
export function isLeaf(packed: Uint8Array): boolean {
  return (packed[0] as number) >> 5 < MAP;
}

/** A number as it was written: `2.0`, `-0`, `9007199254740993`. */
export function numberText(packed: Uint8Array): string {
  const kind = (packed[0] as number) >> 5;
  assert(kind === INT || kind === FLOAT, 'only an int or a float has digits');
  return text(packed, payloadAt(packed, 0), packed.length);
}

/** UTF-8 of a string leaf, a view into `packed`. */
export function stringBytes(packed: Uint8Array): Uint8Array {
  assert((packed[0] as number) >> 5 === STRING, 'only a string has text');
  return packed.subarray(payloadAt(packed, 0));
}

/** Fields of a map or elements of an array; 0 for anything else. O(1). */
export function countIn(packed: Uint8Array): number {
  return isLeaf(packed) || packed.length === 1 ? 0 : varintAt(packed, payloadAt(packed, 0));
}

/** A string leaf of these bytes (a copy), whatever they hold. */
export function packString(bytes: Uint8Array): Uint8Array {
  const packed = new Uint8Array(headLength(bytes.length) + bytes.length);
  packed.set(bytes, writeHead(packed, 0, STRING, bytes.length));
  return packed;
}

/** Bytes of the head of a payload of `length` bytes. */
export function headLength(length: number): number {
  if (length < LOW_U8) return 1;
  return length < 0x100 ? 2 : length < 0x1_0000 ? 3 : 5;
}

/** Writes a head at `at`; returns where the payload goes. */
export function writeHead(into: Uint8Array, at: number, kind: number, length: number): number {
  if (length < LOW_U8) {
    into[at] = (kind << 5) | length;
    return at + 1;
  }
  into[at + 1] = length;
  if (length < 0x100) {
    into[at] = (kind << 5) | LOW_U8;
    return at + 2;
  }
  into[at + 2] = length >>> 8;
  if (length < 0x1_0000) {
    into[at] = (kind << 5) | LOW_U16;
    return at + 3;
  }
  into[at] = (kind << 5) | LOW_U32;
  into[at + 3] = length >>> 16;
  into[at + 4] = length >>> 24;
  return at + 5;
}

/** Where the payload of the value at `at` begins. */
export function payloadAt(packed: Uint8Array, at: number): number {
  const first = packed[at] as number;
  const low = first & 31;
  if (low < LOW_U8) return at + 1;
  return low === LOW_U8 ? at + 2 : low === LOW_U16 ? at + 3 : at + 5;
}

/** Where the value at `at` ends. */
export function endOf(packed: Uint8Array, at: number): number {
  const first = packed[at] as number;
  if (first >> 5 === SIMPLE) return at + 1;
  const low = first & 31;
  if (low < LOW_U8) return at + 1 + low;
  if (low === LOW_U8) return at + 2 + (packed[at + 1] as number);
  if (low === LOW_U16) return at + 3 + uintAt(packed, at + 1, 2);
  return at + 5 + uintAt(packed, at + 1, 4);
}

/** The little-endian number of `width` (1 … 4) bytes at `at`. */
export function uintAt(packed: Uint8Array, at: number, width: number): number {
  let value = packed[at] as number;
  if (width === 1) return value;
  value |= (packed[at + 1] as number) << 8;
  if (width === 2) return value;
  value |= (packed[at + 2] as number) << 16;
  return width === 3 ? value : (value | ((packed[at + 3] as number) << 24)) >>> 0;
}

/** Bytes that numbers up to `largest` need: 1 … 4. */
export function widthOf(largest: number): number {
  if (largest < 0x100) return 1;
  return largest < 0x1_0000 ? 2 : largest < 0x100_0000 ? 3 : 4;
}

/** The varint at `at`; counts and key lengths are below 2^28. */
export function varintAt(packed: Uint8Array, at: number): number {
  const first = packed[at] as number;
  if (first < 0x80) return first;
  let value = first & 0x7f;
  let shift = 7;
  for (let i = at + 1; ; i++) {
    const byte = packed[i] as number;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
    shift += 7;
  }
}

/** Bytes of the varint of a number below 2^28. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  return value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4;
}

/** Writes a number below 2^31 as a varint at `at`; returns the position after it. */
export function writeVarint(into: Uint8Array, at: number, value: number): number {
  let to = at;
  let rest = value;
  while (rest >= 0x80) {
    into[to++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  into[to++] = rest;
  return to;
}

/** Bytes up to this many are copied one by one: a view of them costs more than that. */
const COPIED_BY_BYTE = 48;

/** Copies `length` bytes; returns the position after them. */
export function copyBytes(into: Uint8Array, at: number, from: Uint8Array, start: number, length: number): number {
  if (length > COPIED_BY_BYTE) into.set(from.subarray(start, start + length), at);
  else for (let i = 0; i < length; i++) into[at + i] = from[start + i] as number;
  return at + length;
}
