/**
 * Reading parts of a packed value: a walk by keys and indexes to a slice, and the direct parts of a map or an array.
 * Never unpacks what lies beside the way, and allocates nothing but the answer.
 */
import { assert } from '../lib/assert.ts';
import { ARRAY, ARRAY_STEP, endOf, MAP, payloadAt, uintAt, varintAt, varintSize } from './packed.ts';
import { entriesAt, findField } from './key-trie.ts';

/**
 * The value that `segments` from number `from` on lead to, as a view into `packed`, or null when a segment names
 * nothing there. A segment names a field of a map by its bytes, an element of an array by its decimal index from 0.
 * Costs the bits of the keys on the way.
 */
export function lookup(packed: Uint8Array, segments: readonly Uint8Array[], from: number): Uint8Array | null {
  let at = 0;
  for (let i = from; i < segments.length; i++) {
    const kind = (packed[at] as number) >> 5;
    const payload = payloadAt(packed, at);
    if (kind < MAP || payload === endOf(packed, at)) return null;
    const segment = segments[i] as Uint8Array;
    at = kind === MAP ? findField(packed, payload, segment) : findElement(packed, payload, indexOf(segment));
    if (at < 0) return null;
  }
  return packed.subarray(at, endOf(packed, at));
}

/** The fields of a map, in the order they were written, as views into `packed`. */
export function fieldsOf(packed: Uint8Array): { key: Uint8Array; value: Uint8Array }[] {
  assert((packed[0] as number) >> 5 === MAP, 'only a map has fields');
  const fields = [];
  let at = payloadAt(packed, 0);
  if (at < packed.length) at = entriesAt(packed, at);
  while (at < packed.length) {
    const length = varintAt(packed, at);
    while ((packed[at++] as number) >= 0x80);
    const value = at + length;
    const end = endOf(packed, value);
    fields.push({ key: packed.subarray(at, value), value: packed.subarray(value, end) });
    at = end;
  }
  return fields;
}

/** The elements of an array in order, as views into `packed`. */
export function elementsOf(packed: Uint8Array): Uint8Array[] {
  assert((packed[0] as number) >> 5 === ARRAY, 'only an array has elements');
  const elements = [];
  let at = payloadAt(packed, 0);
  if (at < packed.length) at = elementsAt(packed, at);
  while (at < packed.length) {
    const end = endOf(packed, at);
    elements.push(packed.subarray(at, end));
    at = end;
  }
  return elements;
}

/** Where the elements begin, in the array whose non-empty payload begins at `payload`. */
export function elementsAt(packed: Uint8Array, payload: number): number {
  let at = payload;
  const count = varintAt(packed, at);
  while ((packed[at++] as number) >= 0x80);
  if (count <= ARRAY_STEP) return at;
  return at + 1 + Math.floor((count - 1) / ARRAY_STEP) * (packed[at] as number);
}

/** Where element `index` begins, in the array whose non-empty payload begins at `payload`; -1 when it has no such element. */
export function findElement(packed: Uint8Array, payload: number, index: number): number {
  const count = varintAt(packed, payload);
  if (index < 0 || index >= count) return -1;
  let at = elementsAt(packed, payload);
  const step = Math.floor(index / ARRAY_STEP);
  if (step > 0) {
    const recorded = Math.floor((count - 1) / ARRAY_STEP);
    const width = packed[payload + varintSize(count)] as number;
    at += uintAt(packed, at - (recorded - step + 1) * width, width);
  }
  for (let i = step * ARRAY_STEP; i < index; i++) at = endOf(packed, at);
  return at;
}

/** The index that a path segment spells, or -1: decimal digits without leading zeros. */
function indexOf(segment: Uint8Array): number {
  if (segment.length === 0 || segment.length > 9 || (segment.length > 1 && segment[0] === 0x30)) return -1;
  let index = 0;
  for (const byte of segment) {
    if (byte < 0x30 || byte > 0x39) return -1;
    index = index * 10 + byte - 0x30;
  }
  return index;
}
