/**
 * The one thread of an actor in virtual time: what happens to the actor is a turn, turns come one after the other, and
 * while the thread hangs or is slow they wait in the order in which they were asked for. Decides nothing.
 */
import { Deque } from '../lib/deque.ts';
import type { EventQueue } from './event-queue.ts';

/** Milliseconds that a turn is taken to last where a fault stretches it. */
const TURN_MS = 0.1;

/** Thrown inside a turn by a fault. */
export class InjectedError extends Error {
  override name = 'InjectedError';
}

export class SimulatedThread {
  readonly #queue: EventQueue;
  readonly #onError: (error: unknown) => void;
  #waiting = new Deque<() => void>();
  readonly #hangs = new Set<object>();
  #slowness = 1;
  #busyUntilMs = 0;
  #toThrow = 0;
  #thrown: () => void = () => undefined;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #isOver = false;

  /** `onError`: what a turn threw; the thread is expected to end. */
  constructor(queue: EventQueue, onError: (error: unknown) => void) {
    this.#queue = queue;
    this.#onError = onError;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isHung(): boolean {
    return this.#hangs.size > 0;
  }

  /** Does `work` in a turn of its own: now if nothing is ahead of it, else in its place. Never, when the thread ends. */
  run(work: () => void): void {
    if (this.#isOver) return;
    if (this.#isBusy() || this.#waiting.size > 0) {
      this.#waiting.push(work);
      this.#wakeSoon();
    } else {
      this.#turn(work);
    }
  }

  /** Does nothing until the answer is called, or so many milliseconds have passed. */
  hang(forMs: number | null): () => void {
    const hang = {};
    this.#hangs.add(hang);
    const end = (): void => {
      if (this.#hangs.delete(hang)) this.#drain();
    };
    if (forMs !== null) this.#queue.after(forMs, end);
    return end;
  }

  /** Each turn lasts so many times as long; 1 is the end of it. */
  slow(factor: number): void {
    this.#slowness = factor;
    if (factor === 1) this.#busyUntilMs = 0;
    this.#drain();
  }

  /** The next turns throw; `thrown` is called by the last of them. */
  throwNext(count: number, thrown: () => void = () => undefined): void {
    this.#toThrow = count;
    this.#thrown = thrown;
  }

  /** No turn begins any more. */
  end(): void {
    this.#isOver = true;
    this.#waiting = new Deque();
  }

  #isBusy(): boolean {
    return this.#hangs.size > 0 || this.#busyUntilMs > this.#queue.nowMs;
  }

  #drain(): void {
    while (!this.#isOver && !this.#isBusy()) {
      const work = this.#waiting.shift();
      if (work === undefined) return;
      this.#turn(work);
    }
    this.#wakeSoon();
  }

  #turn(work: () => void): void {
    if (this.#slowness > 1) this.#busyUntilMs = this.#queue.nowMs + TURN_MS * (this.#slowness - 1);
    try {
      if (this.#toThrow > 0) {
        if (--this.#toThrow === 0) this.#thrown();
        throw new InjectedError('a fault threw in its handler');
      }
      work();
    } catch (error) {
      this.#onError(error);
    }
  }

  #wakeSoon(): void {
    if (this.#hangs.size > 0 || this.#waiting.size === 0 || this.#isOver) return;
    if (this.#wakeAtMs <= this.#busyUntilMs && this.#wakeAtMs > this.#queue.nowMs) return;
    const atMs = this.#busyUntilMs;
    this.#wakeAtMs = atMs;
    this.#queue.after(Math.max(0, atMs - this.#queue.nowMs), () => {
      if (this.#wakeAtMs === atMs) this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.#drain();
    });
  }
}
