import { randomInt } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { diskFull, diskFullSummary, mountSmall, unmountSmall } from './disk-full.ts';
import { temporaryDirectory } from './program.ts';

const directory = temporaryDirectory();
const problem = process.platform === 'linux' ? mountSmall(directory) : `there is no tmpfs on ${process.platform}`;

afterAll(() => {
  if (problem === null) unmountSmall(directory);
});

test.skipIf(problem !== null)(
  `a host on a full disk answers reads, refuses writes at once, takes deletes, and writes again by itself${
    problem === null ? '' : ` (skipped: ${problem})`
  }`,
  { timeout: 120_000 },
  async () => {
    const lines: string[] = [];
    const seed = randomInt(0x1_0000_0000);

    const report = await diskFull({ rounds: 3, seed, directory, onLine: (line) => lines.push(line) });

    const told = `seed ${seed}: ${diskFullSummary(report)}\n${lines.join('\n')}`;
    const { lost, otherwise, deletesRefused } = report;
    expect({ lost, otherwise }, told).toEqual({ lost: 0, otherwise: 0 });
    expect(deletesRefused, told).toBeLessThan(report.deleted / 4);
    expect(report.refused, told).toBeGreaterThan(30);
    expect(report.deleted, told).toBeGreaterThan(30);
    expect(report.returnMs, told).toBeLessThan(2_000);
  },
);
