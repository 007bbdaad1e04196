import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { inFlightFailed, inFlightRounds, inFlightSummary } from './in-flight.ts';
import { temporaryDirectory } from './program.ts';

// S-03
test('a server that dies with a thousand requests in flight leaves one true answer to each, in time', {
  timeout: 60_000,
}, async () => {
  const lines: string[] = [];
  const seed = randomInt(0x1_0000_0000);

  const report = await inFlightRounds({
    rounds: 10,
    seed,
    directory: temporaryDirectory(),
    onLine: (line) => lines.push(line),
  });

  const story = `seed ${seed}: ${inFlightSummary(report)}\n${lines.join('\n')}`;
  expect(report.caught, story).toBeGreaterThan(6_000);
  expect(inFlightFailed(report), story).toBe(false);
  expect(report.uncertain, story).toBeLessThanOrEqual(report.underOneDeath / 1_000);
});
