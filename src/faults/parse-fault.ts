/**
 * One FAULT statement: faults with their parameters and options, RESTART, RESUME, HEAL, LIST and HELP. The grammar is
 * reliability.md 3.12; forms.ts lists the spellings.
 */
import type { Result } from '../lib/result.ts';
import type { KvError } from '../model/errors.ts';
import { Cursor, type Surroundings } from './cursor.ts';
import { type Form, FORMS, formsStarting, helpOn, OTHER_STATEMENTS } from './forms.ts';
import { parseOptions } from './parse-options.ts';
import { canFail } from './point-names.ts';
import {
  isSelector,
  parseGroup,
  parseGroups,
  parseLink,
  parseLinkFrom,
  parsePointName,
  parseSelector,
  parseServers,
} from './parse-selector.ts';
import type { Distribution, Fault, FaultStatement, FileSelector, Healed, LinkSelector, Selector } from './syntax.ts';

const ALL: Selector = [{ kind: 'all' }];
const SURVIVORS = ['none', 'prefix', 'random'] as const;
const DISTRIBUTIONS: readonly Distribution[] = ['const', 'uniform', 'normal', 'exp'];
const FILES = ['wal', 'snap', 'index', 'meta'] as const;

/** A statement as it comes over a port, with or without the word FAULT before it. BADFAULT names line, column and what was expected. */
export function parseFault(statement: string, around: Surroundings): Result<FaultStatement, KvError> {
  const cursor = new Cursor(statement, 1, around);
  cursor.take('fault');
  return cursor.close(parseFaultStatement(cursor));
}

/** Whether the word begins a statement of this file. */
export function startsFault(word: string): boolean {
  return formsStarting(word).length > 0 || OTHER_STATEMENTS.some(([words]) => words.toLowerCase() === word);
}

/** Reads a statement; the cursor has what was wrong with it. */
export function parseFaultStatement(cursor: Cursor): FaultStatement {
  const word = cursor.word() ?? '';
  switch (word) {
    case 'restart':
    case 'resume':
      cursor.skip();
      return { kind: word, servers: parseServers(cursor) };
    case 'heal':
      cursor.skip();
      return { kind: 'heal', what: parseHealed(cursor) };
    case 'list':
    case 'points':
      cursor.skip();
      return { kind: word };
    case 'help':
      cursor.skip();
      return { kind: 'help', topic: parseTopic(cursor) };
    default: {
      const form = parseForm(cursor);
      if (form === null) return { kind: 'list' };
      const { fault, forMs } = parseParameters(cursor, form);
      return { kind: 'fault', fault, options: parseOptions(cursor, form, forMs) };
    }
  }
}

/** The words that begin a fault, also when there are two of them. */
function parseForm(cursor: Cursor): Form | null {
  const forms = formsStarting(cursor.word() ?? '');
  if (forms.length === 0) {
    cursor.expected(
      `one of ${[...FORMS, ...OTHER_STATEMENTS.map(([words]) => ({ words }))].map(({ words }) => words).join(', ')}`,
    );
    return null;
  }
  const isAlias = forms[0]?.aliases.includes(cursor.word() ?? '') === true;
  cursor.skip();
  const seconds = forms.map((form) => form.words.split(' ')[1]?.toLowerCase());
  if (isAlias || seconds[0] === undefined) return forms[0] ?? null;
  const second = cursor.oneOf(
    seconds.filter((word) => word !== undefined),
    forms.map(({ words }) => words.split(' ')[1]).join(' or '),
  );
  return forms[seconds.indexOf(second)] ?? null;
}

function parseParameters(cursor: Cursor, { kind }: Form): { fault: Fault; forMs: number | null } {
  if (kind === 'hang') {
    const servers = parseServers(cursor);
    const isTimed = /^\d/.test(cursor.word() ?? '');
    return { fault: { kind, servers }, forMs: isTimed ? cursor.duration() : null };
  }
  return { fault: parseRest(cursor, kind), forMs: null };
}

function parseRest(cursor: Cursor, kind: Exclude<Form['kind'], 'hang'>): Fault {
  switch (kind) {
    case 'crash':
    case 'oom':
    case 'wipe':
    case 'sync-fail':
    case 'read-fail':
    case 'torn-write':
    case 'disk-full':
    case 'disk-stall':
    case 'misdirect':
    case 'lose-write':
    case 'isolate':
      return { kind, servers: kind === 'isolate' ? parseGroup(cursor) : parseServers(cursor) };
    case 'slow':
      return { kind, servers: parseServers(cursor), factor: cursor.factor() };
    case 'throw': {
      const servers = parseServers(cursor);
      return { kind, servers, count: /^\d/.test(cursor.word() ?? '') ? cursor.whole('how many messages', 1) : 1 };
    }
    case 'flap':
      return { kind, servers: parseServers(cursor), count: cursor.whole('how many times', 1, 1_000) };
    case 'flaky':
      return { kind, servers: parseServers(cursor), probability: cursor.number(0, 1, 'a probability such as 0.01') };
    case 'power': {
      const isBare = cursor.isAtEnd || (cursor.word() === 'random' && !/^\d/.test(cursor.word(1) ?? ''));
      const servers = isBare || !isSelector(cursor) ? ALL : parseServers(cursor);
      const isGiven = SURVIVORS.some((one) => one === cursor.word());
      return { kind, servers, survivors: isGiven ? cursor.oneOf(SURVIVORS) : 'random' };
    }
    case 'write-fail':
      return { kind, servers: parseServers(cursor), code: cursor.errno() };
    case 'disk-slow': {
      const servers = parseServers(cursor);
      if (cursor.word()?.endsWith('x') === true)
        return { kind, servers, by: { kind: 'factor', factor: cursor.factor() } };
      cursor.take('+');
      return {
        kind,
        servers,
        by: { kind: 'delay', delayMs: cursor.duration('a time such as 20ms, or a factor such as 10x') },
      };
    }
    case 'bitflip':
      return parseBitflip(cursor);
    case 'truncate':
      return { kind, servers: parseServers(cursor), file: parseFile(cursor), bytes: cursor.whole('how many bytes', 1) };
    case 'skew':
      return { kind, servers: parseServers(cursor), byMs: cursor.signedDuration() };
    case 'drift':
      return { kind, servers: parseServers(cursor), rate: cursor.number(0.01, 100, 'a rate such as 1.01') };
    case 'strobe': {
      const servers = parseServers(cursor);
      const byMs = cursor.duration();
      cursor.need('every');
      return { kind, servers, byMs, everyMs: cursor.interval() };
    }
    case 'partition':
      return { kind, groups: parseGroups(cursor, parseGroup(cursor)) };
    case 'ring':
    case 'swizzle':
      return { kind };
    case 'cut': {
      if (cursor.take('*')) return { kind, link: { kind: 'every' } };
      const first = parseGroup(cursor);
      const isGroups = cursor.peek()?.text === '|' || cursor.peek()?.text === '/';
      return isGroups
        ? { kind: 'partition', groups: parseGroups(cursor, first) }
        : { kind, link: parseLinkFrom(cursor, first) };
    }
    case 'clog':
      return { kind, link: parseLink(cursor, { every: true }) };
    case 'drop':
    case 'dup':
    case 'reorder': {
      const link = parseLink(cursor, { every: true });
      return { kind, link, percent: cursor.percent() };
    }
    case 'delay':
      return parseDelay(cursor, parseLink(cursor, { every: true }));
    case 'rate': {
      const link = parseLink(cursor, { every: true });
      const bytesPerSecond = cursor.bytes(1);
      cursor.need('/');
      cursor.need('s');
      return { kind, link, bytesPerSecond };
    }
    case 'client': {
      const act = cursor.oneOf(['rst', 'slice', 'stall', 'close-after'] as const);
      if (act === 'rst' || act === 'stall') return { kind, does: { act } };
      return { kind, does: { act, bytes: cursor.whole('how many bytes', 1) } };
    }
    case 'point':
      return parsePoint(cursor);
    default:
      return kind satisfies never;
  }
}

function parseBitflip(cursor: Cursor): Fault {
  const servers = parseServers(cursor);
  const next = cursor.peek();
  const isFile = next?.kind === 'quoted' || FILES.some((one) => one === cursor.word());
  if (!isFile && !/^\d/.test(next?.text ?? '')) {
    return { kind: 'bitflip', servers, file: { kind: 'wal' }, bits: { kind: 'count', count: 1 } };
  }
  const file: FileSelector = isFile ? parseFile(cursor) : { kind: 'wal' };
  const isPercent = cursor.word()?.endsWith('%') === true;
  const bits = isPercent
    ? ({ kind: 'percent', percent: cursor.percent() } as const)
    : ({ kind: 'count', count: cursor.whole('how many bits, or a percentage', 1) } as const);
  return { kind: 'bitflip', servers, file, bits };
}

function parsePoint(cursor: Cursor): Fault {
  const name = parsePointName(cursor);
  const servers = isSelector(cursor) ? parseServers(cursor) : ALL;
  const act = cursor.oneOf(canFail(name) ? (['panic', 'sleep', 'error'] as const) : (['panic', 'sleep'] as const));
  if (act === 'panic') return { kind: 'point', name, servers, act: { kind: act } };
  if (act === 'sleep') return { kind: 'point', name, servers, act: { kind: act, forMs: cursor.duration() } };
  return { kind: 'point', name, servers, act: { kind: act, code: cursor.errno() } };
}

function parseDelay(cursor: Cursor, link: LinkSelector): Fault {
  const delayMs = cursor.duration();
  const jitterMs = cursor.take('+-') ? cursor.duration() : 0;
  const isGiven = DISTRIBUTIONS.some((one) => one === cursor.word());
  return { kind: 'delay', link, delayMs, jitterMs, distribution: isGiven ? cursor.oneOf(DISTRIBUTIONS) : null };
}

function parseFile(cursor: Cursor): FileSelector {
  const token = cursor.peek();
  if (token?.kind !== 'quoted') return { kind: cursor.oneOf(FILES, 'wal, snap, index, meta or a name in quotes') };
  cursor.skip();
  return { kind: 'named', name: token.text };
}

function parseHealed(cursor: Cursor): Healed {
  if (cursor.isAtEnd || (cursor.word() === 'all' && cursor.peek(1) === undefined)) {
    cursor.take('all');
    return { kind: 'all' };
  }
  if (isSelector(cursor)) return { kind: 'of', selector: parseSelector(cursor) };
  if (formsStarting(cursor.word() ?? '').length > 0)
    return { kind: 'of-kind', fault: parseForm(cursor)?.kind ?? 'crash' };
  const name = cursor.peek()?.kind === 'word' ? (cursor.peek()?.text ?? '') : '';
  if (!/^\p{L}[\p{L}\d_.-]*$/u.test(name) || /^s\d+$/i.test(name))
    cursor.expected('all, a name, a kind of fault or servers');
  else cursor.skip();
  return { kind: 'of', selector: [{ kind: 'name', name }] };
}

function parseTopic(cursor: Cursor): string | null {
  if (cursor.isAtEnd) return null;
  const first = cursor.word() ?? '';
  const both = `${first} ${cursor.word(1) ?? ''}`.trim();
  const topic = helpOn(both) !== null ? both : first;
  if (helpOn(topic) === null) cursor.expected('a kind of fault');
  else cursor.skip(topic.includes(' ') ? 2 : 1);
  return topic;
}
