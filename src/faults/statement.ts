/**
 * One FAULT statement as data: the part of the fault language that acts on the threads of storage servers.
 *
 *   statement = "crash" sel *opt | "restart" sel | "hang" sel [dur] *opt | "pause" sel *opt | "resume" sel
 *             | "heal" [name | sel | "all"] | "list"
 *   opt = "FOR" dur | "AS" name ; sel = server *("," server) | "all" ; dur = number ("us"|"ms"|"s"|"m")
 *
 * Words are case-insensitive; crash may be written kill. Errors are BADFAULT and name the column.
 */
import { ok, type Result } from '../lib/result.ts';
import { fail, type KvError } from '../model/errors.ts';
import { type ServerIndex, serverIndex, serverName } from '../model/ids.ts';

export type FaultStatement =
  | {
      readonly kind: 'crash' | 'hang';
      readonly servers: readonly ServerIndex[];
      readonly forMs: number | null;
      readonly name: string | null;
    }
  | { readonly kind: 'restart'; readonly servers: readonly ServerIndex[] }
  | { readonly kind: 'heal'; readonly what: 'all' | { readonly name: string } | { readonly server: ServerIndex } }
  | { readonly kind: 'list' };

type Word = { readonly text: string; readonly column: number };

const VERBS = ['crash', 'heal', 'hang', 'kill', 'list', 'pause', 'restart', 'resume'];
const LATER = [
  'bitflip',
  'clog',
  'cut',
  'delay',
  'disk',
  'disk-full',
  'drift',
  'drop',
  'dup',
  'duplicate',
  'flap',
  'flaky',
  'flip-bit',
  'fsync',
  'isolate',
  'lose',
  'misdirect',
  'oom',
  'partition',
  'point',
  'power',
  'power-loss',
  'rate',
  'read',
  'reorder',
  'ring',
  'skew',
  'slow',
  'slow-disk',
  'strobe',
  'swizzle',
  'sync-fail',
  'throw',
  'torn',
  'torn-write',
  'truncate',
  'wipe',
  'write',
];

/** What a statement asks for, in a cluster of `servers`. BADFAULT: unknown word, server or duration, with its column. */
export function parseFault(statement: string, servers: number): Result<FaultStatement, KvError> {
  const words = wordsOf(statement);
  const verb = words[0];
  if (verb === undefined) return bad(1, `one of ${VERBS.join(', ')}`);
  const rest = words.slice(1);
  const end = statement.length + 1;
  switch (verb.text.toLowerCase()) {
    case 'crash':
    case 'kill':
      return lasting('crash', rest, servers, end);
    case 'hang':
    case 'pause':
      return lasting('hang', rest, servers, end);
    case 'restart': {
      const selected = select(rest[0], servers, end);
      if (!selected.ok) return selected;
      return closed(rest, 1, { kind: 'restart', servers: selected.value });
    }
    case 'resume': {
      const selected = select(rest[0], servers, end);
      if (!selected.ok) return selected;
      const server = selected.value[0] as ServerIndex;
      return closed(rest, 1, { kind: 'heal', what: selected.value.length === servers ? 'all' : { server } });
    }
    case 'heal':
      return heal(rest, servers);
    case 'list':
      return closed(rest, 0, { kind: 'list' });
    default:
      if (LATER.includes(verb.text.toLowerCase())) {
        return fail(
          'BADFAULT',
          `column ${verb.column}: ${verb.text} is not in this version; there are ${VERBS.join(', ')}`,
        );
      }
      return bad(verb.column, `one of ${VERBS.join(', ')}`, verb.text);
  }
}

function lasting(
  kind: 'crash' | 'hang',
  words: readonly Word[],
  servers: number,
  end: number,
): Result<FaultStatement, KvError> {
  const selected = select(words[0], servers, end);
  if (!selected.ok) return selected;
  let forMs: number | null = null;
  let name: string | null = null;
  let at = 1;
  if (kind === 'hang' && words[1] !== undefined && /^\d/.test(words[1].text)) {
    const duration = durationMs(words[1], end);
    if (!duration.ok) return duration;
    forMs = duration.value;
    at = 2;
  }
  for (; at < words.length; at += 2) {
    const option = words[at] as Word;
    const value = words[at + 1];
    switch (option.text.toLowerCase()) {
      case 'for': {
        const duration = durationMs(value, end);
        if (!duration.ok) return duration;
        forMs = duration.value;
        break;
      }
      case 'as':
        if (value === undefined) return bad(end, 'a name');
        name = value.text;
        break;
      default:
        return bad(option.column, 'FOR, AS or the end', option.text);
    }
  }
  return ok({ kind, servers: selected.value, forMs, name });
}

function heal(words: readonly Word[], servers: number): Result<FaultStatement, KvError> {
  const word = words[0];
  if (word === undefined || word.text.toLowerCase() === 'all') return closed(words, 1, { kind: 'heal', what: 'all' });
  const server = serverIndex(word.text, servers);
  return closed(words, 1, { kind: 'heal', what: server === null ? { name: word.text } : { server } });
}

function select(word: Word | undefined, servers: number, end: number): Result<ServerIndex[], KvError> {
  const wanted = `a server from s1 to ${serverName((servers - 1) as ServerIndex)}, or all`;
  if (word === undefined) return bad(end, wanted);
  if (word.text.toLowerCase() === 'all') return ok(Array.from({ length: servers }, (_, index) => index as ServerIndex));
  const selected: ServerIndex[] = [];
  let column = word.column;
  for (const name of word.text.split(',')) {
    const index = serverIndex(name, servers);
    if (index === null) return bad(column, wanted, name);
    if (!selected.includes(index)) selected.push(index);
    column += name.length + 1;
  }
  return ok(selected);
}

function durationMs(word: Word | undefined, end: number): Result<number, KvError> {
  if (word === undefined) return bad(end, 'a duration such as 2s or 50ms');
  const match = /^(\d+(?:\.\d+)?)(us|ms|s|m)$/i.exec(word.text);
  if (match === null) return bad(word.column, 'a duration such as 2s or 50ms', word.text);
  const unit = { us: 0.001, ms: 1, s: 1_000, m: 60_000 }[(match[2] as string).toLowerCase() as 'us' | 'ms' | 's' | 'm'];
  return ok(Number(match[1]) * unit);
}

function closed(words: readonly Word[], count: number, statement: FaultStatement): Result<FaultStatement, KvError> {
  const extra = words[count];
  return extra === undefined ? ok(statement) : bad(extra.column, 'the end', extra.text);
}

function bad(column: number, expected: string, got?: string): Result<never, KvError> {
  return fail('BADFAULT', `column ${column}: expected ${expected}${got === undefined ? '' : `, got ${got}`}`);
}

function wordsOf(statement: string): Word[] {
  return [...statement.matchAll(/\S+/g)].map((match) => ({ text: match[0], column: match.index + 1 }));
}
