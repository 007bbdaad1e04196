/**
 * One LOAD of a script: clients that ask at a rate, each one thing at a time. The rate is that of the arrivals, not of
 * the answers: who arrives while every client waits is held back and counted. A client that waits too long gives up;
 * nobody knows what became of its operation, and it goes on under another number, as another process of the history.
 */
import type { Prng } from '../lib/prng.ts';
import type { LoadAction, ScriptHost } from './script-host.ts';
import type { Statistics } from './statistics.ts';
import type { Load, LoadOperation } from './syntax.ts';

/** What the loads of a run share: no value is written twice, no number is that of two clients. */
export type LoadShares = {
  readonly host: ScriptHost;
  readonly statistics: Statistics;
  readonly prng: Prng;
  /** Keys that were ever written, for the last look. */
  readonly touched: Set<string>;
  patienceMs(): number;
  nextClient(): number;
  nextValue(): string;
};

const KEYS_TOGETHER_MAX = 5;

export class LoadGenerator {
  readonly load: Load;
  readonly #shares: LoadShares;
  readonly #onIdle: () => void;
  readonly #idle: number[] = [];
  readonly #prng: Prng;
  readonly #startMs: number;
  readonly #weights: number;
  #arrived = 0;
  #busy = 0;
  #stoppedMs: number | null = null;

  /** `onIdle`: stopped, and nobody waits any more. */
  constructor(load: Load, shares: LoadShares, onIdle: () => void) {
    this.load = load;
    this.#shares = shares;
    this.#onIdle = onIdle;
    this.#prng = shares.prng.fork(load.clients);
    this.#startMs = shares.host.now();
    this.#weights = load.mix.reduce((sum, { weight }) => sum + weight, 0);
    for (let i = 0; i < load.clients; i++) this.#idle.push(shares.nextClient());
    this.#next();
  }

  /** When it was stopped, or null. */
  get stoppedMs(): number | null {
    return this.#stoppedMs;
  }

  /** Stopped, and nobody waits any more. */
  get isIdle(): boolean {
    return this.#stoppedMs !== null && this.#busy === 0;
  }

  /** No new operations. */
  stop(): void {
    if (this.#stoppedMs !== null) return;
    this.#stoppedMs = this.#shares.host.now();
    if (this.#busy === 0) this.#onIdle();
  }

  #next(): void {
    const { host } = this.#shares;
    const dueMs = this.#startMs + ((this.#arrived + 1) * 1_000) / this.load.rate;
    host.after(Math.max(0, dueMs - host.now()), () => {
      if (this.#stoppedMs !== null) return;
      // A timer that comes late brings all who arrived meanwhile.
      const arrivedByNow = Math.max(
        this.#arrived + 1,
        Math.floor(((host.now() - this.#startMs) * this.load.rate) / 1_000),
      );
      while (this.#arrived < arrivedByNow) this.#arrive();
      this.#next();
    });
  }

  #arrive(): void {
    this.#arrived++;
    const client = this.#idle.shift();
    if (client === undefined) {
      this.#shares.statistics.totals.heldBack++;
      return;
    }
    const { host, statistics } = this.#shares;
    const operation = this.#operation();
    const beganMs = host.now();
    let isOver = false;
    this.#busy++;
    const end = (nextClient: number): boolean => {
      if (isOver) return false;
      isOver = true;
      cancel();
      this.#busy--;
      this.#idle.push(nextClient);
      return true;
    };
    const cancel = host.after(this.#shares.patienceMs(), () => {
      if (!end(this.#shares.nextClient())) return;
      giveUp();
      statistics.add(operation, beganMs, host.now(), { type: 'info', code: 'NOANSWER', uncertain: false });
      this.#settle();
    });
    const giveUp = host.submit(client, this.#action(operation), (outcome) => {
      if (!end(outcome.type === 'info' ? this.#shares.nextClient() : client)) return;
      statistics.add(operation, beganMs, host.now(), outcome);
      this.#settle();
    });
  }

  #settle(): void {
    if (this.isIdle) this.#onIdle();
  }

  #operation(): LoadOperation {
    let at = this.#prng.below(this.#weights);
    for (const { operation, weight } of this.load.mix) {
      if (at < weight) return operation;
      at -= weight;
    }
    return 'get';
  }

  #action(operation: LoadOperation): LoadAction {
    switch (operation) {
      case 'get':
        return { kind: 'get', key: this.#key() };
      case 'delete':
        return { kind: 'delete', key: this.#written(this.#key()) };
      case 'set':
        return { kind: 'set', key: this.#written(this.#key()), value: this.#shares.nextValue() };
      case 'bulk':
        return {
          kind: 'bulk',
          writes: this.#keys().map((key) => [this.#written(key), this.#shares.nextValue()] as const),
        };
      case 'mget':
        return { kind: 'getMany', keys: this.#keys(), by: 'query' };
      default:
        return operation satisfies never;
    }
  }

  #key(): string {
    return `${this.#shares.host.keyPrefix}key${this.#prng.below(this.load.keys)}`;
  }

  /** Several different keys, as far as there are several. */
  #keys(): string[] {
    const wanted = Math.min(this.load.keys, this.#prng.between(2, KEYS_TOGETHER_MAX));
    const keys = new Set<string>();
    while (keys.size < wanted) keys.add(this.#key());
    return [...keys];
  }

  #written(key: string): string {
    this.#shares.touched.add(key);
    return key;
  }
}
