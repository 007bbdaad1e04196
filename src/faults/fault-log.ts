/** Which faults a script began and until when they acted: from the answers to its statements and from looks at the host. */
import type { FaultReport } from './report.ts';
import type { FaultSight } from './script-host.ts';
import type { Interval, Statistics } from './statistics.ts';

type Entry = { readonly id: string; readonly statement: string; readonly atMs: number; untilMs: number | null };

/** `begun` and `healed`, for the lines that wait for it. */
export type FaultEvent = { readonly kind: 'fault' | 'healed'; readonly id: string };

export class FaultLog {
  readonly #entries: Entry[] = [];
  readonly #acting = new Map<string, Entry>();

  /**
   * The answer to a statement, the line after OK: `f7 CRASH s2`. Other answers are no fault. `saidMs`: when it was said,
   * for it acts from then on, and a host in real time may take a while to answer.
   */
  begun(answer: string, saidMs: number): FaultEvent[] {
    const match = /^(\S+) ([A-Z]+( .*)?)$/.exec(answer);
    if (match === null) return [];
    const [, id = '', statement = ''] = match;
    const before = this.#end(id, saidMs);
    const entry: Entry = { id, statement, atMs: saidMs, untilMs: null };
    this.#entries.push(entry);
    this.#acting.set(id, entry);
    return [...before, { kind: 'fault', id }];
  }

  /** What the host says acts now: the others are healed. */
  seen(active: readonly FaultSight[], nowMs: number): FaultEvent[] {
    const ids = new Set(active.map(({ id }) => id));
    return [...this.#acting.keys()].filter((id) => !ids.has(id)).flatMap((id) => this.#end(id, nowMs));
  }

  /** With the longest silence while each acted, of the time that loads ran; null without a load. */
  reports(statistics: Statistics, startMs: number, loads: Interval | null): FaultReport[] {
    return this.#entries.map(({ id, statement, atMs, untilMs }) => ({
      id,
      statement,
      atMs: atMs - startMs,
      untilMs: untilMs === null ? null : untilMs - startMs,
      unavailableMs:
        loads === null || atMs > loads.toMs
          ? null
          : statistics.longestSilenceMs({ fromMs: atMs, toMs: untilMs ?? loads.toMs }, loads),
    }));
  }

  #end(id: string, nowMs: number): FaultEvent[] {
    const entry = this.#acting.get(id);
    if (entry === undefined) return [];
    entry.untilMs = nowMs;
    this.#acting.delete(id);
    return [{ kind: 'healed', id }];
  }
}
