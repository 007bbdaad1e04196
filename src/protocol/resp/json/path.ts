/**
 * Paths of the JSON commands: those of JSONPath, which begin with `$` and may match many values, and the older kind,
 * which means one. Only parsed here; what they match is found in select.ts.
 *
 *   path    = "$" steps | [ "." ] [ name ] steps
 *   steps   = { "." name | ".." ( name | "*" | bracket ) | ".*" | bracket }
 *   bracket = "[" ( "*" | quoted { "," quoted } | int { "," int } | [int] ":" [int] [ ":" [int] ] | "?" filter ) "]"
 *
 * Example: $.store..book[0,-1]['title'] and .store.book[0]. Filters: filter.ts.
 */
import { utf8 } from '../../../lib/bytes.ts';
import { ok, type Result } from '../../../lib/result.ts';
import { fail, type KvError } from '../../../model/errors.ts';
import { PATH_SEGMENTS_MAX } from '../../../model/limits.ts';
import { type Filter, parseFilter } from './filter.ts';
import { type Cursor, integerAt, quotedAt } from './path-words.ts';

export type Step =
  | { readonly kind: 'names'; readonly names: readonly Uint8Array[] }
  | { readonly kind: 'indexes'; readonly indexes: readonly number[] }
  | { readonly kind: 'slice'; readonly start: number | null; readonly end: number | null; readonly step: number }
  | { readonly kind: 'all' }
  /** The values themselves and all below them. */
  | { readonly kind: 'deep' }
  | { readonly kind: 'filter'; readonly filter: Filter };

export type JsonPath = {
  readonly text: string;
  /** Means one value: replies are plain, not lists. */
  readonly isLegacy: boolean;
  readonly steps: readonly Step[];
};

export const ROOT: JsonPath = { text: '.', isLegacy: true, steps: [] };

/** A path from its text; PARSE with the column. */
export function parseJsonPath(text: string): Result<JsonPath, KvError> {
  const isLegacy = !text.startsWith('$');
  const cursor: Cursor = { text, at: isLegacy ? 0 : 1 };
  const steps: Step[] = [];
  if (isLegacy) {
    if (text === '.' || text === '') return ok({ text, isLegacy, steps });
    if (text[0] !== '.' && text[0] !== '[') {
      const name = nameAt(cursor);
      if (name === null) return wrong(cursor, 'a name');
      steps.push(name);
    }
  }
  while (cursor.at < text.length) {
    if (steps.length > PATH_SEGMENTS_MAX)
      return fail('TOOLARGE', `a path of more than ${PATH_SEGMENTS_MAX} segments, the limit PATH_SEGMENTS_MAX`);
    if (text[cursor.at] === '[') {
      const step = bracketAt(cursor);
      if (!step.ok) return step;
      steps.push(step.value);
      continue;
    }
    if (text[cursor.at] !== '.') return wrong(cursor, "'.' or '['");
    cursor.at++;
    if (text[cursor.at] === '.') {
      cursor.at++;
      steps.push({ kind: 'deep' });
      if (text[cursor.at] === '[') continue;
    }
    if (text[cursor.at] === '[' && isLegacy) continue;
    const step = nameAt(cursor);
    if (step === null) return wrong(cursor, 'a name');
    steps.push(step);
  }
  return ok({ text, isLegacy, steps });
}

/** The path as errors show it. */
export function shownPath({ text, isLegacy }: JsonPath): string {
  const cut = text.slice(0, 128);
  if (!isLegacy) return cut;
  return cut === '.' || cut === '' ? '$' : `$${cut.startsWith('.') || cut.startsWith('[') ? '' : '.'}${cut}`;
}

function nameAt(cursor: Cursor): Step | null {
  if (cursor.text[cursor.at] === '*') {
    cursor.at++;
    return { kind: 'all' };
  }
  const start = cursor.at;
  while (cursor.at < cursor.text.length && !/[.[\]'"\s,:()]/.test(cursor.text[cursor.at] as string)) cursor.at++;
  return cursor.at === start ? null : { kind: 'names', names: [utf8(cursor.text.slice(start, cursor.at))] };
}

function bracketAt(cursor: Cursor): Result<Step, KvError> {
  cursor.at++;
  skipBlanks(cursor);
  const sign = cursor.text[cursor.at];
  let step: Step;
  if (sign === '*') {
    cursor.at++;
    step = { kind: 'all' };
  } else if (sign === '?') {
    cursor.at++;
    const filter = parseFilter(cursor);
    if (!filter.ok) return filter;
    step = { kind: 'filter', filter: filter.value };
  } else if (sign === '"' || sign === "'") {
    const names = listAt(cursor, () => quotedAt(cursor));
    if (names === null) return wrong(cursor, 'a name in quotes');
    step = { kind: 'names', names: names.map((name) => utf8(name)) };
  } else {
    const read = numbersAt(cursor);
    if (read === null) return wrong(cursor, "'*', a name in quotes, an index or a slice");
    step = read;
  }
  skipBlanks(cursor);
  if (cursor.text[cursor.at] !== ']') return wrong(cursor, "']'");
  cursor.at++;
  return ok(step);
}

/** An index, several, or a slice. */
function numbersAt(cursor: Cursor): Step | null {
  const start = integerAt(cursor);
  skipBlanks(cursor);
  if (cursor.text[cursor.at] !== ':') {
    if (start === null) return null;
    if (cursor.text[cursor.at] !== ',') return { kind: 'indexes', indexes: [start] };
    cursor.at++;
    skipBlanks(cursor);
    const others = listAt(cursor, () => integerAt(cursor));
    return others === null ? null : { kind: 'indexes', indexes: [start, ...others] };
  }
  cursor.at++;
  skipBlanks(cursor);
  const end = integerAt(cursor);
  skipBlanks(cursor);
  if (cursor.text[cursor.at] !== ':') return { kind: 'slice', start, end, step: 1 };
  cursor.at++;
  skipBlanks(cursor);
  const step = integerAt(cursor) ?? 1;
  return step < 1 ? null : { kind: 'slice', start, end, step };
}

function listAt<T>(cursor: Cursor, read: () => T | null): T[] | null {
  const items: T[] = [];
  for (;;) {
    const item = read();
    if (item === null || items.length > PATH_SEGMENTS_MAX) return null;
    items.push(item);
    skipBlanks(cursor);
    if (cursor.text[cursor.at] !== ',') return items;
    cursor.at++;
    skipBlanks(cursor);
  }
}

function skipBlanks(cursor: Cursor): void {
  while (cursor.text[cursor.at] === ' ') cursor.at++;
}

function wrong(cursor: Cursor, expected: string): { readonly ok: false; readonly error: KvError } {
  const found = cursor.at < cursor.text.length ? `'${cursor.text[cursor.at]}'` : 'the end';
  return fail('PARSE', `found ${found}, expected ${expected} at column ${cursor.at + 1} of the path`);
}
