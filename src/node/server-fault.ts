/**
 * A fault as it acts inside a storage server's thread, in this life and the next ones. How often it still acts is a
 * shared word, so that the thread counts it down, the supervisor sees it, and a fault that is healed ends also for a
 * thread that waits for just that.
 */
import type { DiskFault, Survivors } from '../faults/action.ts';

export type ServerFault =
  | { readonly kind: 'disk'; readonly fault: DiskFault; readonly left: Int32Array }
  | { readonly kind: 'throw'; readonly left: Int32Array }
  | { readonly kind: 'slow'; readonly factor: number }
  | { readonly kind: 'flaky'; readonly probability: number; readonly seed: number };

/** What `left` holds for a fault that acts until it is healed. */
export const UNTIL_HEALED = -1;

export const SURVIVORS: readonly Survivors[] = ['none', 'prefix', 'random'];

/** A counter for a fault that acts so many times, or UNTIL_HEALED. */
export function sharedCount(times: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4)).fill(times);
}

/** Whether the fault acts once more; counts it. */
export function takeOne(left: Int32Array): boolean {
  for (;;) {
    const count = Atomics.load(left, 0);
    if (count <= 0) return count === UNTIL_HEALED;
    if (Atomics.compareExchange(left, 0, count, count - 1) === count) return true;
  }
}

/** The fault does not act any more, and who waits for that goes on. */
export function endCount(left: Int32Array): void {
  Atomics.store(left, 0, 0);
  Atomics.notify(left, 0);
}
