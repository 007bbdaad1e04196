/**
 * Randomness of one generated record, a function of (seed, index) alone: any part of a file can be made anywhere, in
 * any order, and comes out the same. SplitMix32 (a Weyl sequence through the finalizer of MurmurHash3), because a
 * generator that must be seeded anew for every record has to cost nothing to seed.
 */

const WEYL = 0x9e37_79b9;

export class RecordRandom {
  #state = 0;

  /** Starts the randomness of record `index` (any safe integer) under a 32-bit seed. */
  begin(seed: number, index: number): void {
    const high = Math.floor(index / 0x1_0000_0000);
    this.#state = mix32(mix32(seed ^ mix32(index | 0)) ^ Math.imul(high + 1, WEYL));
  }

  /** Uniform in 0 … 2^32 − 1. */
  uint32(): number {
    this.#state = (this.#state + WEYL) | 0;
    return mix32(this.#state) >>> 0;
  }

  /** Uniform integer in 0 … limit − 1, limit up to 2^32. */
  below(limit: number): number {
    return Math.floor((this.uint32() / 0x1_0000_0000) * limit);
  }

  /** Uniform integer in low … high, both included and safe integers. */
  between(low: number, high: number): number {
    const span = high - low + 1;
    if (span <= 0x1_0000_0000) return low + this.below(span);
    const fraction = ((this.uint32() >>> 5) * 0x400_0000 + (this.uint32() >>> 6)) / 0x20_0000_0000_0000;
    return low + Math.floor(fraction * span);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.uint32() < probability * 0x1_0000_0000;
  }
}

/** A bijection of 32-bit integers that spreads neighbours apart. */
export function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return h ^ (h >>> 16);
}
