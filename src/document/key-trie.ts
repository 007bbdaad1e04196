/**
 * The key trie of one packed set: a crit-bit (PATRICIA) trie over its field keys, so that a key is found in one walk
 * however many fields there are. Keys themselves stay in the entries; the walk ends with one comparison.
 * After D. J. Bernstein's crit-bit trees: nodes test one bit; bits come nine a byte, the first of which says that the
 * byte is there, so a key and its own prefix differ too.
 *
 *   trie    = widths node^(n−1) offset^n       for n ≥ 2 fields; nothing for one
 *   widths  = one byte: c − 1 | (l − 1) << 2 | (o − 1) << 4
 *   node    = crit (c bytes: 9 × byte index + bit) left (l bytes: leaves of the 0 side)       in preorder
 *   offset  = o bytes: where the entry of the i-th leaf (= i-th key in byte order) begins, from the first entry
 *
 * Of a node at place p with `left` leaves on its 0 side, the 0 side's nodes begin at p + 1 and the 1 side's at
 * p + left. Example: keys "b", "a" (entries of 4 bytes): widths 00, node 07 01 (bit 7 of byte 0), offsets 04 00.
 */
import type { ByteWriter } from '../lib/bytes.ts';
import type { KeyOrder } from './key-order.ts';
import { copyBytes, uintAt, varintAt, varintSize, widthOf } from './packed.ts';

/** Writes the trie of the sorted, distinct keys; `offsets[k]` is where the entry of key number k begins. */
export class KeyTrieWriter {
  #crits = new Int32Array(64);
  /** Ranges of leaves that wait for their nodes: low, high, low, high … */
  #pending = new Int32Array(128);

  write(writer: ByteWriter, keys: KeyOrder, offsets: Int32Array): void {
    const count = keys.count;
    if (count < 2) return;
    if (this.#crits.length < count) {
      this.#crits = new Int32Array(count * 2);
      this.#pending = new Int32Array(count * 4);
    }
    const critWidth = widthOf(this.#findCrits(keys));
    const leftWidth = widthOf(count);
    const offsetWidth = widthOf(offsets[count - 1] as number);
    writer.ensure(1 + (count - 1) * (critWidth + leftWidth) + count * offsetWidth);
    const into = writer.buffer;
    into[writer.length] = (critWidth - 1) | ((leftWidth - 1) << 2) | ((offsetWidth - 1) << 4);
    let at = this.#writeNodes(into, writer.length + 1, count, critWidth, leftWidth);
    const sorted = keys.sorted;
    for (let i = 0; i < count; i++) {
      at = putUint(into, at, offsets[sorted[i] as number] as number, offsetWidth);
    }
    writer.length = at;
  }

  /** Gives back what one very large set made it take. */
  release(): void {
    if (this.#crits.length <= 1 << 16) return;
    this.#crits = new Int32Array(64);
    this.#pending = new Int32Array(128);
  }

  /** Sets `#crits[i]` to the first bit in which leaf i and leaf i + 1 differ; returns the largest. */
  #findCrits(keys: KeyOrder): number {
    const { sorted, lengths } = keys;
    const crits = this.#crits;
    let largest = 0;
    for (let i = 0; i + 1 < keys.count; i++) {
      const a = sorted[i] as number;
      const b = sorted[i + 1] as number;
      const index = keys.firstDifference(a, b);
      let crit = index * 9;
      if (index < (lengths[a] as number)) crit += Math.clz32(keys.byteAt(a, index) ^ keys.byteAt(b, index)) - 23;
      crits[i] = crit;
      if (crit > largest) largest = crit;
    }
    return largest;
  }

  /**
   * The root of a range of leaves is its smallest crit. Finding it by a scan costs, over the whole trie, the sum of
   * the leaves' depths: at most nine a byte of key.
   */
  #writeNodes(into: Uint8Array, start: number, count: number, critWidth: number, leftWidth: number): number {
    const crits = this.#crits;
    const pending = this.#pending;
    let at = start;
    let waiting = 0;
    let low = 0;
    let high = count - 1;
    for (;;) {
      if (low < high) {
        let split = low;
        let crit = crits[low] as number;
        for (let i = low + 1; i < high; i++) {
          const other = crits[i] as number;
          if (other < crit) {
            crit = other;
            split = i;
          }
        }
        at = putUint(into, at, crit, critWidth);
        at = putUint(into, at, split - low + 1, leftWidth);
        pending[waiting++] = split + 1;
        pending[waiting++] = high;
        high = split;
      } else if (waiting > 0) {
        high = pending[--waiting] as number;
        low = pending[--waiting] as number;
      } else {
        return at;
      }
    }
  }
}

/** Where the value of field `key` begins, in the map whose non-empty payload begins at `payload`; -1 when it has no such field. */
export function findField(packed: Uint8Array, payload: number, key: Uint8Array): number {
  let at = payload;
  const count = varintAt(packed, at);
  while ((packed[at++] as number) >= 0x80);
  if (count > 1) at = entryOf(packed, at, count, key);
  const length = varintAt(packed, at);
  if (length !== key.length) return -1;
  while ((packed[at++] as number) >= 0x80);
  for (let i = 0; i < length; i++) if (packed[at + i] !== key[i]) return -1;
  return at + length;
}

/** Where the entries begin, in the map whose non-empty payload begins at `payload`. */
export function entriesAt(packed: Uint8Array, payload: number): number {
  let at = payload;
  const count = varintAt(packed, at);
  while ((packed[at++] as number) >= 0x80);
  if (count === 1) return at;
  const widths = packed[at] as number;
  const nodeWidth = (widths & 3) + ((widths >> 2) & 3) + 2;
  return at + 1 + (count - 1) * nodeWidth + count * ((widths >> 4) + 1);
}

/**
 * Copies count and trie of the map whose non-empty payload begins at `payload`; an entry that began at `offset` begins
 * at `move(offset)` now, in the same order. Returns where the entries go, or -1 when offsets need another width.
 */
export function copyTrie(
  into: Uint8Array,
  start: number,
  packed: Uint8Array,
  payload: number,
  move: (offset: number) => number,
): number {
  const count = varintAt(packed, payload);
  const trie = payload + varintSize(count);
  if (count === 1) return copyBytes(into, start, packed, payload, trie - payload);
  const widths = packed[trie] as number;
  const nodeWidth = (widths & 3) + ((widths >> 2) & 3) + 2;
  const offsetWidth = (widths >> 4) + 1;
  const offsets = trie + 1 + (count - 1) * nodeWidth;
  let to = copyBytes(into, start, packed, payload, offsets - payload);
  let last = 0;
  for (let i = 0; i < count; i++) {
    const offset = move(uintAt(packed, offsets + i * offsetWidth, offsetWidth));
    if (offset > last) last = offset;
    to = putUint(into, to, offset, offsetWidth);
  }
  return widthOf(last) === offsetWidth ? to : -1;
}

/** The one entry that can hold `key`: the walk looks only at the bits in which keys of this set differ. */
function entryOf(packed: Uint8Array, trie: number, count: number, key: Uint8Array): number {
  const widths = packed[trie] as number;
  const critWidth = (widths & 3) + 1;
  const leftWidth = ((widths >> 2) & 3) + 1;
  const offsetWidth = (widths >> 4) + 1;
  const nodeWidth = critWidth + leftWidth;
  const offsets = trie + 1 + (count - 1) * nodeWidth;
  let node = trie + 1;
  let leaf = 0;
  let leaves = count;
  while (leaves > 1) {
    const crit = uintAt(packed, node, critWidth);
    const left = uintAt(packed, node + critWidth, leftWidth);
    const index = Math.trunc(crit / 9);
    const bit = crit - index * 9;
    const one = index < key.length && (bit === 0 || (((key[index] as number) >> (8 - bit)) & 1) === 1);
    if (one) {
      leaf += left;
      leaves -= left;
      node += left * nodeWidth;
    } else {
      leaves = left;
      node += nodeWidth;
    }
  }
  return offsets + count * offsetWidth + uintAt(packed, offsets + leaf * offsetWidth, offsetWidth);
}

function putUint(into: Uint8Array, at: number, value: number, width: number): number {
  into[at] = value;
  if (width > 1) into[at + 1] = value >>> 8;
  if (width > 2) into[at + 2] = value >>> 16;
  if (width > 3) into[at + 3] = value >>> 24;
  return at + width;
}
