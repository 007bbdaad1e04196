/**
 * Expressions of COMPUTE as programs for a stack, and what puts one together. Operators wait until what binds tighter
 * is done (the shunting yard of Dijkstra, 1961), so no depth of an expression is a depth of calls. Never evaluates.
 *
 *   `2+x*sin(y)`  →  2  x  y  sin  *  +
 */
import type { Amount } from './amount.ts';
import type { MathFunction } from './functions.ts';

export type BinaryOperator = '+' | '-' | '*' | '/' | '%' | '^';

/** One step of a program: takes its operands from the stack, leaves its result there. */
export type Step =
  | { readonly kind: 'number'; readonly amount: Amount }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'negate' }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator }
  | { readonly kind: 'call'; readonly math: MathFunction; readonly count: number };

/** A name that an expression uses, where it stands first (column from 1), and whether a parenthesis follows it there. */
export type UsedName = { readonly name: string; readonly column: number; readonly called: boolean };

export type Program = {
  readonly steps: readonly Step[];
  readonly names: readonly UsedName[];
  readonly warnings: readonly string[];
};

/** Names of the variables and constants that a program uses, each once, in the order of the text. */
export function variablesOf(program: Program): string[] {
  return program.names.map(({ name }) => name);
}

/** Takes the parts of an expression from left to right; whoever calls it has made sure that they are one. */
export class ProgramBuilder {
  readonly steps: Step[] = [];
  /** Operators whose right side is not whole yet; null where a parenthesis opened. */
  readonly #waiting: (Operator | null)[] = [];

  number(amount: Amount): void {
    this.steps.push({ kind: 'number', amount });
  }

  name(name: string): void {
    this.steps.push({ kind: 'name', name });
  }

  /** The sign in front of an operand. */
  negate(): void {
    this.#waiting.push(NEGATE);
  }

  binary(sign: BinaryOperator): void {
    const operator = BINARY[sign];
    // What stands to the left is whole, unless this binds tighter. A power is its neighbour's exponent: 2^3^2 is 2^9.
    const least = sign === '^' ? operator.binds + 1 : operator.binds;
    this.#finish(least);
    this.#waiting.push(operator);
  }

  open(): void {
    this.#waiting.push(null);
  }

  /** The end of an argument that is not the last one. */
  comma(): void {
    this.#finish(0);
  }

  /** A parenthesis closes: a call's, with its number of arguments, or one that only groups. */
  close(math: MathFunction | null, count: number): void {
    this.#finish(0);
    this.#waiting.pop();
    if (math !== null) this.steps.push({ kind: 'call', math, count });
  }

  /** The end of the expression. */
  end(): void {
    this.#finish(0);
  }

  /** The operators of this parenthesis that bind at least so tightly have their right side. */
  #finish(least: number): void {
    for (let last = this.#waiting.at(-1); last && last.binds >= least; last = this.#waiting.at(-1)) {
      this.steps.push(last.step);
      this.#waiting.pop();
    }
  }
}

type Operator = { readonly step: Step; readonly binds: number };

/** Tighter than a product, and less tight than a power: -2^2 is -(2^2). */
const NEGATE: Operator = { step: { kind: 'negate' }, binds: 3 };

const BINARY: Readonly<Record<BinaryOperator, Operator>> = {
  '+': { step: { kind: 'binary', operator: '+' }, binds: 1 },
  '-': { step: { kind: 'binary', operator: '-' }, binds: 1 },
  '*': { step: { kind: 'binary', operator: '*' }, binds: 2 },
  '/': { step: { kind: 'binary', operator: '/' }, binds: 2 },
  '%': { step: { kind: 'binary', operator: '%' }, binds: 2 },
  '^': { step: { kind: 'binary', operator: '^' }, binds: 4 },
};
