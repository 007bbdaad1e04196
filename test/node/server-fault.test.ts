import { expect, test } from 'vitest';
import { endCount, sharedCount, takeCall, takeOne } from '../../src/node/server-fault.ts';

test('a fault acts as often as it is told, and not once more when it is healed', () => {
  const twice = sharedCount(2);
  const always = sharedCount(null);

  const taken = [takeOne(twice), takeOne(twice), takeOne(twice), takeOne(always), takeOne(always)];
  endCount(always);

  expect([...taken, takeOne(always)]).toEqual([true, true, false, true, true, false]);
});

test('a fault acts on the calls that it counts to, in whatever thread they happen', () => {
  const calls = { first: 3, every: 2, times: 2 };
  const left = sharedCount(calls.times);

  const acted = Array.from({ length: 9 }, (_, i) => (takeCall(left, calls) ? i + 1 : 0)).filter((call) => call > 0);

  expect(acted).toEqual([3, 5]);
});
