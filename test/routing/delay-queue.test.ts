import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DelayQueue } from '../../src/routing/delay-queue.ts';

describe('a delay queue', () => {
  test('gives what is due, earliest first and in the order added', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), fc.nat(25), (dues, nowMs) => {
        const queue = new DelayQueue<number>();
        for (const [i, dueMs] of dues.entries()) queue.add(dueMs, i);

        const taken: number[] = [];
        for (let item = queue.take(nowMs); item !== null; item = queue.take(nowMs)) taken.push(item);

        const expected = dues.map((dueMs, i) => ({ dueMs, i })).filter(({ dueMs }) => dueMs <= nowMs);
        expected.sort((a, b) => a.dueMs - b.dueMs || a.i - b.i);
        expect(taken).toEqual(expected.map(({ i }) => i));
        expect(queue.size).toBe(dues.length - taken.length);
        expect(queue.nextDueMs()).toBe(Math.min(Number.POSITIVE_INFINITY, ...dues.filter((dueMs) => dueMs > nowMs)));
      }),
    );
  });
});
