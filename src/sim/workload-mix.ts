/**
 * What the clients of one seed ask: which kinds of operations and how often, of which keys, how hot the hottest ones
 * are. Drawn so that in many seeds some kinds are missing and others are common. Values are counted up: no two writes
 * of a run write the same one.
 */
import type { Prng } from '../lib/prng.ts';
import type { Action, Write } from './history.ts';

export type WorkloadOptions = {
  readonly clients: number;
  /** Keys that are written one by one, and keys that are mostly written together. */
  readonly registers: number;
  readonly family: number;
  readonly thinkMs: number;
};

type Kind = 'set' | 'delete' | 'insert' | 'get' | 'bulk' | 'query' | 'compute' | 'scan';

/** How often each kind is asked where nothing is drawn otherwise. */
const USUAL: Readonly<Record<Kind, number>> = {
  set: 30,
  delete: 6,
  insert: 4,
  get: 26,
  bulk: 14,
  query: 12,
  compute: 4,
  scan: 4,
};

const KINDS = Object.keys(USUAL) as readonly Kind[];

/** Entries of a page of a scan, at most. */
const PAGE_LIMITS = [1, 2, 5, 100] as const;

/** Keys of one COMPUTE, at most: so many values fit into one number. */
const COMPUTE_KEYS_MAX = 4;

export class WorkloadMix {
  /** Every key there is. */
  readonly keys: readonly string[];
  readonly #registers: readonly string[];
  readonly #family: readonly string[];
  readonly #weights: readonly number[];
  readonly #prng: Prng;
  /** Running sums of how hot the registers are. */
  readonly #heat: readonly number[];
  /** Chance that a bulk writes the whole family, that one takes a register along, and that a register is any key. */
  readonly #whole: number;
  readonly #mixed: number;
  #values = 0;

  constructor(options: WorkloadOptions, prng: Prng) {
    this.#prng = prng;
    this.#registers = Array.from({ length: options.registers }, (_, i) => `r${i}`);
    this.#family = Array.from({ length: options.family }, (_, i) => `f${i}`);
    this.keys = [...this.#registers, ...this.#family];
    this.#weights = KINDS.map((kind) => USUAL[kind] * (kind === 'get' ? 1 : prng.pick([0, 1, 1, 1, 3])));
    const steepness = prng.pick([0, 1, 2]);
    let sum = 0;
    this.#heat = this.#registers.map((_, i) => {
      sum += 1 / (i + 1) ** steepness;
      return sum;
    });
    this.#whole = prng.pick([0, 0.5, 1]);
    this.#mixed = prng.pick([0, 0.1, 0.5]);
  }

  /** The next operation of some client. */
  next(): Action {
    const kind = this.#kind();
    switch (kind) {
      case 'set':
      case 'insert':
        return { kind, key: this.#key(), value: this.#value() };
      case 'delete':
      case 'get':
        return { kind, key: this.#key() };
      case 'bulk':
        return { kind, writes: this.#bulk() };
      case 'query':
        return { kind: 'getMany', keys: this.#some(this.keys.length), by: kind };
      case 'compute':
        return { kind: 'getMany', keys: this.#some(COMPUTE_KEYS_MAX), by: kind };
      case 'scan':
        return this.#scan();
      default:
        return kind satisfies never;
    }
  }

  #kind(): Kind {
    let dice = this.#prng.float() * this.#weights.reduce((sum, weight) => sum + weight, 0);
    for (const [i, kind] of KINDS.entries()) {
      dice -= this.#weights[i] as number;
      if (dice < 0) return kind;
    }
    return 'get';
  }

  #value(): string {
    return String(++this.#values);
  }

  /** One key: mostly a register, the hot ones more often than the others; sometimes one of the family. */
  #key(): string {
    const prng = this.#prng;
    if (prng.chance(this.#mixed / 2)) return prng.pick(this.#family);
    const dice = prng.float() * (this.#heat.at(-1) as number);
    return this.#registers[this.#heat.findIndex((sum) => dice < sum)] as string;
  }

  /** Several keys, most often of the family. */
  #some(most: number): string[] {
    const prng = this.#prng;
    const from = prng.chance(this.#mixed) ? this.keys : this.#family;
    const count = prng.chance(this.#whole) ? from.length : prng.between(1, from.length);
    return prng.shuffle(from).slice(0, Math.min(most, count));
  }

  #bulk(): Write[] {
    const value = this.#value();
    const writes = this.#some(this.keys.length).map((key): Write => [key, value]);
    const [first] = writes;
    // A key that comes twice: only its last value may ever be seen.
    if (first !== undefined && this.#prng.chance(0.05)) writes.unshift([first[0], this.#value()]);
    return writes;
  }

  #scan(): Action {
    const prng = this.#prng;
    const prefix = prng.pick(['r', 'f', 'r1']);
    const after = prng.chance(0.5) ? '' : prng.pick(this.keys);
    return { kind: 'scan', prefix, after: after.startsWith(prefix) ? after : '', limit: prng.pick(PAGE_LIMITS) };
  }
}
