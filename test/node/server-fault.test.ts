import { expect, test } from 'vitest';
import { endCount, sharedCount, takeOne, UNTIL_HEALED } from '../../src/node/server-fault.ts';

test('a fault acts as often as it is told, and not once more when it is healed', () => {
  const twice = sharedCount(2);
  const always = sharedCount(UNTIL_HEALED);

  const taken = [takeOne(twice), takeOne(twice), takeOne(twice), takeOne(always), takeOne(always)];
  endCount(always);

  expect([...taken, takeOne(always)]).toEqual([true, true, false, true, true, false]);
});
