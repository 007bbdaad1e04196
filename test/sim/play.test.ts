import { describe, expect, test } from 'vitest';
import { play } from '../../src/sim/play.ts';
import { WANTED } from '../../src/sim/probes.ts';
import { drawScenario } from '../../src/sim/swarm.ts';
import { FOUND } from './found.ts';
import { PLAYED_SEEDS, playSeeds } from './played-seeds.ts';

/** Situations that a batch of seeds is asked for, at least (reliability.md DST-7). */
const PROBES_MIN = 150;

describe('clusters in virtual time', () => {
  test('keep their promises under every fault, and do the same for the same seed', { timeout: 600_000 }, () => {
    expect(playSeeds(1)).toBe(PLAYED_SEEDS);
  });

  test('are asked for enough situations, each with a name of its own', () => {
    expect(new Set(WANTED).size).toBe(WANTED.length);
    expect(WANTED.length).toBeGreaterThanOrEqual(PROBES_MIN);
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
