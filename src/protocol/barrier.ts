/**
 * The requests of one connection that must not run beside others: each waits until everything asked earlier is answered,
 * and what is asked later waits for it and sees what it did. Whoever reads requests asks `isShut` before it runs one, and
 * gives what must wait to `hold`. Knows nothing of what requests are.
 */
import { Deque } from '../lib/deque.ts';

/** What a barrier must know of a conversation. */
export type Conversing = {
  /** Requests that run and have no reply yet. */
  readonly inFlight: number;
  /** Whether no request is wanted any more. */
  readonly isClosing: boolean;
  /** Runs what reads requests: replies that become ready meanwhile wake nobody. */
  reading(read: () => void): void;
};

export class Barrier<Request> {
  readonly #talk: Conversing;
  readonly #run: (request: Request) => boolean;
  #held = new Deque<Request>();
  /** Whether one acts that must be alone. */
  #isAlone = false;

  /** `run` runs a request that was held, and answers whether it did: false when the request must wait on. */
  constructor(talk: Conversing, run: (request: Request) => boolean) {
    this.#talk = talk;
    this.#run = run;
  }

  /** Requests that wait. */
  get size(): number {
    return this.#held.size;
  }

  /** Whether a request that comes now has to wait. */
  get isShut(): boolean {
    return this.#isAlone || this.#held.size > 0;
  }

  /** Keeps a request for later; its memory must be its own. */
  hold(request: Request): void {
    this.#held.push(request);
  }

  /** A request was just run that must be alone: until it is answered, what comes has to wait. */
  shut(): void {
    this.#isAlone = this.#talk.inFlight > 0;
  }

  /** Goes on with what was held as far as it need not wait; to be called when replies became ready. */
  resume(): void {
    if (this.#talk.inFlight > 0) return;
    this.#isAlone = false;
    if (this.#held.size > 0) this.#talk.reading(() => this.#runHeld());
  }

  /** Forgets what waits. */
  clear(): void {
    this.#held = new Deque();
  }

  #runHeld(): void {
    for (let request = this.#held.peek(); request !== undefined; request = this.#held.peek()) {
      if (this.#talk.isClosing) {
        this.clear();
        return;
      }
      if (this.#isAlone || !this.#run(request)) return;
      this.#held.shift();
    }
  }
}
