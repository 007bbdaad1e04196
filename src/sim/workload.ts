/**
 * Clients of a simulated cluster: each asks one thing after the other, thinks in between, and everything that they ask
 * and are told is written down as a history, for the checkers to judge. A client whose operation may still happen goes
 * on under a new name, as a new process.
 */
import { isIndefinite } from '../model/errors.ts';
import { DEADLINE_MS } from '../model/limits.ts';
import type { Reply } from '../model/commands.ts';
import type { Placement } from '../routing/placement.ts';
import { checkHistory } from './checkers/check.ts';
import type { Ledger } from './checkers/ledger.ts';
import { type Action, type Answer, type HistoryEvent, NO_ANSWER, type Observation, type Truth } from './history.ts';
import { answerOf, commandOf, updateOf } from './workload-commands.ts';
import { LIFE_MS_MAX, WorkloadMix, type WorkloadOptions } from './workload-mix.ts';
import type { SimulatedWorld } from './world.ts';

export type { WorkloadOptions } from './workload-mix.ts';

export type Tally = { acknowledged: number; refused: number; unknown: number; uncertain: number; reads: number };

/** What an onlooker knows that no client can: where keys are, and how the servers really are (null: nobody can say). */
export type Onlooker = {
  readonly placement: Placement;
  /** Whether a delete is refused while any server is down. */
  readonly isStrict: boolean;
  readonly ledger: Ledger;
  truth(): Truth | null;
};

/** Milliseconds that a client waits: past the deadlines of a look and of the write that waits for it. */
const PATIENCE_MS = DEADLINE_MS * 3;

/** How often, and how much later, the last reads ask again when the broker is busy. */
const BUSY_TRIES_MAX = 20;
const BUSY_MS = 50;

/** Milliseconds within which the broker must answer: an insert is a look and then a write, each with its deadline. */
const ANSWER_MS_MAX = DEADLINE_MS * 2.5;

/** Milliseconds within which the broker hears of the end of a server's life, also when its own thread hangs meanwhile. */
const NOTICE_MS = 5_000;

export class Workload {
  readonly tally: Tally = { acknowledged: 0, refused: 0, unknown: 0, uncertain: 0, reads: 0 };
  readonly history: HistoryEvent[] = [];
  readonly #world: SimulatedWorld;
  readonly #onlooker: Onlooker | null;
  readonly #mix: WorkloadMix;
  /** Milliseconds that a key may have a time for; 0 where none has. */
  readonly fleetingMs: number;
  #processes = 0;
  #stopped = false;

  constructor(world: SimulatedWorld, options: WorkloadOptions, onlooker: Onlooker | null = null) {
    this.#world = world;
    this.#onlooker = onlooker;
    const prng = world.prng.fork(1);
    this.#mix = new WorkloadMix(options, prng.fork(1));
    this.fleetingMs = options.fleeting > 0 ? LIFE_MS_MAX : 0;
    for (let client = 0; client < options.clients; client++) {
      const thinking = prng.fork(2 + client);
      this.#work(this.#processes++, () => thinking.float() * options.thinkMs);
    }
  }

  /** No new operations; those in flight end or stay unknown. */
  stop(): void {
    this.#stopped = true;
  }

  /** Writes down what was done to the cluster. */
  onFault(what: string): void {
    this.history.push({ type: 'fault', atMs: this.#world.queue.nowMs, text: what, ...this.#wall() });
  }

  /** Reads everything once more, as one client. The store must be whole: an answer that is not certain is reported. */
  readAll(): string[] {
    const problems: string[] = [];
    for (const key of this.#mix.keys) {
      let answer = this.#read(key);
      // The expiry of other keys is a request too, and fills a short queue for a moment.
      for (let tries = 1; isBusy(answer) && tries < BUSY_TRIES_MAX; tries++) {
        this.#world.queue.run(BUSY_MS);
        answer = this.#read(key);
      }
      if (answer === null || answer.kind !== 'found' || answer.notes.uncertain) {
        const said = answer === null ? 'no answer' : answer.kind === 'failed' ? answer.error.message : 'uncertain';
        problems.push(`${key} was not read for sure at the end: ${said}`);
      }
    }
    return problems;
  }

  #read(key: string): Reply | null {
    let reply: Reply | null = null;
    this.#ask(this.#processes++, { kind: 'get', key }, (answer) => {
      reply = answer;
    });
    this.#world.queue.runUntil(() => reply !== null, PATIENCE_MS);
    return reply;
  }

  /** What contradicts the promises. */
  violations(): readonly string[] {
    const placement = this.#onlooker?.placement ?? null;
    const isStrict = this.#onlooker?.isStrict === true;
    const promises =
      placement === null ? null : { placement, deadlineMs: ANSWER_MS_MAX, noticeMs: NOTICE_MS, isStrict };
    return checkHistory(this.history, { promises }).violations;
  }

  #work(client: number, think: () => number): void {
    this.#world.queue.after(think(), () => {
      if (this.#stopped) return;
      this.#ask(client, this.#mix.next(this.#world.wallMs()), (reply) => {
        const goesOn = reply !== null && !(reply.kind === 'failed' && isIndefinite(reply.error.code));
        this.#work(goesOn ? client : this.#processes++, think);
      });
    });
  }

  /** Asks, and writes down both ends; `done` is told what came of it, null when nothing did. */
  #ask(client: number, action: Action, done: (reply: Reply | null) => void): void {
    const { queue } = this.#world;
    this.history.push({
      type: 'invoke',
      process: client,
      atMs: queue.nowMs,
      action,
      ...this.#wall(),
      ...this.#truth(),
    });
    const ledger = this.#onlooker?.ledger ?? null;
    ledger?.onAsked(action);
    let over = false;
    let saw: readonly Observation[] | null = null;
    const end = (reply: Reply | null): void => {
      if (over) return;
      over = true;
      const outcome = this.#outcome(client, action, { reply, saw });
      this.history.push(outcome);
      ledger?.onTold(action, outcome);
      this.#count(action, reply);
      done(reply);
    };
    queue.after(PATIENCE_MS, () => end(null));
    if (action.kind !== 'update') this.#world.submit(commandOf(action), end);
    else {
      const update = updateOf(action, (observations) => {
        saw = observations;
        ledger?.onDecided(action, observations);
      });
      this.#world.update(update, end);
    }
  }

  #outcome(
    client: number,
    action: Action,
    { reply, saw }: { readonly reply: Reply | null; readonly saw: readonly Observation[] | null },
  ): HistoryEvent {
    const warned = reply?.notes.warnings.some((warning) => warning.includes(' servers are down (')) ?? false;
    const ending = { process: client, atMs: this.#world.queue.nowMs, warned, ...this.#wall(), ...this.#truth() };
    const known = saw === null ? {} : { saw };
    if (reply === null) return { type: 'info', code: NO_ANSWER, ...known, ...ending };
    if (reply.kind !== 'failed') {
      const { uncertain } = reply.notes;
      const answer: Answer =
        saw === null ? answerOf(action, reply, this.#mix.keys) : { kind: 'seen', observations: saw };
      return { type: 'ok', answer, uncertain, ...ending };
    }
    const { code } = reply.error;
    return isIndefinite(code) ? { type: 'info', code, ...known, ...ending } : { type: 'fail', code, ...ending };
  }

  #wall(): { readonly wallMs?: number } {
    return this.fleetingMs > 0 ? { wallMs: this.#world.wallMs() } : {};
  }

  #truth(): { readonly truth?: Truth } {
    const truth = this.#onlooker?.truth() ?? null;
    return truth === null ? {} : { truth };
  }

  #count(action: Action, reply: Reply | null): void {
    const isWrite = action.kind !== 'get' && action.kind !== 'getMany' && action.kind !== 'scan';
    if (reply === null) this.tally.unknown++;
    else if (reply.kind === 'failed') this.tally[isIndefinite(reply.error.code) ? 'unknown' : 'refused']++;
    else if (reply.notes.uncertain) this.tally.uncertain++;
    else this.tally[isWrite ? 'acknowledged' : 'reads']++;
  }
}

/** As many requests are in flight as may be. */
export function isBusy(reply: Reply | null): boolean {
  return reply?.kind === 'failed' && reply.error.code === 'BUSY';
}
