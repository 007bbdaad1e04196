/**
 * The faults that act now: begun by statements, listed, healed by name, kind, server, all at once or by their own
 * timers. Knows no thread and no clock; a host carries the actions out, in real or in virtual time alike.
 */
import { Prng } from '../lib/prng.ts';
import { ok, type Result } from '../lib/result.ts';
import type { Mode } from '../model/config.ts';
import { fail, type KvError } from '../model/errors.ts';
import { allServers, type ServerIndex, serverIndex } from '../model/ids.ts';
import type { FaultAction, FaultHost, Neighbour } from './action.ts';
import type { Surroundings } from './cursor.ts';
import { formatFault, formatSelector } from './format.ts';
import { helpOn } from './forms.ts';
import { parseFault } from './parse-fault.ts';
import { POINTS } from './point-names.ts';
import { type ClusterView, nameOf, Picker, selectorOf } from './picker.ts';
import { type Plan, resolve, type Step } from './resolve.ts';
import type { Fault, FaultKind, FaultOptions, FaultStatement, Healed, Selector } from './syntax.ts';

/** A fault that acts now. */
export type ActiveFault = {
  readonly id: string;
  readonly kind: FaultKind;
  /** The statement with what was drawn. */
  readonly statement: string;
  readonly servers: readonly ServerIndex[];
  /** Milliseconds of the host's clock. */
  readonly since: number;
  /** When it heals by itself, or null. */
  readonly until: number | null;
};

export type FaultNotice = { readonly kind: 'begun' | 'healed'; readonly fault: ActiveFault };

/** What a statement came to. */
export type Said = {
  /** The line after OK. */
  readonly text: string;
};

export type ActiveFaultsHost = {
  readonly mode: Mode;
  readonly actions: FaultHost;
  /** Milliseconds since 1970, or of virtual time. */
  now(): number;
  /** Calls back once after so long; answers how to call it off. */
  after(delayMs: number, run: () => void): () => void;
  view(): ClusterView;
  /** Why this host cannot carry an action out, in one line, or null. */
  lacks(action: FaultAction): string | null;
  /** Starts every server that is down. */
  startAll(): void;
  onNotice(notice: FaultNotice): void;
};

type Entry = ActiveFault & {
  /** What it was asked for as, drawn servers included: a second identical fault replaces the first. */
  readonly identity: string;
  readonly heals: Set<() => void>;
  readonly timers: Set<() => void>;
};

/** Longest FOR that is counted; a longer one stays until it is healed. */
const TIMER_MS_MAX = 0x7fff_ffff;

export class ActiveFaults {
  readonly #host: ActiveFaultsHost;
  readonly #prng: Prng;
  readonly #entries = new Map<string, Entry>();
  readonly #names = new Map<string, readonly Neighbour[]>();
  #begun = 0;

  constructor(host: ActiveFaultsHost, prng: Prng) {
    this.#host = host;
    this.#prng = prng;
  }

  /** What a statement may speak of now. */
  get around(): Surroundings {
    return { servers: this.#host.view().servers, mode: this.#host.mode, names: new Set(this.#names.keys()) };
  }

  /** Does what a line says. BADFAULT: where it is wrong, or why it cannot be. */
  say(line: string): Result<Said, KvError> {
    const parsed = parseFault(line, this.around);
    return parsed.ok ? this.carryOut(parsed.value) : parsed;
  }

  /** The same for a statement that was read before. */
  carryOut(statement: FaultStatement): Result<Said, KvError> {
    switch (statement.kind) {
      case 'fault':
        return this.#begin(statement.fault, statement.options);
      case 'restart': {
        const servers = this.servers(statement.servers);
        if (!servers.ok) return fail('BADFAULT', servers.error);
        const lack = this.#host.lacks({ kind: 'crash', servers: servers.value });
        if (lack !== null) return fail('BADFAULT', lack);
        this.#restart(servers.value);
        return said(`restarted ${formatSelector(selectorOf(servers.value))}`);
      }
      case 'resume': {
        const servers = this.servers(statement.servers);
        if (!servers.ok) return fail('BADFAULT', servers.error);
        return said(`resumed ${this.#healWhere((entry) => entry.kind === 'hang' && isAbout(entry, servers.value))}`);
      }
      case 'heal':
        return this.#healed(statement.what);
      case 'list':
        return said(JSON.stringify(this.list().map((one) => ({ ...one, servers: one.servers.map(nameOf) }))));
      case 'points':
        return said(JSON.stringify(this.#passed()));
      case 'help':
        return said(helpOn(statement.topic) ?? '');
      default:
        return statement satisfies never;
    }
  }

  /** Servers that a selector means now; a drawn one is drawn. Or why nobody is it. */
  servers(selector: Selector): Result<ServerIndex[], string> {
    const picked = new Picker(this.#host.view(), this.#names, this.#prng).pick(selector);
    return picked.ok ? ok(picked.value.filter((one): one is ServerIndex => one !== 'broker')) : picked;
  }

  /** Every fault that acts now, oldest first. */
  list(): ActiveFault[] {
    return [...this.#entries.values()].map(describe);
  }

  /** By server, the points that it passed and how often. */
  #passed(): Record<string, Record<string, number>> {
    const servers = allServers(this.#host.view().servers);
    return Object.fromEntries(
      servers.map((server) => {
        const counts = this.#host.actions.passed(server);
        const passed = POINTS.map((name, place) => [name, counts[place] as number] as const);
        return [nameOf(server), Object.fromEntries(passed.filter(([, count]) => count > 0))];
      }),
    );
  }

  /** Heals every fault and starts every server that is down. Answers how many faults there were. */
  healAll(): number {
    const count = this.#healWhere(() => true);
    this.#host.startAll();
    return count;
  }

  /** Heals what keeps these servers alone down or hung, and has the host start them anew. */
  #restart(servers: readonly ServerIndex[]): void {
    this.#healWhere((entry) => OF_LIVES.has(entry.kind) && entry.servers.every((server) => servers.includes(server)));
    this.#host.actions.restart(servers);
  }

  /** Lets go of every timer; what acts goes on acting. For a host that stops. */
  close(): void {
    for (const { timers } of this.#entries.values()) for (const cancel of timers) cancel();
  }

  #begin(fault: Fault, options: FaultOptions): Result<Said, KvError> {
    // One number decides everything in it: said with SEED, it makes the fault repeat.
    const seed = options.seed ?? this.#prng.uint32();
    const prng = new Prng(seed);
    const resolved = resolve(fault, options, { view: this.#host.view(), names: this.#names, prng });
    if (!resolved.ok) return fail('BADFAULT', resolved.error);
    const plan = resolved.value;
    const lack = plan.steps.map(({ action }) => this.#host.lacks(action)).find((reason) => reason !== null);
    if (lack !== undefined) return fail('BADFAULT', lack);
    const entry = this.#entryOf(plan, options, seed);
    this.#healWhere((other) => other.id === entry.id || other.identity === entry.identity);
    if (options.name !== null) this.#names.set(options.name, plan.named);
    try {
      for (const step of plan.steps) this.#run(entry, step, prng);
    } catch (error) {
      // A host may find out only now that there is nothing to act on, such as a file.
      this.#release(entry);
      if (error instanceof Error && 'code' in error && error.code === 'BADFAULT')
        return fail('BADFAULT', error.message);
      throw error;
    }
    this.#entries.set(entry.id, entry);
    this.#host.onNotice({ kind: 'begun', fault: describe(entry) });
    if (AT_ONCE.has(entry.kind)) this.#heal(entry);
    else if (entry.until !== null) {
      this.#later(entry, entry.until - entry.since, () => this.#heal(entry));
    }
    return said(`${entry.id} ${entry.statement}`);
  }

  #entryOf({ shown, picked, steps, isRandom }: Plan, options: FaultOptions, seed: number): Entry {
    const since = this.#host.now();
    const ends = steps.map(({ afterMs, forMs }) => (forMs === null ? Number.POSITIVE_INFINITY : afterMs + forMs));
    const forMs = Math.min(options.forMs ?? Number.POSITIVE_INFINITY, Math.max(...ends));
    return {
      id: options.name ?? `f${++this.#begun}`,
      kind: shown.kind,
      statement: formatFault(shown, { ...options, seed: isRandom ? seed : options.seed }),
      identity: formatFault(shown, { ...options, name: null, seed: null }),
      servers: picked.filter((one): one is ServerIndex => one !== 'broker'),
      since,
      until: forMs === Number.POSITIVE_INFINITY ? null : since + forMs,
      heals: new Set(),
      timers: new Set(),
    };
  }

  #run(entry: Entry, { afterMs, forMs, action }: Step, prng: Prng): void {
    const seed = prng.uint32();
    const act = (): void => {
      const heal = this.#host.actions.begin(action, seed, () => this.#heal(entry));
      entry.heals.add(heal);
      if (forMs === null) return;
      this.#later(entry, forMs, () => {
        if (entry.heals.delete(heal)) heal();
      });
    };
    if (afterMs === 0) act();
    else this.#later(entry, afterMs, act);
  }

  #later(entry: Entry, delayMs: number, run: () => void): void {
    if (delayMs > TIMER_MS_MAX) return;
    const cancel = this.#host.after(delayMs, () => {
      entry.timers.delete(cancel);
      run();
    });
    entry.timers.add(cancel);
  }

  #healed(what: Healed): Result<Said, KvError> {
    if (what.kind === 'all') return said(`healed ${this.healAll()}`);
    if (what.kind === 'of-kind') return said(`healed ${this.#healWhere(({ kind }) => kind === what.fault)}`);
    const [first, ...others] = what.selector;
    const name = others.length === 0 && first?.kind === 'name' ? first.name : null;
    // What AS named is the fault of that name; a name that no fault has any more heals nothing.
    if (name !== null && serverIndex(name, this.#host.view().servers) === null) {
      return said(`healed ${this.#healWhere(({ id }) => id === name)}`);
    }
    const servers = this.servers(what.selector);
    if (!servers.ok) return fail('BADFAULT', servers.error);
    return said(`healed ${this.#healWhere((entry) => isAbout(entry, servers.value))}`);
  }

  #healWhere(isMeant: (entry: Entry) => boolean): number {
    const meant = [...this.#entries.values()].filter(isMeant);
    for (const entry of meant) this.#heal(entry);
    return meant.length;
  }

  #heal(entry: Entry): void {
    // Its name may be another one's by now.
    if (this.#entries.get(entry.id) !== entry) return;
    this.#entries.delete(entry.id);
    this.#release(entry);
    this.#host.onNotice({ kind: 'healed', fault: describe(entry) });
  }

  #release({ timers, heals }: Entry): void {
    for (const cancel of timers) cancel();
    for (const heal of heals) heal();
  }
}

/** What is over when it has happened: nothing of it can be healed. */
const AT_ONCE: ReadonlySet<FaultKind> = new Set(['oom', 'bitflip', 'truncate']);

/** What a server's new start ends. */
const OF_LIVES: ReadonlySet<FaultKind> = new Set(['crash', 'power', 'wipe', 'hang', 'slow', 'throw', 'flap']);

function isAbout({ servers }: ActiveFault, wanted: readonly ServerIndex[]): boolean {
  return servers.some((server) => wanted.includes(server));
}

function said(text: string): Result<Said, KvError> {
  return ok({ text });
}

function describe({ id, kind, statement, servers, since, until }: Entry): ActiveFault {
  return { id, kind, statement, servers, since, until };
}
