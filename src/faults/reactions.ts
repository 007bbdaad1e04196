/** The lines of a script that wait for something to happen (`on`) or to be so (`when`). Each has its turn once. */
import { examine, type Watching } from './expectation.ts';
import { formatLine } from './format-script.ts';
import type { ScriptHost, ServerSight } from './script-host.ts';
import type { EventPattern, ScriptLine } from './syntax.ts';

type Waiting = { readonly line: ScriptLine; seen: number };

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
      lines.filter(({ when }) => when.kind === 'on' || when.kind === 'when').map((line) => ({ line, seen: 0 })),
    );
    this.#before = host.servers();
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
      if (when.kind === 'on') this.#count(one, when.nth, changes(when.event, this.#host, before, now));
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

/** How often an event happened between two looks. */
function changes(
  event: EventPattern,
  host: ScriptHost,
  before: readonly ServerSight[],
  now: readonly ServerSight[],
): number {
  if (event.kind === 'leader-elected' || event.kind === 'term') {
    return now.filter(({ isLeader }, server) => isLeader && before[server]?.isLeader !== true).length;
  }
  if (event.kind !== 'state') return 0;
  const picked = host.pick(event.server);
  if (!picked.ok) return 0;
  return picked.value.filter((server) => now[server]?.state === event.state && before[server]?.state !== event.state)
    .length;
}
