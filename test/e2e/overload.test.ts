import { expect, test } from 'vitest';
import { overload, overloadSummary } from './overload.ts';
import { temporaryDirectory } from './program.ts';

const LOAD_MS = 2_000;

// SEC-15
test('three times more than a host can do is answered or refused, bounded in memory, and soon over', {
  timeout: 60_000,
}, async () => {
  const report = await overload(temporaryDirectory(), LOAD_MS);

  const story = overloadSummary(report);
  expect({ wrong: report.wrong, unanswered: report.unanswered }, story).toEqual({ wrong: 0, unanswered: 0 });
  expect(report.rssMiB, story).toBeLessThan(256);
  expect(report.recoveredMs, story).toBeLessThan(1_000);
});
