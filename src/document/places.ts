/**
 * Places: where the values inside a packed value begin. A place is a number, so that what a path leads to costs no object
 * per value. Reads only, and never with recursion: nesting is the client's choice.
 */
import { entriesAt, findField } from './key-trie.ts';
import { elementsAt, findElement } from './lookup.ts';
import { ARRAY, endOf, MAP, payloadAt, varintAt } from './packed.ts';

/** The outermost value's place. */
export const ROOT_PLACE = 0;

/** The value at a place, a view. */
export function valueAt(packed: Uint8Array, at: number): Uint8Array {
  return packed.subarray(at, endOf(packed, at));
}

/** Whether the value at a place is a map; an array. */
export function isMapAt(packed: Uint8Array, at: number): boolean {
  return (packed[at] as number) >> 5 === MAP;
}

export function isArrayAt(packed: Uint8Array, at: number): boolean {
  return (packed[at] as number) >> 5 === ARRAY;
}

/** Fields or elements of the value at a place; 0 for a leaf. O(1). */
export function countAt(packed: Uint8Array, at: number): number {
  const payload = payloadAt(packed, at);
  return (packed[at] as number) >> 5 < MAP || payload === endOf(packed, at) ? 0 : varintAt(packed, payload);
}

/** Where the value of field `key` of the map at a place begins; -1 when there is none. */
export function fieldAt(packed: Uint8Array, at: number, key: Uint8Array): number {
  const payload = payloadAt(packed, at);
  return payload === endOf(packed, at) ? -1 : findField(packed, payload, key);
}

/** Where element `index` of the array at a place begins; -1 when there is none. */
export function elementAt(packed: Uint8Array, at: number, index: number): number {
  const payload = payloadAt(packed, at);
  return payload === endOf(packed, at) ? -1 : findElement(packed, payload, index);
}

/** Where the parts of the value at a place begin, in their order; none of a leaf. */
export function partsAt(packed: Uint8Array, at: number): number[] {
  const parts: number[] = [];
  if ((packed[at] as number) >> 5 < MAP) return parts;
  const isMap = isMapAt(packed, at);
  const end = endOf(packed, at);
  for (let next = firstPartAt(packed, at); next < end; ) {
    const place = isMap ? behindKey(packed, next) : next;
    parts.push(place);
    next = endOf(packed, place);
  }
  return parts;
}

/** Where the entries of a map or the elements of an array begin, or its end when it has none. */
export function firstPartAt(packed: Uint8Array, at: number): number {
  const payload = payloadAt(packed, at);
  if (payload === endOf(packed, at)) return payload;
  return isMapAt(packed, at) ? entriesAt(packed, payload) : elementsAt(packed, payload);
}

/** Where the value of the entry at `entry` begins. */
export function behindKey(packed: Uint8Array, entry: number): number {
  const length = varintAt(packed, entry);
  let at = entry;
  while ((packed[at++] as number) >= 0x80);
  return at + length;
}

/** What is told of each value on a walk: its place, where its entry begins in a map (else -1), how many are around it. */
export type Visit = (at: number, entry: number, depth: number) => void;

/** Visits the value at a place and all inside it, each before its parts, in their order. */
export function walk(packed: Uint8Array, start: number, visit: Visit): void {
  const ends: number[] = [];
  const areMaps: boolean[] = [];
  const whole = endOf(packed, start);
  let isInMap = false;
  for (let at = start; at < whole; ) {
    const entry = isInMap ? at : -1;
    if (isInMap) at = behindKey(packed, at);
    visit(at, entry, ends.length);
    const end = endOf(packed, at);
    if ((packed[at] as number) >> 5 >= MAP && payloadAt(packed, at) < end) {
      ends.push(end);
      areMaps.push(isMapAt(packed, at));
      at = firstPartAt(packed, at);
    } else at = end;
    while (ends.length > 0 && ends[ends.length - 1] === at) {
      ends.pop();
      areMaps.pop();
    }
    isInMap = areMaps[areMaps.length - 1] === true;
  }
}

/** Maps and arrays inside one another, the value itself counted; 0 for a leaf. */
export function depthOf(packed: Uint8Array): number {
  let deepest = 0;
  walk(packed, ROOT_PLACE, (at, _entry, depth) => {
    if (depth >= deepest && (packed[at] as number) >> 5 >= MAP) deepest = depth + 1;
  });
  return deepest;
}
