/**
 * The one source of randomness: xoroshiro128+ from one seed, so that a run can be repeated. Deciding code gets
 * an instance from its host and never draws from anything else.
 */
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export class Prng {
  readonly seed: number;
  readonly #generator: RandomGenerator;

  /** `seed`: any 32-bit integer. */
  constructor(seed: number) {
    this.seed = seed | 0;
    this.#generator = xoroshiro128plus(spread(this.seed));
  }

  /** Uniform in 0 … 2^32 − 1. */
  uint32(): number {
    return this.#generator.next() >>> 0;
  }

  /** Uniform integer in 0 … limit − 1; `limit` from 1 to 2^32. */
  below(limit: number): number {
    return Math.floor((this.uint32() / 0x1_0000_0000) * limit);
  }

  /** Uniform integer in low … high, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** Uniform in [0, 1) with 53 bits. */
  float(): number {
    return ((this.uint32() >>> 5) * 0x400_0000 + (this.uint32() >>> 6)) / 0x20_0000_0000_0000;
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.float() < probability;
  }

  /** One element of a non-empty list. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** A shuffled copy. */
  shuffle<T>(list: readonly T[]): T[] {
    const copy = [...list];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const swapped = copy[i] as T;
      copy[i] = copy[j] as T;
      copy[j] = swapped;
    }
    return copy;
  }

  /** An independent generator for a part of the world, named by a number. */
  fork(name: number): Prng {
    return new Prng(this.uint32() ^ Math.imul(name + 1, 0x9e37_79b1));
  }
}

/** Seeds that people choose are small and alike; their generators must not be (MurmurHash3's finalizer). */
function spread(seed: number): number {
  let hash = Math.imul(seed ^ (seed >>> 16) ^ 0x9e37_79b9, 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}
