import { describe, expect, test } from 'vitest';
import { PAIRS } from '../../src/sim/fault-pairs.ts';
import { play, WHOLE_MS_MAX, WRITABLE_MS_MAX } from '../../src/sim/play.ts';
import { unmet, WANTED } from '../../src/sim/probes.ts';
import { drawScenario } from '../../src/sim/swarm.ts';
import { FOUND } from './found.ts';

/** Seeds a run of the tests plays; `coppice simulate` plays as many as one likes. */
const SEEDS = 500;

/** Of these, how many are played twice. */
const TWICE = 40;

describe('clusters in virtual time', () => {
  const met = new Map<string, number>();
  const faults = new Set<string>();
  let acknowledged = 0;
  let reads = 0;

  test(`keep their promises under every fault, seeds 1 to ${SEEDS}`, { timeout: 300_000 }, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const result = play(drawScenario(seed));

      expect(result.violations, `coppice simulate --seed ${seed}`).toEqual([]);
      expect(result.writableMs).toBeLessThanOrEqual(WRITABLE_MS_MAX);
      expect(result.wholeMs).toBeLessThanOrEqual(WHOLE_MS_MAX);
      for (const name of result.met.keys()) met.set(name, (met.get(name) ?? 0) + 1);
      for (const kind of Object.keys(result.faults)) faults.add(kind);
      acknowledged += result.tally.acknowledged;
      reads += result.tally.reads;
    }
    // A run in which nothing happened proves nothing.
    expect(acknowledged).toBeGreaterThan(SEEDS * 100);
    expect(reads).toBeGreaterThan(SEEDS * 100);
    expect(faults.size).toBeGreaterThanOrEqual(30);
    expect(unmet(WANTED, met).length, unmet(WANTED, met).join(', ')).toBeLessThan(WANTED.length / 10);
    // Every kind of fault in every state and role of a server that it can find: nearly all of them in so many seeds too.
    expect(unmet(PAIRS, met).length, unmet(PAIRS, met).join(', ')).toBeLessThan(PAIRS.length / 20);
  });

  test('do exactly the same for the same seed, event by event', { timeout: 300_000 }, () => {
    for (let seed = 1_001; seed <= 1_000 + TWICE; seed++) {
      const first = play(drawScenario(seed));
      const second = play(drawScenario(seed));

      expect(second, `seed ${seed}`).toEqual(first);
    }
  });

  test('write the same trace whether it is read or not', () => {
    const lines: string[] = [];

    const read = play(drawScenario(7), (line) => lines.push(line));

    expect(lines.length).toBe(read.events);
    expect(play(drawScenario(7)).hash).toBe(read.hash);
  });

  test.each(FOUND)('keep them where they once did not: $what', ({ scenario }) => {
    expect(play(scenario).violations).toEqual([]);
  });
});
