/** As many seeds again, in a file of their own: files run side by side. */
import { expect, test } from 'vitest';
import { PLAYED_SEEDS, playSeeds } from './played-seeds.ts';

test('clusters in virtual time keep their promises under every fault', { timeout: 600_000 }, () => {
  expect(playSeeds(PLAYED_SEEDS + 1)).toBe(PLAYED_SEEDS);
});
