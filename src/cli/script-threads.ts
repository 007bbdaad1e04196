/** Fault scripts in real time: the host that the runner of src/faults asks, over a cluster of threads. */
import { CoppiceError } from '../client/error.ts';
import type {
  FaultAnswer,
  FaultSight,
  LoadAction,
  LoadOutcome,
  ScriptHost,
  ServerSight,
} from '../faults/script-host.ts';
import { formatFaultStatement } from '../faults/format.ts';
import { parseFault } from '../faults/parse-fault.ts';
import { type ClusterView, Picker } from '../faults/picker.ts';
import type { Check, FaultStatement, Selector } from '../faults/syntax.ts';
import { namedBy, resolve } from '../faults/resolve.ts';
import { Prng } from '../lib/prng.ts';
import { ok, type Result } from '../lib/result.ts';
import { ERRORS, type ErrorCode, fail } from '../model/errors.ts';
import { type ServerIndex, serverName } from '../model/ids.ts';
import type { ClusterStatus } from '../model/status.ts';
import type { Neighbour } from '../faults/action.ts';
import { ScriptHistory } from '../sim/script-history.ts';
import { commandOf } from '../sim/workload-commands.ts';
import type { ScriptTarget } from './script-target.ts';

/** Milliseconds between two looks at the cluster. */
const LOOK_MS = 20;

/** By server, points that it passed, and how often. */
export type PassedPoints = { readonly [server: string]: { readonly [point: string]: number } };

export class ThreadScriptHost implements ScriptHost {
  readonly lookMs = LOOK_MS;
  readonly keyPrefix: string;
  readonly history = new ScriptHistory(() => this.now());
  readonly #target: ScriptTarget;
  readonly #prng: Prng;
  readonly #seeds: Prng;
  /** Servers by the names that AS gave. */
  readonly #names = new Map<string, readonly Neighbour[]>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Times in the report and in what it tells of operations begin here. */
  readonly #startMs = performance.now();
  #status: ClusterStatus;
  #points: PassedPoints;
  #arePointsAsked = false;
  #isClosed = false;

  constructor(
    target: ScriptTarget,
    status: ClusterStatus,
    { seed, keyPrefix, points }: { readonly seed: number; readonly keyPrefix: string; readonly points: PassedPoints },
  ) {
    this.keyPrefix = keyPrefix;
    this.#target = target;
    this.#status = status;
    this.#points = points;
    this.#prng = new Prng(seed);
    this.#seeds = this.#prng.fork(1);
    this.#poll();
  }

  /** Lets go of every timer. */
  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  now(): number {
    return performance.now() - this.#startMs;
  }

  after(delayMs: number, run: () => void): () => void {
    if (this.#isClosed) return () => {};
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, delayMs);
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
      clearTimeout(timer);
    };
  }

  fault(statement: FaultStatement, answer: FaultAnswer): void {
    this.#target
      .fault(formatFaultStatement(this.#seeded(statement)))
      .then(async (text) => {
        this.#learn(statement, text);
        // Whoever looks next sees what the statement did.
        this.#status = await this.#target.status();
        return ok(text);
      })
      .catch((error: unknown) => failureOf(error))
      .then(answer)
      .catch((error: unknown) => this.#broken(error));
  }

  active(): readonly FaultSight[] {
    return this.#status.faults.map(({ id, statement, until }) => ({
      id,
      statement,
      until: until === null ? null : this.now() + Date.parse(until) - Date.now(),
    }));
  }

  servers(): readonly ServerSight[] {
    return this.#status.servers.map(({ state, role }) => ({ state, isLeader: role === 'leader' }));
  }

  passed(server: ServerIndex, point: string): number {
    this.#arePointsAsked = true;
    return this.#points[serverName(server)]?.[point] ?? 0;
  }

  pick(selector: Selector): Result<readonly ServerIndex[], string> {
    const picked = new Picker(this.#view(), this.#names, this.#prng).pick(selector);
    return picked.ok ? ok(picked.value.filter((one): one is ServerIndex => one !== 'broker')) : picked;
  }

  isWhole(): boolean {
    return this.#status.servers.every(({ state }) => state === 'up');
  }

  /** Nobody looks into a thread: a server is up when it has caught up. */
  differences(): readonly string[] {
    return [];
  }

  cannotCheck({ kind }: Check): string | null {
    if (kind === 'mailbox' || kind === 'log') return `${kind} is not seen from here: it is for the simulator`;
    if ((kind === 'rss' || kind === 'unhandled') && !this.#target.isHere) {
      return `${kind} is of another process: run the script without --port`;
    }
    return null;
  }

  /** A host says itself what it lacks. */
  cannotInject(): string | null {
    return null;
  }

  cannotSee(): string | null {
    return null;
  }

  rssBytes(): number {
    return process.memoryUsage.rss();
  }

  /** One of them would have ended this process. */
  unhandled(): number {
    return 0;
  }

  mailbox(): number {
    return 0;
  }

  hasLogged(): boolean {
    return false;
  }

  ask(line: string, answer: (line: string) => void): void {
    this.#target.ask(line, answer);
  }

  submit(client: number, action: LoadAction, done: (outcome: LoadOutcome) => void): () => void {
    const open = this.history.begin(client, action);
    let isOver = false;
    this.#target.submit(client, commandOf(action), (reply) => {
      if (isOver) return;
      isOver = true;
      done(reply instanceof CoppiceError ? open.fail(reply.code, reply.outcome === 'indefinite') : open.answer(reply));
    });
    return () => {
      if (isOver) return;
      isOver = true;
      open.giveUp();
    };
  }

  mark(text: string): void {
    this.history.mark(text);
  }

  verdicts() {
    return this.history.verdicts();
  }

  #view(): ClusterView {
    const leader = this.servers().findIndex(({ isLeader }) => isLeader);
    return { servers: this.#status.servers.length, leader: leader < 0 ? null : (leader as ServerIndex) };
  }

  /** A host that runs already draws from a seed of its own: what the script leaves to chance is drawn from the script's. */
  #seeded(statement: FaultStatement): FaultStatement {
    if (statement.kind !== 'fault' || statement.options.seed !== null) return statement;
    const { fault, options } = statement;
    const plan = resolve(fault, options, { view: this.#view(), names: this.#names, prng: new Prng(0) });
    if (!plan.ok || !plan.value.isRandom) return statement;
    return { ...statement, options: { ...options, seed: this.#seeds.uint32() } };
  }

  #poll(): void {
    this.after(LOOK_MS, () => {
      this.#see()
        .catch((error: unknown) => this.#broken(error))
        .finally(() => this.#poll());
    });
  }

  async #see(): Promise<void> {
    this.#status = await this.#target.status();
    if (this.#arePointsAsked) this.#points = await passedPoints(this.#target);
  }

  /** What was drawn for a name stands in the answer. */
  #learn(statement: FaultStatement, answer: string): void {
    const name = statement.kind === 'fault' ? statement.options.name : null;
    if (name === null) return;
    const servers = this.#status.servers.length;
    const said = parseFault(answer.slice(answer.indexOf(' ') + 1), {
      servers,
      mode: this.#status.mode,
      names: new Set(),
    });
    if (!said.ok || said.value.kind !== 'fault') return;
    const named = this.pick(namedBy(said.value.fault));
    if (named.ok) this.#names.set(name, named.value);
  }

  /** A cluster that does not answer is as good as down. */
  #broken(_error: unknown): void {
    const servers = this.#status.servers.map((server) => ({ ...server, state: 'down' as const }));
    this.#status = { ...this.#status, servers };
  }
}

/** How often each point was passed so far. Rejects with an error that has a code, FAULTSOFF where no faults can be. */
export async function passedPoints(target: ScriptTarget): Promise<PassedPoints> {
  return JSON.parse(await target.fault('POINTS')) as PassedPoints;
}

function failureOf(error: unknown): ReturnType<typeof fail> {
  const message = error instanceof Error ? error.message : String(error);
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return fail(Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'UNAVAILABLE', message);
}
