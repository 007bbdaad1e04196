/**
 * Which sizes have a free block: one bit a size and one bit for each 32 sizes, so that the smallest size that fits
 * is three bit scans away however many blocks there are. The two-level bitmap is that of TLSF (Masmano et al., 2004),
 * with exact sizes instead of ranges. It never knows where the blocks are.
 */

/** Sizes run from 0 to this, in units; larger free blocks count as this size. */
export const SIZE_MAX = 2047;

export class SizeIndex {
  readonly #bits = new Int32Array((SIZE_MAX + 1) >>> 5);
  readonly #groups = new Int32Array((SIZE_MAX + 1) >>> 10);

  /** Says that there is a block of this size. */
  add(size: number): void {
    const group = size >>> 5;
    this.#bits[group] = (this.#bits[group] as number) | (1 << (size & 31));
    this.#groups[group >>> 5] = (this.#groups[group >>> 5] as number) | (1 << (group & 31));
  }

  /** Says that the last block of this size is gone. */
  remove(size: number): void {
    const group = size >>> 5;
    const rest = (this.#bits[group] as number) & ~(1 << (size & 31));
    this.#bits[group] = rest;
    if (rest === 0) this.#groups[group >>> 5] = (this.#groups[group >>> 5] as number) & ~(1 << (group & 31));
  }

  /** The smallest size present that is at least `size` (0 … SIZE_MAX), or -1. */
  atLeast(size: number): number {
    const group = size >>> 5;
    const near = (this.#bits[group] as number) & (-1 << (size & 31));
    if (near !== 0) return (group << 5) | lowestBit(near);
    for (let next = group + 1; next < this.#bits.length; next = ((next >>> 5) + 1) << 5) {
      const groups = (this.#groups[next >>> 5] as number) & (-1 << (next & 31));
      if (groups === 0) continue;
      const found = ((next >>> 5) << 5) | lowestBit(groups);
      return (found << 5) | lowestBit(this.#bits[found] as number);
    }
    return -1;
  }
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
