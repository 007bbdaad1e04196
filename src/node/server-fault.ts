/**
 * A fault as it acts inside a storage server's thread, in this life and the next ones. How often it still acts is a
 * shared word, so that the thread counts it down, the supervisor sees it, and a fault that is healed ends also for a
 * thread that waits for just that.
 */
import type { DiskFault, Survivors } from '../faults/action.ts';
import { type Calls, isDue } from '../faults/calls.ts';
import type { Flakiness } from '../faults/flaky.ts';
import { POINTS } from '../faults/point-names.ts';
import type { PointFault } from '../faults/points.ts';

export type ServerFault =
  | { readonly kind: 'disk'; readonly fault: DiskFault; readonly calls: Calls; readonly left: Int32Array }
  | {
      readonly kind: 'point';
      readonly fault: PointFault;
      readonly probability: number;
      readonly calls: Calls;
      readonly left: Int32Array;
    }
  | { readonly kind: 'throw'; readonly left: Int32Array }
  | { readonly kind: 'slow'; readonly factor: number }
  | ({ readonly kind: 'flaky' } & Flakiness);

/** What `left` holds for a fault that acts until it is healed. */
export const UNTIL_HEALED = -1;

export const SURVIVORS: readonly Survivors[] = ['none', 'prefix', 'random'];

/** Words of a counter: how often the fault still acts, and how many calls it was asked about. */
const WORD = { left: 0, seen: 1 } as const;

/** A counter for a fault that acts so many times, null: until it is healed. */
export function sharedCount(times: number | null): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(8));
  words[WORD.left] = times ?? UNTIL_HEALED;
  return words;
}

/** Counts of POINTS, by the server's thread alone. */
export function sharedPasses(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * POINTS.length));
}

/** Counts a call that the fault could act on: whether it acts on this one. */
export function takeCall(left: Int32Array, calls: Calls): boolean {
  return isDue(calls, Atomics.add(left, WORD.seen, 1) + 1) && takeOne(left);
}

/** Whether the fault acts once more; counts it. */
export function takeOne(left: Int32Array): boolean {
  for (;;) {
    const count = Atomics.load(left, WORD.left);
    if (count <= 0) return count === UNTIL_HEALED;
    if (Atomics.compareExchange(left, WORD.left, count, count - 1) === count) return true;
  }
}

/** The fault does not act any more, and who waits for that goes on. */
export function endCount(left: Int32Array): void {
  Atomics.store(left, WORD.left, 0);
  Atomics.notify(left, WORD.left);
}
