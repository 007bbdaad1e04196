/** Seeds as a run of the tests plays them: every promise is checked, and some are played twice. */
import { expect } from 'vitest';
import { PAIRS } from '../../src/sim/fault-pairs.ts';
import { WHOLE_MS_MAX, WRITABLE_MS_MAX } from '../../src/sim/judge.ts';
import { play } from '../../src/sim/play.ts';
import { unmet, WANTED } from '../../src/sim/probes.ts';
import { drawScenario } from '../../src/sim/swarm.ts';

/** Seeds of one file of tests; `coppice simulate` plays as many as one likes. */
export const PLAYED_SEEDS = 1_000;

/** Every so many seeds, one is played twice: it must do exactly the same, event by event. */
const TWICE_EVERY = 2;

/** Situations that may be missed: coppice simulate fails for each one, but here a test must not, for being unlucky. */
const MISSED_MAX = 3;

/** Plays PLAYED_SEEDS seeds from `first` on. Answers how many. */
export function playSeeds(first: number): number {
  let seeds = 0;
  const met = new Map<string, number>();
  let acknowledged = 0;
  let reads = 0;
  for (let seed = first; seed < first + PLAYED_SEEDS; seed++) {
    seeds++;
    const scenario = drawScenario(seed);
    const result = play(scenario);

    expect(result.violations, `coppice simulate --seed ${seed}`).toEqual([]);
    expect(result.writableMs, `seed ${seed}`).toBeLessThanOrEqual(WRITABLE_MS_MAX);
    expect(result.wholeMs, `seed ${seed}`).toBeLessThanOrEqual(WHOLE_MS_MAX);
    if (seed % TWICE_EVERY === 0) expect(play(scenario), `seed ${seed}`).toEqual(result);
    for (const name of result.met.keys()) met.set(name, (met.get(name) ?? 0) + 1);
    acknowledged += result.tally.acknowledged;
    reads += result.tally.reads;
  }
  const missed = [...unmet(WANTED, met), ...unmet(PAIRS, met)];
  expect(missed.length, missed.join(', ')).toBeLessThanOrEqual(MISSED_MAX);
  // A run in which nothing happened proves nothing.
  expect(acknowledged).toBeGreaterThan(PLAYED_SEEDS * 50);
  expect(reads).toBeGreaterThan(PLAYED_SEEDS * 50);
  return seeds;
}
