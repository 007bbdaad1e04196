/**
 * The clocks of one simulated actor (reliability.md 3.5): a monotonic one that may run fast or slow, and a wall clock
 * that may also be wrong and jump. Both stand on the virtual time of the queue.
 */
import type { EventQueue } from './event-queue.ts';

/** Wall-clock milliseconds since 1970 at the beginning of virtual time: the year 2030 begins. */
const BEGINNING_MS = 1_893_456_000_000;

export class SimulatedClock {
  /** Is called before and after every jump of the wall clock. */
  onJump: () => void = () => {};
  #skewMs = 0;
  readonly #queue: EventQueue;
  #rate = 1;
  /** Where both stood when the rate last changed. */
  #sinceMs = 0;
  #monotonicMs = 0;

  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  /** How far the wall clock is off. */
  get skewMs(): number {
    return this.#skewMs;
  }

  set skewMs(skewMs: number) {
    this.onJump();
    this.#skewMs = skewMs;
    this.onJump();
  }

  /** How many of its seconds a second takes. */
  get rate(): number {
    return this.#rate;
  }

  /** Milliseconds that only grow. */
  monotonicMs(): number {
    return this.#monotonicMs + (this.#queue.nowMs - this.#sinceMs) * this.#rate;
  }

  /** Milliseconds since 1970, as this actor believes. */
  wallMs(): number {
    return BEGINNING_MS + this.monotonicMs() + this.skewMs;
  }

  /** From now on a second of it takes 1/rate seconds. */
  drift(rate: number): void {
    this.#monotonicMs = this.monotonicMs();
    this.#sinceMs = this.#queue.nowMs;
    this.#rate = rate;
  }
}
