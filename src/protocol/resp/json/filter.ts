/**
 * Filters of JSON paths: which elements of an array or values of an object a step takes.
 *
 *   filter  = "(" or ")" | or
 *   or      = and { "||" and }          and = not { "&&" not }          not = [ "!" ] ( "(" or ")" | test )
 *   test    = operand [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) operand ]
 *   operand = "@" { "." name | "[" quoted or int "]" } | number | quoted | "true" | "false" | "null"
 *
 * Example: ?(@.price < 10 && @.category == "fiction"). A test without a comparison asks whether the value exists.
 */
import { lookup } from '../../../document/lookup.ts';
import { kindOf, numberText, stringBytes } from '../../../document/packed.ts';
import { compareBytes, utf8 } from '../../../lib/bytes.ts';
import { ok, type Result } from '../../../lib/result.ts';
import { fail, type KvError } from '../../../model/errors.ts';
import { JSON_PATH_TESTS_MAX } from '../../../model/limits.ts';
import { type Cursor, integerAt, quotedAt } from './path-words.ts';

/** Whether a packed value is taken. */
export type Filter = (value: Uint8Array) => boolean;

type Operand = (value: Uint8Array) => Operated;
/** What an operand stands for; undefined: there is nothing. Maps and arrays compare with nothing. */
type Operated = number | Uint8Array | boolean | null | undefined | 'container';

/** Parentheses and negations around one another. */
const DEPTH_MAX = 64;

/** The filter behind a `?`; PARSE with the column. */
export function parseFilter(cursor: Cursor): Result<Filter, KvError> {
  const filter = orAt(cursor, 0);
  if (filter !== null) return ok(filter);
  if ((cursor.tests ?? 0) > JSON_PATH_TESTS_MAX)
    return fail('TOOCOMPLEX', `more than ${JSON_PATH_TESTS_MAX} tests in a path, the limit JSON_PATH_TESTS_MAX`);
  const found = cursor.at < cursor.text.length ? `'${cursor.text[cursor.at]}'` : 'the end';
  return fail('PARSE', `found ${found}, expected a filter such as (@.a > 1) at column ${cursor.at + 1} of the path`);
}

function orAt(cursor: Cursor, depth: number): Filter | null {
  return joinedAt(
    cursor,
    '||',
    () => andAt(cursor, depth),
    (filters) => (value) => filters.some((filter) => filter(value)),
  );
}

function andAt(cursor: Cursor, depth: number): Filter | null {
  return joinedAt(
    cursor,
    '&&',
    () => notAt(cursor, depth),
    (filters) => (value) => filters.every((filter) => filter(value)),
  );
}

function joinedAt(
  cursor: Cursor,
  sign: string,
  read: () => Filter | null,
  join: (filters: readonly Filter[]) => Filter,
): Filter | null {
  const filters: Filter[] = [];
  for (;;) {
    const filter = read();
    if (filter === null) return null;
    filters.push(filter);
    skip(cursor);
    if (!cursor.text.startsWith(sign, cursor.at)) return filters.length === 1 ? (filters[0] as Filter) : join(filters);
    cursor.at += sign.length;
  }
}

function notAt(cursor: Cursor, depth: number): Filter | null {
  skip(cursor);
  if (depth > DEPTH_MAX) return null;
  if (cursor.text[cursor.at] === '!') {
    cursor.at++;
    const filter = notAt(cursor, depth + 1);
    return filter === null ? null : (value) => !filter(value);
  }
  if (cursor.text[cursor.at] !== '(') return testAt(cursor);
  cursor.at++;
  const filter = orAt(cursor, depth + 1);
  skip(cursor);
  if (filter === null || cursor.text[cursor.at] !== ')') return null;
  cursor.at++;
  return filter;
}

function testAt(cursor: Cursor): Filter | null {
  cursor.tests = (cursor.tests ?? 0) + 1;
  if (cursor.tests > JSON_PATH_TESTS_MAX) return null;
  const left = operandAt(cursor);
  if (left === null) return null;
  skip(cursor);
  const sign = /^(?:==|!=|<=|>=|<|>)/.exec(cursor.text.slice(cursor.at, cursor.at + 2))?.[0];
  if (sign === undefined) return (value) => left(value) !== undefined;
  cursor.at += sign.length;
  const right = operandAt(cursor);
  if (right === null) return null;
  return (value) => compares(left(value), sign, right(value));
}

function operandAt(cursor: Cursor): Operand | null {
  skip(cursor);
  const { text } = cursor;
  const sign = text[cursor.at];
  if (sign === '"' || sign === "'") {
    const written = quotedAt(cursor);
    return written === null ? null : constant(utf8(written));
  }
  if (sign === '@') return pathAt(cursor);
  const word = /^(?:true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/.exec(text.slice(cursor.at, cursor.at + 64))?.[0];
  if (word === undefined) return null;
  cursor.at += word.length;
  return constant(word === 'null' ? null : word === 'true' ? true : word === 'false' ? false : Number(word));
}

function constant(value: Operated): Operand {
  return () => value;
}

function pathAt(cursor: Cursor): Operand | null {
  cursor.at++;
  const segments: Uint8Array[] = [];
  for (;;) {
    if (cursor.text[cursor.at] === '.') {
      cursor.at++;
      const start = cursor.at;
      while (/[\w$\u0080-\uffff-]/.test(cursor.text[cursor.at] ?? '')) cursor.at++;
      if (cursor.at === start) return null;
      segments.push(utf8(cursor.text.slice(start, cursor.at)));
    } else if (cursor.text[cursor.at] === '[') {
      cursor.at++;
      const segment = quotedAt(cursor) ?? integerAt(cursor);
      if (segment === null || cursor.text[cursor.at] !== ']') return null;
      cursor.at++;
      segments.push(utf8(String(segment)));
    } else break;
  }
  return (value) => {
    const found = lookup(value, segments, 0);
    return found === null ? undefined : operated(found);
  };
}

function operated(packed: Uint8Array): Operated {
  switch (kindOf(packed)) {
    case 'int':
    case 'float':
      return Number(numberText(packed));
    case 'string':
      return stringBytes(packed);
    case 'bool':
      return packed[0] === 2;
    case 'null':
      return null;
    default:
      return 'container';
  }
}

function compares(left: Operated, sign: string, right: Operated): boolean {
  const order = orderOf(left, right);
  if (sign === '==') return order === 0;
  if (sign === '!=') return left !== undefined && right !== undefined && order !== 0;
  if (order === null) return false;
  if (sign === '<') return order < 0;
  if (sign === '<=') return order <= 0;
  return sign === '>' ? order > 0 : order >= 0;
}

/** Negative, zero or positive; null for what has no order: values of two kinds. */
function orderOf(left: Operated, right: Operated): number | null {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (left instanceof Uint8Array && right instanceof Uint8Array) return compareBytes(left, right);
  return left !== undefined && left !== 'container' && left === right ? 0 : null;
}

function skip(cursor: Cursor): void {
  while (cursor.text[cursor.at] === ' ') cursor.at++;
}
