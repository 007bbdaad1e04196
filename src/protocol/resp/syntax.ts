/**
 * What may follow the name of a command, read from one line of text that is also what people are shown.
 *
 *   syntax = { item }
 *   item   = ( name | TOKEN | TOKEN name | "[" choice "]" | "(" choice ")" ) [ " ..." ]
 *   choice = { item } { "|" { item } }
 *
 * Example: key value [NX|XX] [EX seconds|KEEPTTL] and (key value) ... for pairs. Names say what an argument is: `key`,
 * `pattern`, `seconds` and the like. Knows nothing of any command.
 */
import { assert } from '../../lib/assert.ts';

export type ArgumentType =
  | 'string'
  | 'integer'
  | 'double'
  | 'key'
  | 'pattern'
  | 'unix-time'
  | 'pure-token'
  | 'oneof'
  | 'block';

/** One argument as COMMAND DOCS shows it. */
export type Argument = {
  readonly name: string;
  readonly type: ArgumentType;
  readonly token: string | null;
  readonly isOptional: boolean;
  readonly isMultiple: boolean;
  readonly parts: readonly Argument[];
};

/** Which words are keys: the first and last (-1: to the end) and the step between them; all 0 for none. */
export type KeyPlaces = { readonly first: number; readonly last: number; readonly step: number };

/** The arguments that a line describes. */
export function argumentsOf(syntax: string): Argument[] {
  const tokens = syntax.match(/\.\.\.|[[\]()|]|[^\s[\]()|]+/g) ?? [];
  const reading = { tokens, at: 0 };
  const [items] = readChoice(reading);
  assert(reading.at === tokens.length, `a whole line of syntax: ${syntax}`);
  return items as Argument[];
}

/** The number of words, name included: exact, or negative when it is the least, as COMMAND says it. */
export function arityOf(items: readonly Argument[], nameWords: number): number {
  const least = nameWords + leastOf(items);
  return items.some(({ isOptional, isMultiple }) => isOptional || isMultiple) || leastOf(items) !== mostOf(items)
    ? -least
    : least;
}

/** Where the keys are, by the arguments of type `key`; `nameWords` is where the first argument stands. */
export function keyPlacesOf(items: readonly Argument[], nameWords: number): KeyPlaces {
  let at = nameWords;
  let first = 0;
  let last = 0;
  for (const [i, item] of items.entries()) {
    const keyed = item.type === 'key' || (item.type === 'block' && item.parts[0]?.type === 'key');
    if (keyed && item.token === null) {
      const step = item.type === 'block' ? item.parts.length : 1;
      if (item.isMultiple) return { first: first || at, last: -1 - leastOf(items.slice(i + 1)), step };
      if (first === 0) first = at;
      last = at;
    } else if (first > 0) break;
    if (item.isOptional) break;
    at += leastOf([item]);
  }
  return { first, last, step: first === 0 ? 0 : 1 };
}

type Reading = { readonly tokens: readonly string[]; at: number };

const INTEGERS =
  /^(count|index|offset|start|stop|end|increment|decrement|milliseconds|seconds|db|timeout|cursor|port|protover|numreplicas|numlocal|k|id|samples)$/;

function typeOf(name: string): ArgumentType {
  if (/^(key|newkey|destination|source)$/.test(name)) return 'key';
  if (name === 'pattern') return 'pattern';
  if (name.startsWith('unix-time')) return 'unix-time';
  if (name === 'number' || name === 'float') return 'double';
  return INTEGERS.test(name) ? 'integer' : 'string';
}

/** The alternatives up to a closing bracket or the end. */
function readChoice(reading: Reading): Argument[][] {
  const alternatives: Argument[][] = [[]];
  while (reading.at < reading.tokens.length) {
    const token = reading.tokens[reading.at] as string;
    if (token === ']' || token === ')') break;
    if (token === '|') {
      reading.at++;
      alternatives.push([]);
      continue;
    }
    (alternatives.at(-1) as Argument[]).push(readItem(reading));
  }
  return alternatives;
}

function readItem(reading: Reading): Argument {
  const token = reading.tokens[reading.at++] as string;
  let item: Argument;
  if (token === '[' || token === '(') {
    const inside = groupOf(readChoice(reading));
    reading.at++;
    item = { ...inside, isOptional: token === '[' };
  } else if (/^[A-Z]/.test(token)) {
    const next = reading.tokens[reading.at];
    const isPrefix = next !== undefined && /^[a-z]/.test(next);
    if (isPrefix) reading.at++;
    item = isPrefix ? { ...plain(next, typeOf(next)), token } : { ...plain(token.toLowerCase(), 'pure-token'), token };
  } else item = plain(token, typeOf(token));
  if (reading.tokens[reading.at] !== '...') return item;
  reading.at++;
  return { ...item, isMultiple: true };
}

/** Alternatives as one argument. */
function groupOf(alternatives: readonly Argument[][]): Argument {
  const parts = alternatives.map((items) => (items.length === 1 ? (items[0] as Argument) : blockOf(items)));
  if (parts.length === 1) return parts[0] as Argument;
  return { ...plain(parts.map(({ name }) => name).join('-or-'), 'oneof'), parts };
}

function blockOf(items: readonly Argument[]): Argument {
  return { ...plain(items.map(({ name }) => name).join('-'), 'block'), parts: items };
}

function plain(name: string, type: ArgumentType): Argument {
  return { name, type, token: null, isOptional: false, isMultiple: false, parts: [] };
}

function leastOf(items: readonly Argument[]): number {
  let words = 0;
  for (const { type, token, isOptional, parts } of items) {
    if (isOptional) continue;
    words += (token === null ? 0 : 1) + widthOf(type, parts, leastOf, Math.min);
  }
  return words;
}

function mostOf(items: readonly Argument[]): number {
  let words = 0;
  for (const { type, token, parts } of items)
    words += (token === null ? 0 : 1) + widthOf(type, parts, mostOf, Math.max);
  return words;
}

function widthOf(
  type: ArgumentType,
  parts: readonly Argument[],
  count: (items: readonly Argument[]) => number,
  pick: (...counts: number[]) => number,
): number {
  if (type === 'pure-token') return 0;
  if (type === 'block') return count(parts);
  return type === 'oneof' ? pick(...parts.map((part) => count([part]))) : 1;
}
