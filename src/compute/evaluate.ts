/**
 * Programs to numbers. Bound names are read from packed documents; nothing of one evaluation outlives it (Z8). Cost is
 * bounded by the program's length and INTEGER_DIGITS_MAX: there are no loops and no calls into it.
 */
import { assert } from '../lib/assert.ts';
import { text } from '../lib/bytes.ts';
import { ok, type Result } from '../lib/result.ts';
import { fail, type KvError } from '../model/errors.ts';
import { kindOf, numberText, stringBytes } from '../document/packed.ts';
import {
  add,
  type Amount,
  amountOf,
  divide,
  multiply,
  negate,
  power,
  remainder,
  showAmount,
  subtract,
} from './amount.ts';
import type { BinaryOperator, Program } from './expression.ts';
import { type Angle, CONSTANTS, FUNCTIONS } from './functions.ts';
import { unknownFunction } from './scan.ts';

export type EvaluateOptions = {
  readonly angle: Angle;
  /** Refuses strings that hold a number; without it they count, with a warning. */
  readonly strictTypes: boolean;
};

/** The result as it is printed, and what a person should know about it. */
export type Computed = { readonly text: string; readonly warnings: readonly string[] };

const NUMERIC_STRING = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A lexeme longer than this is no number anybody wrote; it is refused before it is matched. */
const NUMERIC_STRING_LENGTH_MAX = 2_000;

/** The value of `program` with packed documents for its names. NOTFOUND names what is unbound; TYPE, MATH, TOOCOMPLEX. */
export function evaluate(
  program: Program,
  bindings: ReadonlyMap<string, Uint8Array>,
  options: EvaluateOptions,
): Result<Computed, KvError> {
  const amounts = new Map<string, Amount>();
  const warnings = [...program.warnings];
  for (const { name } of program.names) {
    const packed = bindings.get(name);
    if (packed === undefined) continue;
    const read = readAmount(packed, name, options);
    if (!read.ok) return read;
    amounts.set(name, read.value.amount);
    warnings.push(...read.value.warnings);
  }
  const result = run(program, amounts, options.angle);
  return result.ok ? ok({ text: showAmount(result.value), warnings }) : result;
}

/** Why a program cannot run with only these names bound, or null: NOTFOUND, or PARSE where a function was meant. */
export function unboundName(program: Program, isBound: (name: string) => boolean): KvError | null {
  for (const { name, column, called } of program.names) {
    if (isBound(name) || CONSTANTS.has(name)) continue;
    if (called) return unknownFunction(name, column);
    if (FUNCTIONS.has(name.toLowerCase())) {
      return fail('PARSE', `'${name}' at column ${column} is a function: its argument goes in parentheses`).error;
    }
    return fail('NOTFOUND', `variable '${name}' at column ${column} is not bound: add WHERE ${name} = QUERY …`).error;
  }
  return null;
}

/** A packed document as a number; `what` names it in the error (`x = QUERY a.b`). */
export function readAmount(
  packed: Uint8Array,
  what: string,
  options: EvaluateOptions,
): Result<{ readonly amount: Amount; readonly warnings: readonly string[] }, KvError> {
  const kind = kindOf(packed);
  let warnings: readonly string[] = [];
  let lexeme: string;
  if (kind === 'int' || kind === 'float') {
    lexeme = numberText(packed);
  } else {
    const bytes = kind === 'string' && !options.strictTypes ? stringBytes(packed) : null;
    const written = bytes === null || bytes.length > NUMERIC_STRING_LENGTH_MAX ? '' : text(bytes);
    if (!NUMERIC_STRING.test(written)) return fail('TYPE', `${what} is ${KIND_NAMES[kind]}, can not compute`);
    lexeme = written;
    warnings = [`${what} is the STRING "${written}", taken as a number`];
  }
  const amount = amountOf(lexeme);
  return amount.ok
    ? ok({ amount: amount.value, warnings })
    : fail(amount.error.code, `${what}: ${amount.error.message}`);
}

/** The value of a program whose names have these amounts. */
export function run(program: Program, amounts: ReadonlyMap<string, Amount>, angle: Angle): Result<Amount, KvError> {
  const unbound = unboundName(program, (name) => amounts.has(name));
  if (unbound !== null) return { ok: false, error: unbound };
  const stack: Amount[] = [];
  for (const step of program.steps) {
    switch (step.kind) {
      case 'number':
        stack.push(step.amount);
        break;
      case 'name':
        stack.push(amounts.get(step.name) ?? (CONSTANTS.get(step.name) as number));
        break;
      case 'negate':
        stack.push(negate(stack.pop() as Amount));
        break;
      case 'binary': {
        const right = stack.pop() as Amount;
        const result = apply(step.operator, stack.pop() as Amount, right);
        if (!result.ok) return result;
        stack.push(result.value);
        break;
      }
      case 'call': {
        const result = step.math.apply(stack.splice(stack.length - step.count), angle);
        if (!result.ok) return result;
        stack.push(result.value);
        break;
      }
      default:
        return step satisfies never;
    }
  }
  assert(stack.length === 1, 'a program leaves one result');
  return ok(stack[0] as Amount);
}

const KIND_NAMES = {
  null: 'NULL',
  bool: 'BOOL',
  int: 'INT',
  float: 'FLOAT',
  string: 'STRING',
  map: 'a SET',
  array: 'an ARRAY',
} as const;

function apply(operator: BinaryOperator, left: Amount, right: Amount): Result<Amount, KvError> {
  switch (operator) {
    case '+':
      return add(left, right);
    case '-':
      return subtract(left, right);
    case '*':
      return multiply(left, right);
    case '/':
      return divide(left, right);
    case '%':
      return remainder(left, right);
    case '^':
      return power(left, right);
    default:
      return operator satisfies never;
  }
}
