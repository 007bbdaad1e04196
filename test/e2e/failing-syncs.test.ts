import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { failingSyncs, failingSyncsFailed, failingSyncsSummary, tracingProblem } from './failing-syncs.ts';
import { temporaryDirectory } from './program.ts';

const problem = tracingProblem();
const skipped = problem === null ? '' : ` (skipped: ${problem})`;

test.skipIf(problem !== null).each([
  { servers: 3, rounds: 4, isNoticed: false },
  { servers: 1, rounds: 2, isNoticed: true },
] as const)(
  `a sync that fails on one of $servers is never tried again, costs nothing acknowledged, and is soon over${skipped}`,
  { timeout: 120_000 },
  async ({ servers, rounds, isNoticed }) => {
    const lines: string[] = [];
    const seed = randomInt(0x1_0000_0000);

    const report = await failingSyncs({
      ...{ rounds, seed, servers, directory: temporaryDirectory() },
      onLine: (line) => lines.push(line),
    });

    const story = `seed ${seed}: ${failingSyncsSummary(report)}\n${lines.join('\n')}`;
    expect(failingSyncsFailed(report), story).toBe(false);
    expect(report.acknowledged, story).toBeGreaterThan(20);
    if (isNoticed) expect(report.refused, story).toBeGreaterThan(0);
    for (const ms of report.upMs) expect(ms, story).toBeLessThan(10_000);
  },
);
