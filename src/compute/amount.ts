/**
 * Numbers of COMPUTE. Integers stay exact under + - * and negation however large they grow (up to
 * INTEGER_DIGITS_MAX digits); all else is IEEE 754 double arithmetic. There is never a NaN or an infinity: an operation
 * that has no finite answer is a MATH error (row G-11).
 */
import { ok, type Result } from '../lib/result.ts';
import { fail, type KvError } from '../model/errors.ts';
import { INTEGER_DIGITS_MAX } from '../model/limits.ts';

/**
 * A finite number. A bigint is always beyond ±(2^53 − 1); a double that is a safe integer counts as exact, so both
 * halves together are the integers.
 */
export type Amount = number | bigint;

const INTEGER_END = 10n ** BigInt(INTEGER_DIGITS_MAX);

/** From here on a double is printed with an exponent. */
const EXPONENT_SHOWN = 1e21;

/** Digits of an integer that a double holds whatever they are. */
const DOUBLE_DIGITS = 15;

/** The amount that a lexeme spells, such as `12`, `-0.5`, `1e3`; MATH beyond the doubles, TOOCOMPLEX beyond the digits. */
export function amountOf(lexeme: string): Result<Amount, KvError> {
  if (lexeme.length <= DOUBLE_DIGITS) return finite(Number(lexeme));
  if (!/^[+-]?\d+$/.test(lexeme)) return finite(Number(lexeme));
  if (lexeme.length > INTEGER_DIGITS_MAX + 1) return tooManyDigits();
  return exact(BigInt(lexeme.startsWith('+') ? lexeme.slice(1) : lexeme));
}

/** `24`, not `24.0`; the shortest text that reads back as the same double; every digit of an exact integer. */
export function showAmount(amount: Amount): string {
  return String(amount);
}

/** A double as an amount; `what` names the operation when it is not finite. */
export function finite(value: number, what = 'the number'): Result<Amount, KvError> {
  if (Number.isFinite(value)) return ok(value);
  return Number.isNaN(value) ? fail('MATH', `${what} is not defined`) : fail('MATH', `${what} overflows a double`);
}

export function negate(a: Amount): Amount {
  // 0 − a, so that −0 never comes to be.
  return typeof a === 'bigint' ? -a : 0 - a;
}

export function add(a: Amount, b: Amount): Result<Amount, KvError> {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum) || !areIntegers(a, b)) return finite(sum, 'the sum');
  } else if (!areIntegers(a, b)) return finite(Number(a) + Number(b), 'the sum');
  return exact(BigInt(a) + BigInt(b));
}

export function subtract(a: Amount, b: Amount): Result<Amount, KvError> {
  return add(a, negate(b));
}

export function multiply(a: Amount, b: Amount): Result<Amount, KvError> {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (Number.isSafeInteger(product) || !areIntegers(a, b)) return finite(product, 'the product');
  } else if (!areIntegers(a, b)) return finite(Number(a) * Number(b), 'the product');
  return exact(BigInt(a) * BigInt(b));
}

export function divide(a: Amount, b: Amount): Result<Amount, KvError> {
  if (b === 0) return fail('MATH', 'division by zero');
  if (typeof a === 'number' && typeof b === 'number') return finite(a / b, 'the quotient');
  if (areIntegers(a, b) && BigInt(a) % BigInt(b) === 0n) return exact(BigInt(a) / BigInt(b));
  return finite(Number(a) / Number(b), 'the quotient');
}

/** What remains of a floored division: it has the sign of `b`, as in Python. */
export function remainder(a: Amount, b: Amount): Result<Amount, KvError> {
  if (b === 0) return fail('MATH', 'division by zero: the right side of % is 0');
  if ((typeof a === 'bigint' || typeof b === 'bigint') && areIntegers(a, b)) {
    const divisor = BigInt(b);
    return exact(((BigInt(a) % divisor) + divisor) % divisor);
  }
  const divisor = Number(b);
  const rest = Number(a) % divisor;
  return finite(rest !== 0 && rest < 0 !== divisor < 0 ? rest + divisor : rest, 'the remainder');
}

/**
 * A double, even of integers, except that integers below 10^21 are exact: up to there a double is printed digit by
 * digit, and digits that are shown must be true. `0^0` is 1.
 */
export function power(base: Amount, exponent: Amount): Result<Amount, KvError> {
  if (exponent === 1) return ok(base);
  if (base === 0 && exponent < 0) return fail('MATH', `division by zero: 0^${showAmount(exponent)}`);
  const a = Number(base);
  const b = Number(exponent);
  const result = a ** b;
  if (Number.isNaN(result)) return fail('MATH', `${showAmount(base)}^${showAmount(exponent)} is not a real number`);
  const grows = areIntegers(base, exponent) && b > 1 && Math.abs(a) > 1;
  if (grows && Math.abs(result) < EXPONENT_SHOWN) return exact(BigInt(base) ** BigInt(exponent));
  return finite(result, 'the power');
}

function areIntegers(a: Amount, b: Amount): boolean {
  return isInteger(a) && isInteger(b);
}

function isInteger(a: Amount): boolean {
  return typeof a === 'bigint' || Number.isSafeInteger(a);
}

function exact(value: bigint): Result<Amount, KvError> {
  if (value >= INTEGER_END || value <= -INTEGER_END) return tooManyDigits();
  const double = Number(value);
  return ok(Number.isSafeInteger(double) ? double : value);
}

function tooManyDigits(): { readonly ok: false; readonly error: KvError } {
  return fail('TOOCOMPLEX', `an integer has more than ${INTEGER_DIGITS_MAX} digits (INTEGER_DIGITS_MAX)`);
}
