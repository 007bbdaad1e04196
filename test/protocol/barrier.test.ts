import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { Prng } from '../../src/lib/prng.ts';
import { Barrier } from '../../src/protocol/barrier.ts';

type Numbered = { readonly number: number; readonly isAlone: boolean };

/** A conversation whose requests are answered when the test says so, in any order. */
function conversation() {
  const began: number[] = [];
  const open: Numbered[] = [];
  const beside: number[] = [];
  const talk = {
    isClosing: false,
    get inFlight() {
      return open.length;
    },
    reading: (read: () => void) => read(),
  };
  const run = (request: Numbered): boolean => {
    if (request.isAlone && open.length > 0) return false;
    if (open.some(({ isAlone }) => isAlone)) beside.push(request.number);
    began.push(request.number);
    open.push(request);
    if (request.isAlone) barrier.shut();
    return true;
  };
  const barrier = new Barrier<Numbered>(talk, run);
  const give = (request: Numbered): void => {
    if (barrier.isShut || !run(request)) barrier.hold(request);
  };
  return { talk, barrier, began, open, beside, give };
}

describe('a barrier', () => {
  test('runs requests in their order, and those that must be alone beside no other', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 100 }), (seed, count) => {
        const prng = new Prng(seed);
        const { barrier, began, open, beside, give } = conversation();
        for (let number = 0; number < count || open.length > 0; ) {
          if (number < count && prng.chance(0.5)) give({ number: number++, isAlone: prng.chance(0.3) });
          else if (open.length > 0) {
            open.splice(prng.below(open.length), 1);
            barrier.resume();
          }
        }
        expect(began).toEqual(Array.from({ length: count }, (_, i) => i));
        expect([beside, barrier.size, barrier.isShut]).toEqual([[], 0, false]);
      }),
    );
  });

  test('forgets what waits when the conversation closes', () => {
    const { talk, barrier, began, open, give } = conversation();
    for (const number of [0, 1, 2]) give({ number, isAlone: true });

    open.pop();
    talk.isClosing = true;
    barrier.resume();

    expect([began, barrier.size]).toEqual([[0], 0]);
  });
});
