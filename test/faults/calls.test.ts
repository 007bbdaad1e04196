import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { callsSaid, CountedCalls, isDue, usualCalls } from '../../src/faults/calls.ts';

/** The numbers, from 1, of the calls that it acts on. */
function acted(counted: CountedCalls, calls: number): number[] {
  return Array.from({ length: calls }, (_, i) => (counted.take() ? i + 1 : 0)).filter((call) => call > 0);
}

describe('the calls that a fault acts on', () => {
  test.each([
    ['NTH 3', { first: 3, every: null }, null, [3]],
    ['NTH 3+4', { first: 3, every: 4 }, null, [3, 7, 11, 15, 19]],
    ['NTH 3+4 TIMES 2', { first: 3, every: 4 }, 2, [3, 7]],
    ['NTH 3 TIMES 2', { first: 3, every: null }, 2, [3, 4]],
    ['TIMES 2', null, 2, [1, 2]],
  ])('%s', (_said, nth, times, expected) => {
    const calls = callsSaid(nth, times);
    if (calls === null) throw new Error('something was said');

    expect(acted(new CountedCalls(calls), 20)).toEqual(expected);
  });

  test('are those of its kind when nothing is said', () => {
    expect(callsSaid(null, null)).toBeNull();
    expect(acted(new CountedCalls(usualCalls({ kind: 'torn-write' })), 4)).toEqual([1]);
    expect(acted(new CountedCalls(usualCalls({ kind: 'sync-fail', count: 2 })), 4)).toEqual([1, 2]);
    expect(acted(new CountedCalls(usualCalls({ kind: 'read-fail', probability: 1 })), 4)).toEqual([1, 2, 3, 4]);
  });

  test('are the due ones up to the last, which says once that it was', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.nat(5), (first, every, more) => {
        const calls = { first, every, times: more + 1 };
        let spent = 0;

        const seen = acted(new CountedCalls(calls, () => spent++), 100);

        const due = Array.from({ length: 100 }, (_, i) => i + 1).filter((call) => isDue(calls, call));
        expect(seen).toEqual(due.slice(0, calls.times));
        expect(spent).toBe(1);
      }),
    );
  });
});
