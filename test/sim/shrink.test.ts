import { expect, test } from 'vitest';
import type { Scenario } from '../../src/sim/scenario.ts';
import { shrink } from '../../src/sim/shrink.ts';
import { scriptOf } from '../../src/sim/statements.ts';
import { drawScenario } from '../../src/sim/swarm.ts';

/** A drawn scenario of many happenings, none of them a calm. */
const SCENARIO = Array.from({ length: 200 }, (_, seed) => drawScenario(seed)).find(
  ({ happenings, budget }) => happenings.length > 40 && budget === 'crashes',
) as Scenario;

test('leaves the happenings that it takes to fail, wherever they are', () => {
  const needed = [3, 17, 31].map((place) => SCENARIO.happenings[place]);
  const fails = ({ happenings }: Scenario): string[] =>
    needed.every((happening) => happening !== undefined && happenings.includes(happening)) ? ['r1 is wrong'] : [];

  const shrunk = shrink(SCENARIO, { playsMax: 500, fails });

  expect(shrunk?.part).toMatchObject({ only: [3, 17, 31], plain: true });
  expect(shrunk?.scenario.workload.clients).toBe(1);
  expect(shrunk?.scenario.durationMs).toBeLessThan(SCENARIO.durationMs);
});

test('does not take another failure for the same', () => {
  const fails = ({ happenings }: Scenario): string[] => [
    happenings.length === SCENARIO.happenings.length ? 'r1 is not linearizable' : 's1 threw',
  ];

  const shrunk = shrink(SCENARIO, { playsMax: 200, fails });

  expect(shrunk?.scenario.happenings.length).toBe(SCENARIO.happenings.length);
});

test('never shrinks a calm away, and answers null for what does not fail', () => {
  const damaged = Array.from({ length: 200 }, (_, seed) => drawScenario(seed)).find(
    ({ budget }) => budget === 'damage',
  ) as Scenario;

  const shrunk = shrink(damaged, { playsMax: 500, fails: () => ['always'] });

  expect(shrunk?.scenario.happenings.every(({ kind }) => kind === 'calm')).toBe(true);
  expect(shrink(damaged, { playsMax: 10, fails: () => [] })).toBeNull();
});

test('is bounded by the scenarios that it may play', () => {
  let plays = 0;
  const fails = (): string[] => [`${++plays} plays`];

  shrink(SCENARIO, { playsMax: 5, fails });

  expect(plays).toBeLessThanOrEqual(5);
});

test('ends when it took long enough', () => {
  let plays = 0;
  const fails = (): string[] => [`${++plays} plays`];

  const shrunk = shrink(SCENARIO, { playsMax: 1_000, isOver: () => plays >= 4, fails });

  expect(plays).toBe(4);
  expect(shrunk).not.toBeNull();
});

test('what is left is printed line by line, and every line is a statement or a comment', () => {
  const lines = scriptOf(SCENARIO);

  expect(lines.slice(0, 2)).toEqual([
    `SEED ${SCENARIO.seed}`,
    `CLUSTER servers ${SCENARIO.config.servers} replicas ${SCENARIO.config.replicas} mode replicated`,
  ]);
  expect(lines.slice(2).every((line) => /^(# )?at \d+(\.\d+)?ms /.test(line))).toBe(true);
});
