import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { powerLoop, powerLoopSummary } from './power-loop.ts';
import { temporaryDirectory } from './program.ts';

async function run(durability: 'fsync' | 'os' | 'memory', rounds: number) {
  const lines: string[] = [];
  const seed = randomInt(0x1_0000_0000);
  const onLine = (line: string): void => void lines.push(line);
  const untilLost = durability !== 'fsync';
  const report = await powerLoop({ rounds, seed, durability, untilLost, directory: temporaryDirectory(), onLine });
  return { ...report, story: `seed ${seed}: ${powerLoopSummary(report)}\n${lines.join('\n')}` };
}

test('nothing acknowledged is lost and no bulk is halved when power fails', { timeout: 120_000 }, async () => {
  const { acknowledged, outages, lost, partial, story } = await run('fsync', 20);

  expect(acknowledged, story).toBeGreaterThan(1_000);
  expect({ outages, lost, partial }, story).toEqual({ outages: 20, lost: 0, partial: 0 });
});

// M-08
test.each(['os', 'memory'] as const)(
  'the same loop finds losses with durability %s',
  { timeout: 120_000 },
  async (durability) => {
    const { lost, story } = await run(durability, 10);

    expect(lost, story).toBeGreaterThan(0);
  },
);
