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
  /** Keys that go by themselves, most of the time. */
  readonly fleeting: number;
  /** How often updates are asked, where 1 is usual. */
  readonly updates: number;
  readonly thinkMs: number;
};

type Kind = 'set' | 'delete' | 'insert' | 'get' | 'bulk' | 'query' | 'compute' | 'scan' | 'update' | 'fleet';

/** How often each kind is asked where nothing is drawn otherwise. */
const USUAL: Readonly<Record<Exclude<Kind, 'update' | 'fleet'>, number>> = {
  set: 30,
  delete: 6,
  insert: 4,
  get: 26,
  bulk: 14,
  query: 12,
  compute: 4,
  scan: 4,
};

const KINDS = Object.keys(USUAL) as readonly (keyof typeof USUAL)[];

const ALL_KINDS: readonly Kind[] = [...KINDS, 'update', 'fleet'];

/** How often updates, and writes of keys that go by themselves, are asked where they are asked. */
const UPDATES = 20;
const FLEETING = 14;

/** Milliseconds after which a key goes by itself, at most. */
export const LIFE_MS_MAX = 3_000;

/** Entries of a page of a scan, at most. */
const PAGE_LIMITS = [1, 2, 5, 100] as const;

/** Keys of one COMPUTE, at most: so many values fit into one number. */
const COMPUTE_KEYS_MAX = 4;

export class WorkloadMix {
  /** Every key there is. */
  readonly keys: readonly string[];
  readonly #registers: readonly string[];
  readonly #family: readonly string[];
  readonly #fleeting: readonly string[];
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
    this.#fleeting = Array.from({ length: options.fleeting }, (_, i) => `x${i}`);
    this.keys = [...this.#registers, ...this.#family, ...this.#fleeting];
    const usual = KINDS.map((kind) => USUAL[kind] * (kind === 'get' ? 1 : prng.pick([0, 1, 1, 1, 3])));
    this.#weights = [...usual, UPDATES * options.updates, this.#fleeting.length > 0 ? FLEETING : 0];
    const steepness = prng.pick([0, 1, 2]);
    let sum = 0;
    this.#heat = this.#registers.map((_, i) => {
      sum += 1 / (i + 1) ** steepness;
      return sum;
    });
    this.#whole = prng.pick([0, 0.5, 1]);
    this.#mixed = prng.pick([0, 0.1, 0.5]);
  }

  /** The next operation of some client; `wallMs`: what the clock of the broker shows. */
  next(wallMs: number): Action {
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
      case 'update':
        return { kind, writes: this.#update(), onMissing: this.#prng.pick(['write', 'leave']) };
      case 'fleet': {
        const lifeMs = this.#prng.float() * this.#prng.pick([LIFE_MS_MAX / 100, LIFE_MS_MAX / 10, LIFE_MS_MAX]);
        const key = this.#prng.pick(this.#fleeting);
        return { kind: 'set', key, value: this.#value(), expiresAtMs: Math.floor(wallMs + lifeMs) };
      }
      default:
        return kind satisfies never;
    }
  }

  #kind(): Kind {
    let dice = this.#prng.float() * this.#weights.reduce((sum, weight) => sum + weight, 0);
    for (const [i, kind] of ALL_KINDS.entries()) {
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
    if (this.#fleeting.length > 0 && prng.chance(0.3)) return prng.pick(this.#fleeting);
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

  /** One key, as a counter, or two, as a transfer between accounts, or some. */
  #update(): Write[] {
    const prng = this.#prng;
    const dice = prng.float();
    const keys = dice < 0.5 ? [this.#key()] : dice < 0.8 ? [this.#key(), prng.pick(this.#family)] : this.#some(4);
    return [...new Set(keys)].map((key): Write => [key, this.#value()]);
  }

  #scan(): Action {
    const prng = this.#prng;
    const prefix = this.#fleeting.length > 0 && prng.chance(0.3) ? 'x' : prng.pick(['r', 'f', 'r1']);
    const after = prng.chance(0.5) ? '' : prng.pick(this.keys);
    return { kind: 'scan', prefix, after: after.startsWith(prefix) ? after : '', limit: prng.pick(PAGE_LIMITS) };
  }
}
