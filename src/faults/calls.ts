/**
 * Which of the calls that a fault could act on it acts on, as strace's `when=` says it: from the `first`th on, each
 * `every`th, so many `times` (null: until it is healed). The calls are those of one server, over all its lives. Counting
 * is here for virtual time; threads count in shared words (src/node/server-fault.ts), by the same rule.
 *
 * Example: first 3, every 50 acts on the calls 3, 53, 103.
 */
import type { DiskFault } from './action.ts';

export type Calls = { readonly first: number; readonly every: number; readonly times: number | null };

export const EVERY_CALL: Calls = { first: 1, every: 1, times: null };
export const NEXT_CALL: Calls = { first: 1, every: 1, times: 1 };

/** Whether the `call`th call, from 1, is one of them; how many times it acted already is not looked at. */
export function isDue({ first, every }: Calls, call: number): boolean {
  return call >= first && (call - first) % every === 0;
}

/** What NTH and TIMES say together; null: neither was said. */
export function callsSaid(
  nth: { readonly first: number; readonly every: number | null } | null,
  times: number | null,
): Calls | null {
  if (nth === null) return times === null ? null : { first: 1, every: 1, times };
  // `NTH 3` alone is the third and no other.
  return { first: nth.first, every: nth.every ?? 1, times: times ?? (nth.every === null ? 1 : null) };
}

/** On which calls a fault of a disk acts when its statement does not say. */
export function usualCalls(fault: DiskFault): Calls {
  switch (fault.kind) {
    case 'sync-fail':
      return { first: 1, every: 1, times: fault.count };
    case 'torn-write':
    case 'misdirect':
    case 'lose-write':
      return NEXT_CALL;
    default:
      return EVERY_CALL;
  }
}

/** Counts the calls of one server. */
export class CountedCalls {
  readonly #calls: Calls;
  readonly #spent: () => void;
  #seen = 0;
  #acted = 0;

  /** `spent` is called once, when it has acted as often as it was to. */
  constructor(calls: Calls, spent: () => void = () => undefined) {
    this.#calls = calls;
    this.#spent = spent;
  }

  /** One more call: whether the fault acts on it. */
  take(): boolean {
    const { times } = this.#calls;
    if (this.#acted === times || !isDue(this.#calls, ++this.#seen)) return false;
    if (++this.#acted === times) this.#spent();
    return true;
  }
}
