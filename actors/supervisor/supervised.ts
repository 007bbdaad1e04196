/**
 * One storage server as its supervisor sees it: a machine, and the thread of the current incarnation. It starts and
 * ends the thread, watches it, and restarts it after a pause that grows. No incarnation starts before the thread of the
 * one before has exited, so no two ever have one directory open.
 */
import type { Worker } from 'node:worker_threads';
import { createActor } from 'xstate';
import type { Prng } from '../../src/lib/prng.ts';
import { backOffMs, GIVEN_UP_MS } from '../../src/lib/restart-policy.ts';
import type { Incarnation, ServerIndex } from '../../src/model/ids.ts';
import type { ControlClient } from '../../src/node/control.ts';
import type { ServerControl, ServerReport } from '../../src/node/server-thread.ts';
import { supervisorMachine } from './machine.ts';

/** Milliseconds that a thread which was told to end may take. */
export const EXIT_TIMEOUT_MS = 5_000;

export type SupervisedState =
  | 'idle'
  | 'starting'
  | 'running'
  | 'ending'
  | 'stuck'
  | 'backingOff'
  | 'givenUp'
  | 'stopped';

/** The thread of one incarnation. */
export type Life = {
  readonly index: ServerIndex;
  readonly incarnation: Incarnation;
  readonly worker: Worker;
  readonly control: ControlClient<ServerControl>;
  /** GATE_WORDS words. */
  readonly gate: Int32Array;
};

export type SupervisedHost = {
  readonly prng: Prng;
  /** A thread for a new incarnation, with its links. What it throws counts as a death. */
  begin(server: ServerIndex, incarnation: Incarnation): Life;
  /** The number of the next incarnation. */
  nextIncarnation(server: ServerIndex): Incarnation;
  onExited(server: ServerIndex, incarnation: Incarnation, reason: string): void;
  onState(server: ServerIndex, state: SupervisedState, incarnation: Incarnation, reason: string): void;
  onReport(server: ServerIndex, report: ServerReport): void;
};

export class Supervised {
  readonly index: ServerIndex;
  readonly #host: SupervisedHost;
  readonly #machine = createActor(supervisorMachine);
  #life: Life | null = null;
  #restartTimer: NodeJS.Timeout | null = null;
  #exitTimer: NodeJS.Timeout | null = null;
  #lastState: SupervisedState = 'idle';
  #waiting: (() => void)[] = [];
  /** What the thread said or threw before it went. */
  #lastWords: string | null = null;

  constructor(index: ServerIndex, host: SupervisedHost) {
    this.index = index;
    this.#host = host;
    this.#machine.subscribe(() => this.#onTransition());
    this.#machine.start();
  }

  get state(): SupervisedState {
    return this.#machine.getSnapshot().value as SupervisedState;
  }

  /** Why it is not running, or was not last time. */
  get reason(): string {
    return this.#machine.getSnapshot().context.reason;
  }

  get illegalEvents(): number {
    return this.#machine.getSnapshot().context.illegalEvents;
  }

  /** The current thread, also while it ends. */
  get life(): Life | null {
    return this.#life;
  }

  get threadId(): number | null {
    return this.#life?.worker.threadId ?? null;
  }

  /** Starts it now, unless it runs or its last thread has not exited. */
  start(): void {
    if (this.#life !== null) return;
    this.#cancelRestart();
    const incarnation = this.#host.nextIncarnation(this.index);
    this.#machine.send({ type: 'START', incarnation });
    const life = this.#begin(incarnation);
    if (life === null) return;
    this.#life = life;
    this.#lastWords = null;
    life.worker.on('message', (report: ServerReport) => this.#onReport(report));
    life.worker.on('error', (error: unknown) => {
      this.#lastWords = error instanceof Error ? error.message : String(error);
    });
    life.worker.once('exit', (code) => this.#onExit(life, code));
  }

  /** Ends the thread at once; it is started again. Settles when it has exited. */
  end(reason: string, options: { readonly asked: boolean }): Promise<void> {
    if (this.#life === null) return Promise.resolve();
    this.#machine.send({ type: 'END', reason, asked: options.asked });
    return this.#terminate();
  }

  /** Ends the thread at once; it stays down until `start`. Settles when it has exited. */
  stop(reason: string): Promise<void> {
    this.#cancelRestart();
    this.#machine.send({ type: 'STOP', reason });
    return this.#life === null ? Promise.resolve() : this.#terminate();
  }

  /** It is about to end by its own code: whatever comes of it, it stays down. */
  stopsItself(reason: string): void {
    this.#cancelRestart();
    this.#machine.send({ type: 'STOP', reason });
    this.#watchExit();
  }

  /** Its earlier deaths had causes that are gone: the next one is the first. */
  pardon(): void {
    this.#machine.send({ type: 'PARDON' });
  }

  /** Settles when no thread runs, or when it does not end. */
  exited(): Promise<void> {
    if (this.#life === null || this.state === 'stuck') return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Null when there is none: a host that may have no more threads now must not end of it. */
  #begin(incarnation: Incarnation): Life | null {
    try {
      return this.#host.begin(this.index, incarnation);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#machine.send({ type: 'EXITED', reason, atMs: performance.now() });
      return null;
    }
  }

  #terminate(): Promise<void> {
    this.#watchExit();
    void this.#life?.worker.terminate();
    return this.exited();
  }

  #watchExit(): void {
    if (this.#life === null) return;
    this.#exitTimer ??= setTimeout(() => this.#machine.send({ type: 'OVERDUE' }), EXIT_TIMEOUT_MS);
  }

  #onReport(report: ServerReport): void {
    if (report.kind === 'online') this.#machine.send({ type: 'ONLINE' });
    if (report.kind === 'failed') this.#lastWords = report.reason;
    this.#host.onReport(this.index, report);
  }

  #onExit(life: Life, code: number): void {
    if (this.#exitTimer !== null) clearTimeout(this.#exitTimer);
    this.#exitTimer = null;
    this.#life = null;
    const { asked, reason: why } = this.#machine.getSnapshot().context;
    const isEnding = asked || this.state === 'ending' || this.state === 'stuck';
    const reason = isEnding ? why : (this.#lastWords ?? `its thread ended with code ${code}`);
    life.control.end(`the thread of incarnation ${life.incarnation} ended: ${reason}`);
    this.#host.onExited(this.index, life.incarnation, reason);
    this.#machine.send({ type: 'EXITED', reason, atMs: performance.now() });
    this.#tellWaiting();
  }

  #tellWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #onTransition(): void {
    const { context } = this.#machine.getSnapshot();
    const { state } = this;
    if (state === this.#lastState) return;
    this.#lastState = state;
    this.#host.onState(this.index, state, context.incarnation as Incarnation, context.reason);
    if (state === 'stuck') this.#tellWaiting();
    if (state === 'backingOff') {
      this.#restartAfter(backOffMs(context.asked ? 0 : context.deathsMs.length, this.#host.prng.float()));
    }
    if (state === 'givenUp') this.#restartAfter(GIVEN_UP_MS);
  }

  #restartAfter(delayMs: number): void {
    this.#restartTimer = setTimeout(() => this.start(), delayMs);
  }

  #cancelRestart(): void {
    if (this.#restartTimer !== null) clearTimeout(this.#restartTimer);
    this.#restartTimer = null;
  }
}
