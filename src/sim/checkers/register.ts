/**
 * The part of a history that one key saw, as steps of a register: what each needs it to hold and what it leaves.
 * Values are numbers here; all that nobody reads look alike.
 */
import { type Transaction, type Written, SOMETHING } from './transaction.ts';

/** The key holds nothing. */
export const NOTHING = 0;
/** It holds a value that no step reads. */
export const UNREAD = 1;
/** A step needs any value at all, or needs nothing to be there or not; a step leaves what was there. */
export const ANY_VALUE = -1;
export const NO_NEED = -2;
export const UNCHANGED = -3;

/** One step: `needs` and `leaves` are values or the words above; `end` is infinite when it may never have happened. */
export type Step = {
  readonly needs: number;
  readonly leaves: number;
  readonly start: number;
  readonly end: number;
};

/**
 * Places of the history: from where on a value may have gone by itself, and from where on it surely has. `returns`: the
 * clock was put back between the two, and so it may be there once more.
 */
export type Going = { readonly mayFrom: number; readonly surelyFrom: number; readonly returns: boolean };

/** When values go by themselves, by the time they were given. */
export type Goings = (expiresAtMs: number) => Going;

/** The steps of one key, the transactions that they are part of, and when which of its values go by themselves. */
export type Register = {
  readonly key: string;
  readonly steps: Step[];
  readonly transactions: Transaction[];
  readonly goings: Map<number, Going>;
};

/** The registers that a history talks about, each with its steps in the order of their starts. */
export function registersOf(transactions: readonly Transaction[], goings: Goings = NEVER): Register[] {
  const builders = new Map<string, Builder>();
  for (const transaction of transactions) {
    for (const { key, value } of transaction.seen) builderOf(builders, key).reads.add(value ?? '');
  }
  for (const transaction of transactions) {
    for (const { key, value } of transaction.seen) {
      // What it read to write it anew is one step.
      if (!transaction.writes.some((write) => write.key === key)) builderOf(builders, key).read(transaction, value);
    }
    if (transaction.writes.length === 0) {
      for (const { key, holds } of transaction.needs) {
        if (holds === SOMETHING) builderOf(builders, key).push(transaction, ANY_VALUE, UNCHANGED);
      }
    }
    for (const written of transaction.writes) builderOf(builders, written.key).write(transaction, written, goings);
  }
  return Array.from(builders.values(), ({ register }) => register);
}

const NEVER: Goings = () => ({
  mayFrom: Number.POSITIVE_INFINITY,
  surelyFrom: Number.POSITIVE_INFINITY,
  returns: false,
});

function builderOf(builders: Map<string, Builder>, key: string): Builder {
  let builder = builders.get(key);
  if (builder === undefined) {
    builder = new Builder(key);
    builders.set(key, builder);
  }
  return builder;
}

class Builder {
  readonly register: Register;
  readonly reads = new Set<string>();
  readonly #numbers = new Map<string, number>();

  constructor(key: string) {
    this.register = { key, steps: [], transactions: [], goings: new Map() };
  }

  read(transaction: Transaction, value: string | null): void {
    this.push(transaction, value === null ? NOTHING : this.#number(value), UNCHANGED);
  }

  write(transaction: Transaction, { value, expiresAtMs }: Written, goings: Goings): void {
    const { key, goings: known } = this.register;
    const holds = transaction.needs.find((other) => other.key === key)?.holds;
    if (value !== null && expiresAtMs !== undefined) known.set(this.#number(value), goings(expiresAtMs));
    const isNamed = value !== null && (expiresAtMs !== undefined || this.reads.has(value));
    const leaves = value === null ? NOTHING : isNamed ? this.#number(value) : UNREAD;
    this.push(transaction, this.#needed(holds), leaves);
  }

  #needed(holds: string | null | typeof SOMETHING | undefined): number {
    if (holds === undefined) return NO_NEED;
    if (holds === SOMETHING) return ANY_VALUE;
    return holds === null ? NOTHING : this.#number(holds);
  }

  push(transaction: Transaction, needs: number, leaves: number): void {
    this.register.steps.push({ needs, leaves, start: transaction.start, end: transaction.end });
    this.register.transactions.push(transaction);
  }

  #number(value: string): number {
    let number = this.#numbers.get(value);
    if (number === undefined) {
      number = UNREAD + 1 + this.#numbers.size;
      this.#numbers.set(value, number);
    }
    return number;
  }
}
