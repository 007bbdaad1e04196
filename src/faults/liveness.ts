/** The phase of liveness: everything is healed, and the cluster, or its core, must be whole again within a time. */
import type { Finding } from './expectation.ts';
import type { ScriptHost } from './script-host.ts';
import type { Selector } from './syntax.ts';

export class Liveness {
  readonly #host: ScriptHost;
  readonly #core: Selector | null;
  readonly #limitMs: number;
  readonly #done: (finding: Finding, tookMs: number | null) => void;

  /** `core`: servers that must be up; null: all of them, with nothing on its way. `tookMs` is null when they were not. */
  constructor(
    host: ScriptHost,
    core: Selector | null,
    limitMs: number,
    done: (finding: Finding, tookMs: number | null) => void,
  ) {
    this.#host = host;
    this.#core = core;
    this.#limitMs = limitMs;
    this.#done = done;
  }

  start(): void {
    this.#host.fault({ kind: 'heal', what: { kind: 'all' } }, (result) => {
      if (result.ok) {
        this.#host.mark(result.value);
        this.#look(this.#host.now());
      } else this.#done({ holds: false, found: `${result.error.code} ${result.error.message}` }, null);
    });
  }

  #look(sinceMs: number): void {
    const tookMs = this.#host.now() - sinceMs;
    if (this.#isWhole()) this.#done({ holds: true, found: `whole in ${Math.round(tookMs)} ms` }, tookMs);
    else if (tookMs >= this.#limitMs) this.#done({ holds: false, found: this.#describe() }, null);
    else this.#host.after(this.#host.lookMs, () => this.#look(sinceMs));
  }

  #isWhole(): boolean {
    if (this.#core === null) return this.#host.isWhole();
    const core = this.#host.pick(this.#core);
    const servers = this.#host.servers();
    return core.ok && core.value.every((server) => servers[server]?.state === 'up');
  }

  #describe(): string {
    const states = this.#host.servers().map(({ state }, server) => `s${server + 1} ${state}`);
    return `${states.join(', ')} after ${this.#limitMs} ms`;
  }
}
