/**
 * Leaves: one key with all that is stored under it, in one block, so that a lookup ends in one place of memory and a
 * scan hands out keys without putting them together. The key is whole, not its last part: nodes then hold no key bytes
 * at all (they say where to look, the leaf says whether it is the one), and a leaf can always be found from the root
 * when its block moves.
 *
 *   leaf = header value-length*2+tombstone version-low version-high key value padding     words of 32 bits, then bytes
 *   the header's tag is the key's length
 *
 * Example: key "ab", version 2^32 + 7, value "xyz" is 3 units: 00010003 00000006 00000007 00000001 "abxyz" and 3 bytes.
 */
import type { Version } from '../model/ids.ts';
import { type BlockHeap, PAGE_SHIFT, TAG_SHIFT, UNIT_BYTES, UNIT_MASK } from './block-heap.ts';

const WORD_RANGE = 0x1_0000_0000;
const HEADER_BYTES = 16;

/** Shorter copies are faster byte by byte: a subarray and a set cost more than they save. */
const COPY_LOOP_MAX = 96;

/** Units that a leaf of so many bytes of key and value takes. */
export function leafUnits(keyLength: number, valueLength: number): number {
  return Math.ceil((HEADER_BYTES + keyLength + valueLength) / UNIT_BYTES);
}

/** A new leaf with its key; version and value are still undefined. Its ref. */
export function makeLeaf(heap: BlockHeap, key: Uint8Array, start: number, end: number, valueLength: number): number {
  const ref = heap.allocate(leafUnits(end - start, valueLength), end - start);
  copyBytes(heap.bytes[ref >>> PAGE_SHIFT] as Uint8Array, keyStart(ref), key, start, end);
  return ref;
}

/** Writes everything but the key; the block must have room for the value. */
export function fillLeaf(
  heap: BlockHeap,
  ref: number,
  version: Version,
  tombstone: boolean,
  value: Uint8Array,
  start: number,
  end: number,
): void {
  const words = heap.words[ref >>> PAGE_SHIFT] as Int32Array;
  const at = (ref & UNIT_MASK) << 1;
  words[at + 1] = ((end - start) << 1) | (tombstone ? 1 : 0);
  words[at + 2] = version;
  words[at + 3] = version / WORD_RANGE;
  copyBytes(heap.bytes[ref >>> PAGE_SHIFT] as Uint8Array, keyStart(ref) + keyLength(heap, ref), value, start, end);
}

/** Where the key begins in the bytes of its page. */
export function keyStart(ref: number): number {
  return (ref & UNIT_MASK) * UNIT_BYTES + HEADER_BYTES;
}

export function keyLength(heap: BlockHeap, ref: number): number {
  return ((heap.words[ref >>> PAGE_SHIFT] as Int32Array)[(ref & UNIT_MASK) << 1] as number) >>> TAG_SHIFT;
}

export function valueLength(heap: BlockHeap, ref: number): number {
  return ((heap.words[ref >>> PAGE_SHIFT] as Int32Array)[((ref & UNIT_MASK) << 1) + 1] as number) >>> 1;
}

export function leafIsTombstone(heap: BlockHeap, ref: number): boolean {
  return (((heap.words[ref >>> PAGE_SHIFT] as Int32Array)[((ref & UNIT_MASK) << 1) + 1] as number) & 1) !== 0;
}

export function leafVersion(heap: BlockHeap, ref: number): Version {
  const words = heap.words[ref >>> PAGE_SHIFT] as Int32Array;
  const at = (ref & UNIT_MASK) << 1;
  return (((words[at + 3] as number) >>> 0) * WORD_RANGE + ((words[at + 2] as number) >>> 0)) as Version;
}

/** Index of the first byte where the leaf's key and the given one differ; the length of both when they are equal. */
export function commonLength(heap: BlockHeap, ref: number, key: Uint8Array, start: number, end: number): number {
  const bytes = heap.bytes[ref >>> PAGE_SHIFT] as Uint8Array;
  const base = keyStart(ref);
  const shorter = Math.min(keyLength(heap, ref), end - start);
  let i = 0;
  while (i < shorter && bytes[base + i] === key[start + i]) i++;
  return i;
}

function copyBytes(to: Uint8Array, at: number, from: Uint8Array, start: number, end: number): void {
  if (end - start > COPY_LOOP_MAX) {
    to.set(from.subarray(start, end), at);
    return;
  }
  for (let i = start, j = at; i < end; ) to[j++] = from[i++] as number;
}
