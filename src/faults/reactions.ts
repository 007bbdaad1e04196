/** The lines of a script that wait for something to happen (`on`) or to be so (`when`). Each has its turn once. */
import type { ServerIndex } from '../model/ids.ts';
import { examine, type Watching } from './expectation.ts';
import { formatLine } from './format-script.ts';
import type { ScriptHost, ServerSight } from './script-host.ts';
import type { EventPattern, ScriptLine, Selector } from './syntax.ts';

type Waiting = {
  readonly line: ScriptLine;
  /** Who its event is about: the same from one look to the next, also when they are drawn. */
  servers: readonly ServerIndex[] | null;
  /** How often they had passed the point that its event means when this was known. */
  before: number;
  seen: number;
};

/** The point after which a server has done what an event says. */
const POINT_OF = {
  fsync: 'after-wal-sync',
  'segment-cut': 'after-segment-rename',
  snapshot: 'after-checkpoint-rename',
} as const;

export class Reactions {
  readonly #host: ScriptHost;
  readonly #watching: Watching;
  readonly #react: (line: ScriptLine) => void;
  readonly #waiting: Set<Waiting>;
  #before: readonly ServerSight[];

  constructor(lines: readonly ScriptLine[], host: ScriptHost, watching: Watching, react: (line: ScriptLine) => void) {
    this.#host = host;
    this.#watching = watching;
    this.#react = react;
    this.#waiting = new Set(
      lines
        .filter(({ when }) => when.kind === 'on' || when.kind === 'when')
        .map((line) => ({ line, servers: null, before: 0, seen: 0 })),
    );
    this.#before = host.servers();
    // What was passed before the script began is no event of it.
    for (const one of this.#waiting) if (one.line.when.kind === 'on') this.#happenedTo(one, one.line.when.event, []);
  }

  /** Lines that had no turn, as they are written. */
  waiting(): string[] {
    return [...this.#waiting].map(({ line }) => formatLine(line.when, line.statement));
  }

  stop(): void {
    this.#before = [];
    this.#isStopped = true;
  }

  #isStopped = false;

  /** Looks at the servers and at the conditions. */
  look(): void {
    if (this.#isStopped || this.#waiting.size === 0) return;
    const now = this.#host.servers();
    const before = this.#before;
    this.#before = now;
    for (const one of this.#waiting) {
      const { when } = one.line;
      if (when.kind === 'on') this.#count(one, when.nth, this.#happenedTo(one, when.event, before));
      else if (when.kind === 'when') this.#examine(one);
    }
  }

  /** A fault of this name began, or is over. */
  happened(kind: 'fault' | 'healed', name: string): void {
    for (const one of this.#waiting) {
      const { when } = one.line;
      if (when.kind !== 'on' || when.event.kind !== kind) continue;
      this.#count(one, when.nth, 'name' in when.event && when.event.name === name ? 1 : 0);
    }
  }

  /** How often an event happened since the last look. */
  #happenedTo(one: Waiting, event: EventPattern, before: readonly ServerSight[]): number {
    const now = this.#before;
    switch (event.kind) {
      case 'leader-elected':
      case 'term':
        return now.filter(({ isLeader }, server) => isLeader && before[server]?.isLeader !== true).length;
      case 'state':
        return this.#serversOf(one, event.server).filter(
          (server) => now[server]?.state === event.state && before[server]?.state !== event.state,
        ).length;
      case 'fsync':
      case 'segment-cut':
      case 'snapshot':
        return this.#passedBy(one, event.server, POINT_OF[event.kind]);
      case 'point':
        return this.#passedBy(one, [{ kind: 'all' }], event.name);
      case 'fault':
      case 'healed':
        return 0;
      default:
        return event satisfies never;
    }
  }

  #passedBy(one: Waiting, selector: Selector, point: string): number {
    const isKnown = one.servers !== null;
    const passed = this.#serversOf(one, selector).reduce((sum, server) => sum + this.#host.passed(server, point), 0);
    if (!isKnown) one.before = passed;
    return passed - one.before - one.seen;
  }

  #serversOf(one: Waiting, selector: Selector): readonly ServerIndex[] {
    const picked = one.servers === null ? this.#host.pick(selector) : null;
    if (picked?.ok === true) one.servers = picked.value;
    return one.servers ?? [];
  }

  #count(one: Waiting, nth: number, times: number): void {
    one.seen += times;
    if (one.seen >= nth && this.#waiting.delete(one)) this.#react(one.line);
  }

  #examine(one: Waiting): void {
    const { when } = one.line;
    if (when.kind !== 'when') return;
    const interval = { fromMs: this.#watching.startMs, toMs: this.#host.now() };
    examine(when.check, interval, this.#watching, ({ holds }) => {
      if (holds && !this.#isStopped && this.#waiting.delete(one)) this.#react(one.line);
    });
  }
}
