/** What the operations of the loads came to: counts, shares and times over any span of the run. */
import type { LoadOutcome } from './script-host.ts';
import type { LoadOperation } from './syntax.ts';

type Ended = {
  readonly operation: LoadOperation;
  readonly beganMs: number;
  readonly endedMs: number;
  readonly type: LoadOutcome['type'];
  readonly code: string | null;
};

/** Ends within it count; both ends belong to it. */
export type Interval = { readonly fromMs: number; readonly toMs: number };

export type Totals = { acknowledged: number; refused: number; unknown: number; heldBack: number };

export class Statistics {
  readonly totals: Totals = { acknowledged: 0, refused: 0, unknown: 0, heldBack: 0 };
  /** In the order of their ends. */
  readonly #ended: Ended[] = [];

  add(operation: LoadOperation, beganMs: number, endedMs: number, { type, code }: LoadOutcome): void {
    this.#ended.push({ operation, beganMs, endedMs, type, code });
    this.totals[type === 'ok' ? 'acknowledged' : type === 'fail' ? 'refused' : 'unknown']++;
  }

  /** Percent of the operations that went well; null when none ended. */
  okPercent(interval: Interval): number | null {
    const ended = this.#within(interval);
    if (ended.length === 0) return null;
    return (100 * ended.filter(({ type }) => type === 'ok').length) / ended.length;
  }

  /** Operations that did not go well, of one code or of any. */
  errors(interval: Interval, code: string | null): number {
    return this.#within(interval).filter((one) => one.type !== 'ok' && (code === null || one.code === code)).length;
  }

  /** Milliseconds that a share of the operations that went well took at most; null when there were none. */
  latencyMs(interval: Interval, operation: LoadOperation | 'all', quantile: number): number | null {
    const took = this.#within(interval)
      .filter((one) => one.type === 'ok' && (operation === 'all' || one.operation === operation))
      .map(({ beganMs, endedMs }) => endedMs - beganMs)
      .sort((a, b) => a - b);
    return took[Math.max(0, Math.ceil(quantile * took.length) - 1)] ?? null;
  }

  /** The longest that no operation went well, of the stretches that touch the interval, while loads ran. */
  longestSilenceMs({ fromMs, toMs }: Interval, loads: Interval): number {
    let longest = 0;
    let previous = loads.fromMs;
    const stretch = (until: number): void => {
      if (until >= fromMs && previous <= toMs) longest = Math.max(longest, until - previous);
      previous = until;
    };
    for (const { type, endedMs } of this.#ended) {
      if (type === 'ok' && endedMs <= loads.toMs) stretch(endedMs);
    }
    stretch(loads.toMs);
    return longest;
  }

  #within({ fromMs, toMs }: Interval): Ended[] {
    return this.#ended.slice(
      this.#firstAfter(fromMs, { inclusive: true }),
      this.#firstAfter(toMs, { inclusive: false }),
    );
  }

  /** Index of the first one that ended after this time, or at it. */
  #firstAfter(ms: number, { inclusive }: { readonly inclusive: boolean }): number {
    let low = 0;
    let high = this.#ended.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { endedMs } = this.#ended[middle] as Ended;
      if (inclusive ? endedMs < ms : endedMs <= ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
