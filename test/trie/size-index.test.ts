import { describe, expect, test } from 'vitest';
import { Prng } from '../../src/lib/prng.ts';
import { SIZE_MAX, SizeIndex } from '../../src/trie/size-index.ts';

describe('SizeIndex', () => {
  test('finds the smallest size that fits as a plain search of a set does', () => {
    const prng = new Prng(1);
    const index = new SizeIndex();
    const model = new Set<number>();

    for (let step = 0; step < 20_000; step++) {
      const size = prng.chance(0.1) ? prng.pick([0, 31, 32, 1023, 1024, SIZE_MAX]) : prng.below(SIZE_MAX + 1);
      // Few sizes at a time, so that searches cross many empty groups.
      if (model.size > 12 || prng.chance(0.4)) {
        index.remove(size);
        model.delete(size);
        for (const other of [...model].slice(0, model.size - 12)) {
          index.remove(other);
          model.delete(other);
        }
      } else {
        index.add(size);
        model.add(size);
      }
      const wanted = prng.below(SIZE_MAX + 1);
      const fitting = [...model].filter((each) => each >= wanted);

      expect(index.atLeast(wanted)).toBe(fitting.length === 0 ? -1 : Math.min(...fitting));
    }
  });
});
