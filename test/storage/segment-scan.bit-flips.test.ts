import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { flipBits } from './bit-flips.ts';

/** `npm run bench -- bit-flips` flips every bit, and a million of the other files'. */
const SHARE = 0.01;
const OTHERS = 2_000;

test('no flipped bit gives another value in silence: what was durable is refused, a last batch without a mark is cut', {
  timeout: 60_000,
}, () => {
  const seed = randomInt(0x1_0000_0000);

  const report = flipBits(SHARE, OTHERS, seed);

  expect(report.wrong, `seed ${seed}`).toEqual([]);
  expect(report.refused, `seed ${seed}`).toBeGreaterThan(OTHERS);
  expect(report.cut, `seed ${seed}`).toBeGreaterThan(0);
});
