import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { fuzz, fuzzFailed, fuzzSummary } from './fuzz.ts';
import { fuzzResp } from './fuzz-resp.ts';

const CASES = 50_000;
const RSS_MIB_MORE_MAX = 64;

// SEC-1
test.each([
  ['lines', fuzz],
  ['RESP requests', fuzzResp],
])('fifty thousand malformed %s are fifty thousand errors, and nothing else', { timeout: 60_000 }, async (_, ask) => {
  const seed = randomInt(0x1_0000_0000);

  const report = await ask({ cases: CASES, seed, onLine: () => undefined });

  const story = `seed ${seed}: ${fuzzSummary(report)}\n${report.wrong.join('\n')}`;
  expect(fuzzFailed(report), story).toBe(false);
  expect(report.rssMiB, story).toBeLessThan(RSS_MIB_MORE_MAX);
});
