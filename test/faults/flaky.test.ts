import { expect, test } from 'vitest';
import { leavesOut } from '../../src/faults/flaky.ts';
import type { Version } from '../../src/model/ids.ts';

const VERSIONS = Array.from({ length: 20_000 }, (_, i) => (i + 1) as Version);

// N-01: p = 0.01 means one in a hundred.
test('writes are left out as often as the probability says, whatever the seed', () => {
  for (const seed of [1, 2, 0xffff_ffff]) {
    const left = VERSIONS.filter((version) => leavesOut({ probability: 0.01, seed }, version)).length;

    expect(left).toBeGreaterThan(130);
    expect(left).toBeLessThan(280);
  }
});

test('which writes are left out is decided by seed and version alone', () => {
  const first = VERSIONS.map((version) => leavesOut({ probability: 0.5, seed: 7 }, version));
  const again = VERSIONS.toReversed().map((version) => leavesOut({ probability: 0.5, seed: 7 }, version));
  const other = VERSIONS.map((version) => leavesOut({ probability: 0.5, seed: 8 }, version));

  expect(again.toReversed()).toEqual(first);
  expect(other).not.toEqual(first);
});
