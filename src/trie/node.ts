/**
 * Inner nodes: a branch of the trie at one byte position. A node says only *where* the keys below it differ for the
 * first time and how; the bytes that they share are in their leaves (path compression as in PATRICIA, Morrison 1968,
 * with a fan-out of 257 and one block that grows with its children, as in the adaptive radix tree, Leis 2013). A node
 * has two children at least, in the order of their bytes; the key that ends at the position comes before all.
 *
 *   node = header depth+count children bytes      children: a word each; bytes: the byte each child is under
 *   the header's tag: the first child is a terminal (1 bit, low) | room for children (9)
 *   depth+count: position of the byte (17 bits, low) | children in use (9)
 *   child = ref of a node, or ~ref of a leaf (so the sign tells)
 *
 * Example: keys "car", "car1" and "cart" are one node of depth 3 with room for 3 and children terminal, '1', 't':
 * 24 bytes, 00038003|… 00060003 ~car ~car1 ~cart 00 31 74.
 *
 * Functions that change the number of children may move the node: they return its ref, and the caller redirects.
 */
import { type BlockHeap, PAGE_SHIFT, TAG_SHIFT, UNIT_BYTES, UNIT_MASK } from './block-heap.ts';

/** Stands for "the key ends here" where a byte is asked for. */
export const TERMINAL = -1;

const DEPTH_BITS = 17;
const DEPTH_MASK = (1 << DEPTH_BITS) - 1;
const CAPACITY_SHIFT = TAG_SHIFT + 1;
const HEADER_BYTES = 8;
const HEADER_WORDS = 2;
const CHILD_BYTES = 5;
const CHILDREN_MAX = 257;

/** Up to here looking at each byte is faster than halving, whose branches nobody can predict. */
const LINEAR_SEARCH_MAX = 16;

/** A node of two children; its ref. The first symbol comes before the second, and only it may be TERMINAL. */
export function makeNode(
  heap: BlockHeap,
  depth: number,
  firstSymbol: number,
  firstChild: number,
  secondSymbol: number,
  secondChild: number,
): number {
  const ref = allocateNode(heap, 2, firstSymbol === TERMINAL);
  const words = heap.words[ref >>> PAGE_SHIFT] as Int32Array;
  const at = (ref & UNIT_MASK) << 1;
  words[at + 1] = depth | (2 << DEPTH_BITS);
  words[at + 2] = firstChild;
  words[at + 3] = secondChild;
  const bytes = heap.bytes[ref >>> PAGE_SHIFT] as Uint8Array;
  const base = byteBase(words, at);
  bytes[base] = firstSymbol;
  bytes[base + 1] = secondSymbol;
  return ref;
}

/** Position of the byte that tells the children apart. */
export function depthOf(heap: BlockHeap, ref: number): number {
  return ((heap.words[ref >>> PAGE_SHIFT] as Int32Array)[((ref & UNIT_MASK) << 1) + 1] as number) & DEPTH_MASK;
}

/** Children, 2 … 257; 1 only between removeChild and the node's own removal. */
export function childCount(heap: BlockHeap, ref: number): number {
  return ((heap.words[ref >>> PAGE_SHIFT] as Int32Array)[((ref & UNIT_MASK) << 1) + 1] as number) >>> DEPTH_BITS;
}

export function childAt(heap: BlockHeap, ref: number, slot: number): number {
  return (heap.words[ref >>> PAGE_SHIFT] as Int32Array)[((ref & UNIT_MASK) << 1) + HEADER_WORDS + slot] as number;
}

export function setChild(heap: BlockHeap, ref: number, slot: number, child: number): void {
  (heap.words[ref >>> PAGE_SHIFT] as Int32Array)[((ref & UNIT_MASK) << 1) + HEADER_WORDS + slot] = child;
}

/** Slot of the child that the key continues in, or -1. The key may end at or before the node's depth. */
export function slotOf(heap: BlockHeap, ref: number, key: Uint8Array, start: number, end: number): number {
  const words = heap.words[ref >>> PAGE_SHIFT] as Int32Array;
  const at = (ref & UNIT_MASK) << 1;
  const info = words[at + 1] as number;
  const terminals = ((words[at] as number) >>> TAG_SHIFT) & 1;
  const position = start + (info & DEPTH_MASK);
  if (position >= end) return position === end && terminals === 1 ? 0 : -1;
  const byte = key[position] as number;
  const bytes = heap.bytes[ref >>> PAGE_SHIFT] as Uint8Array;
  const base = byteBase(words, at);
  const count = info >>> DEPTH_BITS;
  if (count <= LINEAR_SEARCH_MAX) {
    for (let slot = terminals; slot < count; slot++) if (bytes[base + slot] === byte) return slot;
    return -1;
  }
  const slot = lowerSlot(bytes, base, terminals, count, byte);
  return slot < count && bytes[base + slot] === byte ? slot : -1;
}

/** The first slot whose symbol is not before `symbol`; the count when all are before it. */
export function slotFrom(heap: BlockHeap, ref: number, symbol: number): number {
  const words = heap.words[ref >>> PAGE_SHIFT] as Int32Array;
  const at = (ref & UNIT_MASK) << 1;
  if (symbol === TERMINAL) return 0;
  const terminals = ((words[at] as number) >>> TAG_SHIFT) & 1;
  const bytes = heap.bytes[ref >>> PAGE_SHIFT] as Uint8Array;
  return lowerSlot(bytes, byteBase(words, at), terminals, (words[at + 1] as number) >>> DEPTH_BITS, symbol);
}

/** Adds a child under a symbol that the node does not have; the node's ref, which may be new. */
export function addChild(heap: BlockHeap, ref: number, symbol: number, child: number): number {
  const count = childCount(heap, ref);
  const slot = slotFrom(heap, ref, symbol);
  // An eighth of room to spare: fewer moves than one child at a time, less waste than doubling.
  const target = count < roomOf(heap, ref) ? ref : resize(heap, ref, count + 1 + (count >>> 3));
  const words = heap.words[target >>> PAGE_SHIFT] as Int32Array;
  const bytes = heap.bytes[target >>> PAGE_SHIFT] as Uint8Array;
  const at = (target & UNIT_MASK) << 1;
  const base = byteBase(words, at);
  for (let i = count; i > slot; i--) {
    words[at + HEADER_WORDS + i] = words[at + HEADER_WORDS + i - 1] as number;
    bytes[base + i] = bytes[base + i - 1] as number;
  }
  words[at + HEADER_WORDS + slot] = child;
  bytes[base + slot] = symbol;
  words[at + 1] = (words[at + 1] as number) + (1 << DEPTH_BITS);
  if (symbol === TERMINAL) words[at] = (words[at] as number) | (1 << TAG_SHIFT);
  return target;
}

/** Takes a child out; the node's ref, which may be new. A node that is left with one child is the caller's to remove. */
export function removeChild(heap: BlockHeap, ref: number, slot: number): number {
  const words = heap.words[ref >>> PAGE_SHIFT] as Int32Array;
  const bytes = heap.bytes[ref >>> PAGE_SHIFT] as Uint8Array;
  const at = (ref & UNIT_MASK) << 1;
  const base = byteBase(words, at);
  const left = childCount(heap, ref) - 1;
  if (slot === 0) words[at] = (words[at] as number) & ~(1 << TAG_SHIFT);
  for (let i = slot; i < left; i++) {
    words[at + HEADER_WORDS + i] = words[at + HEADER_WORDS + i + 1] as number;
    bytes[base + i] = bytes[base + i + 1] as number;
  }
  words[at + 1] = (words[at + 1] as number) - (1 << DEPTH_BITS);
  // Half, while growth is by an eighth: a key that comes and goes must not move its node each time.
  return left > 2 && left * 2 <= roomOf(heap, ref) ? resize(heap, ref, left) : ref;
}

/** The same node with room for `room` children; frees the old block. */
function resize(heap: BlockHeap, ref: number, room: number): number {
  const old = heap.words[ref >>> PAGE_SHIFT] as Int32Array;
  const from = (ref & UNIT_MASK) << 1;
  const target = allocateNode(heap, Math.min(room, CHILDREN_MAX), (((old[from] as number) >>> TAG_SHIFT) & 1) === 1);
  const words = heap.words[target >>> PAGE_SHIFT] as Int32Array;
  const bytes = heap.bytes[target >>> PAGE_SHIFT] as Uint8Array;
  const oldBytes = heap.bytes[ref >>> PAGE_SHIFT] as Uint8Array;
  const at = (target & UNIT_MASK) << 1;
  const count = childCount(heap, ref);
  const base = byteBase(words, at);
  const oldBase = byteBase(old, from);
  words[at + 1] = old[from + 1] as number;
  for (let i = 0; i < count; i++) {
    words[at + HEADER_WORDS + i] = old[from + HEADER_WORDS + i] as number;
    bytes[base + i] = oldBytes[oldBase + i] as number;
  }
  heap.free(ref);
  return target;
}

/** A block with room for `room` children and as many more as its last unit allows. */
function allocateNode(heap: BlockHeap, room: number, terminal: boolean): number {
  const units = Math.ceil((HEADER_BYTES + room * CHILD_BYTES) / UNIT_BYTES);
  const fit = Math.floor((units * UNIT_BYTES - HEADER_BYTES) / CHILD_BYTES);
  return heap.allocate(units, (Math.min(fit, CHILDREN_MAX) << 1) | (terminal ? 1 : 0));
}

function roomOf(heap: BlockHeap, ref: number): number {
  return ((heap.words[ref >>> PAGE_SHIFT] as Int32Array)[(ref & UNIT_MASK) << 1] as number) >>> CAPACITY_SHIFT;
}

/** Where the node's bytes begin in its page: behind the room for its children. */
function byteBase(words: Int32Array, at: number): number {
  return (at + HEADER_WORDS + ((words[at] as number) >>> CAPACITY_SHIFT)) << 2;
}

function lowerSlot(bytes: Uint8Array, base: number, from: number, to: number, byte: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((bytes[base + middle] as number) < byte) low = middle + 1;
    else high = middle;
  }
  return low;
}
