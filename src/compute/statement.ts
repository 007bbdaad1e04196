/**
 * The words after COMPUTE (row G-06):
 *
 *   statement = expression [ WHERE binding { AND binding } ]
 *   binding   = name "=" ( QUERY path | number )
 *
 *   log(x)+tan(y)-2x WHERE x = QUERY key3.height.level AND y = QUERY key10.age.level
 *
 * WHERE, AND and QUERY in any case. A line that ends in AND, or in a backslash, goes on in the next one. Reads nothing
 * itself: `pathsOf` says what to read, `answer` takes what was found.
 */
import { parsePath } from '../document/path.ts';
import { ok, type Result } from '../lib/result.ts';
import type { Found, Path } from '../model/commands.ts';
import { fail, type KvError } from '../model/errors.ts';
import { BINDINGS_MAX, EXPRESSION_BYTES_MAX } from '../model/limits.ts';
import { type Amount, amountOf, showAmount } from './amount.ts';
import { type Computed, type EvaluateOptions, readAmount, run, unboundName } from './evaluate.ts';
import { parseExpression, type Program } from './expression.ts';

export type Binding =
  | { readonly kind: 'path'; readonly name: string; readonly path: Path; readonly written: string }
  | { readonly kind: 'number'; readonly name: string; readonly amount: Amount };

export type Statement = {
  readonly program: Program;
  readonly bindings: readonly Binding[];
  readonly warnings: readonly string[];
};

/**
 * Parses `line` from `start` on; columns in errors are those of `line`, from 1. PARSE, TOOCOMPLEX over a budget,
 * NOTFOUND for a variable that no binding names.
 */
export function parseStatement(line: string, start = 0): Result<Statement, KvError> {
  const where = findWhere(line, start);
  const expressionEnd = where < 0 ? line.length : where;
  const program = parseExpression(line, start, trimmedEnd(line, start, expressionEnd));
  if (!program.ok) return program;
  const bindings: Binding[] = [];
  if (where >= 0) {
    const error = parseBindings(line, where + 'WHERE'.length, bindings);
    if (error !== null) return { ok: false, error };
  }
  const names = new Set(bindings.map(({ name }) => name));
  const unbound = unboundName(program.value, (name) => names.has(name));
  if (unbound !== null) return { ok: false, error: unbound };
  const used = new Set(program.value.names.map(({ name }) => name));
  const warnings = [...program.value.warnings];
  for (const name of names) if (!used.has(name)) warnings.push(`the binding of '${name}' is not used`);
  return ok({ program: program.value, bindings, warnings });
}

/** Whether a COMPUTE line is not whole yet: it ends in AND or in a backslash. */
export function goesOn(line: string): boolean {
  return /\\[ \t]*$|[ \t]AND[ \t]*$/i.test(line.slice(-CONTINUATION_SHOWN));
}

/** A line that goes on, ready for the next one to be put behind it. */
export function withoutContinuation(line: string): string {
  return `${line.replace(/\\[ \t]*$/, '')} `;
}

/** What a statement reads, in the order in which `answer` wants it. */
export function pathsOf(statement: Statement): Path[] {
  return statement.bindings.flatMap((binding) => (binding.kind === 'path' ? [binding.path] : []));
}

/**
 * The value, given what was found at `pathsOf`. NOTFOUND and TYPE name the binding (rows G-09, G-10); `uncertain`: what
 * was not found may exist.
 */
export function answer(
  statement: Statement,
  found: readonly Found[],
  options: EvaluateOptions & { readonly uncertain: boolean },
): Result<Computed, KvError> {
  const amounts = new Map<string, Amount>();
  const warnings = [...statement.warnings];
  const used = new Set(statement.program.names.map(({ name }) => name));
  let next = 0;
  for (const binding of statement.bindings) {
    if (binding.kind === 'number') {
      amounts.set(binding.name, binding.amount);
      continue;
    }
    const value = found[next++] ?? null;
    if (!used.has(binding.name)) continue;
    const what = `${binding.name} = QUERY ${binding.written}`;
    if (value === null) {
      return fail('NOTFOUND', `${what} NOT FOUND${options.uncertain ? ' (maybe: no in-sync owner confirmed it)' : ''}`);
    }
    const read = readAmount(value.value, what, options);
    if (!read.ok) return read;
    amounts.set(binding.name, read.value.amount);
    warnings.push(...read.value.warnings);
  }
  const result = run(statement.program, amounts, options.angle);
  return result.ok ? ok({ text: showAmount(result.value), warnings }) : result;
}

/** Characters at a line's end among which a continuation is looked for. */
const CONTINUATION_SHOWN = 64;

const BLANKS = /[ \t]*/y;
const NAME = /[A-Za-z_]\w*/y;
const WORD = /[A-Za-z]+/y;
const NUMBER = /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])/y;

/** Where the word WHERE begins, or -1. An expression holds no quotes, so no text can hide it; its length is bounded. */
function findWhere(line: string, start: number): number {
  const ahead = line.slice(start, start + EXPRESSION_BYTES_MAX + 'WHERE'.length + 2);
  const match = /(?<!\w)where(?!\w)/i.exec(ahead);
  return match === null ? -1 : start + match.index;
}

function trimmedEnd(line: string, start: number, end: number): number {
  let at = end;
  while (at > start && (line[at - 1] === ' ' || line[at - 1] === '\t' || line[at - 1] === '\r')) at--;
  return at;
}

function parseBindings(line: string, start: number, into: Binding[]): KvError | null {
  const names = new Set<string>();
  let at = start;
  for (;;) {
    at = after(BLANKS, line, at);
    const nameEnd = after(NAME, line, at);
    if (nameEnd === at) return expected(line, at, 'the name of a variable');
    const name = line.slice(at, nameEnd);
    if (names.has(name)) return fail('PARSE', `'${name}' is bound twice, the second time at column ${at + 1}`).error;
    if (into.length === BINDINGS_MAX) {
      return fail('TOOCOMPLEX', `more than ${BINDINGS_MAX} bindings, the limit BINDINGS_MAX, at column ${at + 1}`)
        .error;
    }
    names.add(name);
    at = after(BLANKS, line, nameEnd);
    if (line[at] !== '=') return expected(line, at, "'='");
    at = after(BLANKS, line, at + 1);
    const end = parseSource(line, at, name, into);
    if (typeof end !== 'number') return end;
    at = after(BLANKS, line, end);
    if (at >= line.length) return null;
    const andEnd = after(WORD, line, at);
    if (line.slice(at, andEnd).toUpperCase() !== 'AND') return expected(line, at, 'AND or the end');
    at = andEnd;
  }
}

/** `QUERY path` or a number at `start`: puts the binding, returns where it ends. */
function parseSource(line: string, start: number, name: string, into: Binding[]): number | KvError {
  const numberEnd = after(NUMBER, line, start);
  if (numberEnd > start) {
    const amount = amountOf(line.slice(start, numberEnd));
    if (!amount.ok) return amount.error;
    into.push({ kind: 'number', name, amount: amount.value });
    return numberEnd;
  }
  const wordEnd = after(WORD, line, start);
  if (line.slice(start, wordEnd).toUpperCase() !== 'QUERY') return expected(line, start, 'QUERY or a number');
  const pathStart = after(BLANKS, line, wordEnd);
  if (pathStart === wordEnd || pathStart >= line.length) return expected(line, pathStart, 'a path after QUERY');
  const pathEnd = endOfPath(line, pathStart);
  // Blanks in front of the path make its columns those of the line.
  const written = line.slice(pathStart, pathEnd);
  const path = parsePath(' '.repeat(pathStart) + written);
  if (!path.ok) return path.error;
  into.push({ kind: 'path', name, path: path.value, written });
  return pathEnd;
}

/** Where the path that begins at `start` ends: at a blank that is neither quoted nor escaped. */
function endOfPath(line: string, start: number): number {
  let segmentStarts = true;
  for (let at = start; at < line.length; at++) {
    const sign = line[at] as string;
    const closing = segmentStarts ? CLOSING.get(sign) : undefined;
    segmentStarts = sign === '.';
    if (closing !== undefined) {
      at = endOfQuoted(line, at + 1, closing);
      continue;
    }
    if (sign === ' ' || sign === '\t') return at;
    if (sign === '\\') at++;
  }
  return line.length;
}

/** What closes a quoted segment: a straight quote only itself, a curly one any of its kind. */
const CLOSING: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["'", "'"],
  ...[...'“”„‟'].map((quote) => [quote, '"“”„‟'] as const),
  ...[...'‘’‚‛'].map((quote) => [quote, "'‘’‚‛"] as const),
]);

function endOfQuoted(line: string, start: number, closing: string): number {
  for (let at = start; at < line.length; at++) {
    if (line[at] === '\\') at++;
    else if (closing.includes(line[at] as string)) return at;
  }
  return line.length;
}

function after(pattern: RegExp, line: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(line) ? pattern.lastIndex : at;
}

function expected(line: string, at: number, what: string): KvError {
  const found = at < line.length ? `'${String.fromCodePoint(line.codePointAt(at) as number)}'` : 'the end';
  return fail('PARSE', `found ${found}, expected ${what} at column ${at + 1}`).error;
}
