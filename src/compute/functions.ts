/** The functions and constants of COMPUTE (row G-04). `log` is to base 10. Names of functions are case-insensitive. */
import { ok, type Result } from '../lib/result.ts';
import { fail, type KvError } from '../model/errors.ts';
import { type Amount, finite, negate, showAmount } from './amount.ts';

/** Unit of the angles that sin, cos and tan are given. */
export type Angle = 'rad' | 'deg';

export type MathFunction = {
  readonly argumentsMin: number;
  readonly argumentsMax: number;
  /** `args` has as many elements as allowed. */
  readonly apply: (args: readonly Amount[], angle: Angle) => Result<Amount, KvError>;
};

export const FUNCTIONS: ReadonlyMap<string, MathFunction> = new Map([
  ['sin', ofOne((x, angle) => (angle === 'rad' ? finite(Math.sin(Number(x)), 'sin') : sineOfDegrees(Number(x))))],
  ['cos', ofOne((x, angle) => (angle === 'rad' ? finite(Math.cos(Number(x)), 'cos') : cosineOfDegrees(Number(x))))],
  ['tan', ofOne((x, angle) => (angle === 'rad' ? finite(Math.tan(Number(x)), 'tan') : tangentOfDegrees(Number(x))))],
  ['log', logarithm('log', Math.log10)],
  ['ln', logarithm('ln', Math.log)],
  ['log2', logarithm('log2', Math.log2)],
  ['sqrt', ofOne((x) => (x < 0 ? outside('sqrt', x, 'is not negative') : finite(Math.sqrt(Number(x)), 'sqrt')))],
  ['exp', ofOne((x) => finite(Math.exp(Number(x)), 'exp'))],
  ['abs', ofOne((x) => ok(x < 0 ? negate(x) : x))],
  ['round', ofOne((x) => ok(typeof x === 'bigint' ? x : Math.sign(x) * Math.round(Math.abs(x))))],
  ['floor', ofOne((x) => ok(typeof x === 'bigint' ? x : Math.floor(x)))],
  ['ceil', ofOne((x) => ok(typeof x === 'bigint' ? x : Math.ceil(x)))],
  ['min', ofMany((args) => args.reduce((least, x) => (x < least ? x : least)))],
  ['max', ofMany((args) => args.reduce((most, x) => (x > most ? x : most)))],
]);

/** Hidden by a binding of the same name. */
export const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ['pi', Math.PI],
  ['e', Math.E],
]);

/** For suggestions. */
export const FUNCTION_NAMES: readonly string[] = [...FUNCTIONS.keys()];

function ofOne(apply: (x: Amount, angle: Angle) => Result<Amount, KvError>): MathFunction {
  return { argumentsMin: 1, argumentsMax: 1, apply: (args, angle) => apply(args[0] as Amount, angle) };
}

function ofMany(apply: (args: readonly Amount[]) => Amount): MathFunction {
  return { argumentsMin: 1, argumentsMax: Number.POSITIVE_INFINITY, apply: (args) => ok(apply(args)) };
}

function logarithm(name: string, apply: (x: number) => number): MathFunction {
  return ofOne((x) => (x <= 0 ? outside(name, x, 'is positive') : finite(apply(Number(x)), name)));
}

function outside(name: string, x: Amount, condition: string): { readonly ok: false; readonly error: KvError } {
  return fail('MATH', `${name}(${showAmount(x)}) is not a real number: ${name} takes what ${condition}`);
}

// A multiple of 90 degrees has no exact double in radians: its sine, cosine and tangent are exact only when told apart.

function sineOfDegrees(x: number): Result<Amount, KvError> {
  if (x % 90 !== 0) return finite(Math.sin(radians(x)), 'sin');
  return ok(SINES[quarterTurns(x)] as number);
}

function cosineOfDegrees(x: number): Result<Amount, KvError> {
  if (x % 90 !== 0) return finite(Math.cos(radians(x)), 'cos');
  return ok(SINES[(quarterTurns(x) + 1) % 4] as number);
}

function tangentOfDegrees(x: number): Result<Amount, KvError> {
  if (x % 90 !== 0) return finite(Math.tan(radians(x)), 'tan');
  return quarterTurns(x) % 2 === 0 ? ok(0) : fail('MATH', `tan(${x}) in degrees is not defined`);
}

const SINES = [0, 1, 0, -1];

function quarterTurns(x: number): number {
  return ((((x % 360) + 360) % 360) / 90) % 4;
}

function radians(degrees: number): number {
  return ((degrees % 360) * Math.PI) / 180;
}
