import { expect, test } from 'vitest';
import type { Lsn, Version } from '../../src/model/ids.ts';
import { NO_REPLICA_FAULTS, Skipping } from '../../src/replica/skipping.ts';

test('the log is needed from the first write on that was left out of memory', () => {
  const skipping = new Skipping({ skips: (version) => version % 2 === 0 });
  const before = skipping.from;

  const skipped = [1, 4, 6].map((version) => skipping.skips(version as Version, (10 * version) as Lsn));

  expect([before, skipped, skipping.from]).toEqual([null, [false, true, true], 40]);
});

test('without a fault nothing is left out', () => {
  const skipping = new Skipping(NO_REPLICA_FAULTS);

  expect([skipping.skips(2 as Version, 1 as Lsn), skipping.from]).toEqual([false, null]);
});
