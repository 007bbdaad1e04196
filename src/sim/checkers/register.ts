/**
 * The part of a history that one key saw, as steps of a register: what each needs it to hold and what it leaves.
 * Values are numbers here; all that nobody reads look alike.
 */
import { type Transaction, SOMETHING } from './transaction.ts';

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

/** The steps of one key, and the transactions that they are part of. */
export type Register = { readonly key: string; readonly steps: Step[]; readonly transactions: Transaction[] };

/** The registers that a history talks about, each with its steps in the order of their starts. */
export function registersOf(transactions: readonly Transaction[]): Register[] {
  const builders = new Map<string, Builder>();
  for (const transaction of transactions) {
    for (const { key, value } of transaction.seen) builderOf(builders, key).reads.add(value ?? '');
  }
  for (const transaction of transactions) {
    for (const { key, value } of transaction.seen) {
      builderOf(builders, key).read(transaction, value);
    }
    if (transaction.writes.length === 0) {
      for (const { key, holds } of transaction.needs) {
        if (holds === SOMETHING) builderOf(builders, key).push(transaction, ANY_VALUE, UNCHANGED);
      }
    }
    for (const { key, value } of transaction.writes) builderOf(builders, key).write(transaction, value);
  }
  return Array.from(builders.values(), ({ register }) => register);
}

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
    this.register = { key, steps: [], transactions: [] };
  }

  read(transaction: Transaction, value: string | null): void {
    this.push(transaction, value === null ? NOTHING : this.#number(value), UNCHANGED);
  }

  write(transaction: Transaction, value: string | null): void {
    const { key } = this.register;
    const need = transaction.needs.find((other) => other.key === key);
    const needs = need === undefined ? NO_NEED : need.holds === SOMETHING ? ANY_VALUE : NOTHING;
    this.push(transaction, needs, value === null ? NOTHING : this.reads.has(value) ? this.#number(value) : UNREAD);
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
