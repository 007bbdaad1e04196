/** A link in virtual time: every frame takes its time, none overtakes another, and a closed link delivers nothing. */
import type { EventQueue } from './event-queue.ts';

export class SimulatedLink {
  readonly #queue: EventQueue;
  readonly #delayMs: () => number;
  readonly #deliver: (frame: Uint8Array) => void;
  #lastAtMs = 0;
  #closed = false;

  constructor(queue: EventQueue, delayMs: () => number, deliver: (frame: Uint8Array) => void) {
    this.#queue = queue;
    this.#delayMs = delayMs;
    this.#deliver = deliver;
  }

  send(frame: Uint8Array): void {
    if (this.#closed) return;
    const copy = frame.slice();
    const atMs = Math.max(this.#lastAtMs, this.#queue.nowMs + this.#delayMs());
    this.#lastAtMs = atMs;
    this.#queue.after(atMs - this.#queue.nowMs, () => {
      if (!this.#closed) this.#deliver(copy);
    });
  }

  close(): void {
    this.#closed = true;
  }
}
