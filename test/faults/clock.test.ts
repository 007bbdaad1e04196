import { expect, test } from 'vitest';
import type { ClockFault } from '../../src/faults/action.ts';
import { clockOffsetMs } from '../../src/faults/clock.ts';

test.each<[ClockFault, number[]]>([
  [{ kind: 'skew', byMs: -250 }, [-250, -250, -250, -250]],
  [{ kind: 'drift', rate: 1.5 }, [0, 50, 100, 500]],
  [{ kind: 'strobe', byMs: 300, everyMs: 100 }, [300, 0, 300, 300]],
])('a clock is off as its fault says: %o', (fault, offsets) => {
  expect([0, 100, 200, 1_000].map((forMs) => clockOffsetMs(fault, forMs))).toEqual(offsets);
});
