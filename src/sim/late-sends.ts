/**
 * A thread that sleeps in the middle of a turn, in virtual time: the rest of the turn is played at once, but what it sends
 * leaves when the sleep would be over, before anything that a later turn sends.
 */
import { Deque } from '../lib/deque.ts';
import type { EventQueue } from './event-queue.ts';
import type { SimulatedThread } from './thread.ts';

type Late = { readonly atMs: number; readonly send: () => void };

export class LateSends {
  readonly #queue: EventQueue;
  readonly #late = new Deque<Late>();
  #awakeMs = 0;

  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  /** Sleeps again for so long, after the sleeps of this turn so far. */
  sleep(ms: number, thread: SimulatedThread): void {
    const { nowMs } = this.#queue;
    this.#awakeMs = Math.max(this.#awakeMs, nowMs) + ms;
    thread.hang(this.#awakeMs - nowMs);
  }

  /** Whether what is sent now must wait. */
  get isAsleep(): boolean {
    return this.#late.size > 0 || this.#awakeMs > this.#queue.nowMs;
  }

  /** Sends when the sleep is over. */
  push(send: () => void): void {
    const { nowMs } = this.#queue;
    const atMs = Math.max(this.#awakeMs, nowMs);
    this.#late.push({ atMs, send });
    this.#queue.after(atMs - nowMs, () => this.#leave());
  }

  #leave(): void {
    for (;;) {
      const first = this.#late.peek();
      if (first === undefined || first.atMs > this.#queue.nowMs) return;
      this.#late.shift();
      first.send();
    }
  }
}
