import { describe, expect, test } from 'vitest';
import { runSeed } from '../../src/sim/run.ts';

const SEEDS = 60;

/** Seeds that found a lost or halved write once. */
const FOUND = [109, 156, 222, 484, 637, 1002, 1167, 2254, 2376, 2641];

describe('a cluster in virtual time', () => {
  test(`keeps its promises under crashes, hangs and power loss, seeds 1 to ${SEEDS}`, { timeout: 120_000 }, () => {
    let acknowledged = 0;
    let reads = 0;
    const faults: Record<string, number> = {};
    for (let seed = 1; seed <= SEEDS; seed++) {
      const result = runSeed({ seed, durationMs: 8_000 });

      expect(result.violations, `seed ${seed}`).toEqual([]);
      acknowledged += result.tally.acknowledged;
      reads += result.tally.reads;
      for (const [kind, count] of Object.entries(result.faults)) faults[kind] = (faults[kind] ?? 0) + count;
    }
    // A run in which nothing happened proves nothing.
    expect(acknowledged).toBeGreaterThan(SEEDS * 100);
    expect(reads).toBeGreaterThan(SEEDS * 100);
    expect(Object.keys(faults).sort()).toEqual(['crash', 'hang', 'power', 'powerOf', 'powerWithout', 'stop']);
  });

  test.each(FOUND)('keeps them in a world like the one that broke them once, seed %i', (seed) => {
    expect(runSeed({ seed, durationMs: 8_000 }).violations).toEqual([]);
  });

  test('does exactly the same for the same seed', () => {
    expect(runSeed({ seed: 7, durationMs: 3_000 })).toEqual(runSeed({ seed: 7, durationMs: 3_000 }));
  });
});
