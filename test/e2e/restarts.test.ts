import { expect, test } from 'vitest';
import { hostRestarts, hostRestartsFault } from './host-restarts.ts';
import { HAS_FIGURES } from './process-figures.ts';
import { temporaryDirectory } from './program.ts';
import { workerRestarts, workerRestartsFailed, workerRestartsSummary } from './worker-restarts.ts';

test('a host ends within half a second of SIGTERM, with 0, without its lock and with its data, every time', {
  timeout: 60_000,
}, async () => {
  const report = await hostRestarts({ rounds: 5, directory: temporaryDirectory(), onLine: () => undefined });

  expect(hostRestartsFault(report, 0.8)).toBe(null);
});

test.runIf(HAS_FIGURES)(
  'servers that die and start again leave no thread, no file and no memory behind',
  {
    timeout: 60_000,
  },
  async () => {
    const report = await workerRestarts({
      rounds: 200,
      seed: 1,
      directory: temporaryDirectory(),
      onLine: () => undefined,
    });

    expect(workerRestartsFailed(report), workerRestartsSummary(report)).toBe(false);
  },
);
