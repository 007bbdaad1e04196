/**
 * What can be expected, and what can happen: the checks of EXPECT and `when`, the spans of EXPECT, the events of `on`.
 */
import { ERRORS } from '../model/errors.ts';
import type { ServerState } from '../model/status.ts';
import { COUNT_MAX, type Cursor } from './cursor.ts';
import { isSelector, parsePointName, parseSelector, parseServers } from './parse-selector.ts';
import { type Check, COMPARISONS, type Comparison, type EventPattern, LOAD_OPERATIONS, type Span } from './syntax.ts';

const STATES: readonly ServerState[] = ['down', 'recovering', 'up', 'suspect', 'draining'];

const CHECKS = [
  'state',
  'reply',
  'ok',
  'errors',
  'p50(OP)',
  'p99(OP)',
  'max(OP)',
  'lost',
  'partial bulks',
  'linearizable',
  'serializable',
  'converged',
  'copies',
  'rss',
  'mailbox',
  'unhandled',
  'log',
  'leader',
  'no leader',
];

export function parseCheck(cursor: Cursor): Check {
  const word = cursor.word() ?? '';
  cursor.skip();
  switch (word) {
    case 'leader':
      needLeader(cursor);
      return { kind: 'leader', is: cursor.take('=') ? parseServers(cursor) : null };
    case 'no':
      needLeader(cursor);
      cursor.need('leader');
      return { kind: 'no-leader' };
    case 'state': {
      const of = parseServers(cursor);
      cursor.need('=');
      const states = [cursor.oneOf(STATES)];
      while (cursor.take('|')) states.push(cursor.oneOf(STATES));
      return { kind: 'state', of, states };
    }
    case 'reply': {
      const to = cursor.peek()?.kind === 'quoted' ? cursor.words('a line in quotes') : '';
      if (to === '') cursor.expected('a line of the text protocol in quotes');
      cursor.need('=');
      return { kind: 'reply', to, pattern: cursor.words('a pattern, in which * is anything') };
    }
    case 'ok':
      return { kind: 'ok', compare: parseComparison(cursor), percent: cursor.percent() };
    case 'errors': {
      const code = Object.keys(ERRORS).find((one) => one.toLowerCase() === cursor.word()) ?? null;
      if (code !== null) cursor.skip();
      return { kind: 'errors', code, compare: parseComparison(cursor), count: cursor.whole('how many') };
    }
    case 'p50':
    case 'p99':
    case 'max': {
      cursor.need('(');
      const operation = cursor.oneOf([...LOAD_OPERATIONS, 'all'] as const);
      cursor.need(')');
      return { kind: 'latency', quantile: word, operation, compare: parseComparison(cursor), ms: cursor.duration() };
    }
    case 'lost':
    case 'copies':
    case 'unhandled':
      return { kind: word, compare: parseComparison(cursor), count: cursor.whole('how many') };
    case 'partial':
      cursor.need('bulks');
      return { kind: 'partial-bulks', compare: parseComparison(cursor), count: cursor.whole('how many') };
    case 'linearizable':
    case 'serializable':
    case 'converged':
      return { kind: word };
    case 'rss':
      return { kind: 'rss', compare: parseComparison(cursor), bytes: cursor.bytes() };
    case 'mailbox': {
      const of = isSelector(cursor) ? parseSelector(cursor) : null;
      return { kind: 'mailbox', of, compare: parseComparison(cursor), count: cursor.whole('how many') };
    }
    case 'log':
      return { kind: 'log', pattern: cursor.words('a pattern, in which * is anything') };
    default:
      cursor.skip(-1);
      cursor.expected(`one of ${CHECKS.join(', ')}`);
      return { kind: 'converged' };
  }
}

/** `within 2s`, `during 2s`, `at end`; without one of them: now. */
export function parseSpan(cursor: Cursor): Span {
  if (cursor.take('within')) return { kind: 'within', ms: cursor.duration() };
  if (cursor.take('during')) return { kind: 'during', ms: cursor.duration() };
  if (!cursor.take('at')) return { kind: 'now' };
  cursor.need('end');
  return { kind: 'at-end' };
}

const EVENTS = [
  'leader-elected',
  'term',
  'state',
  'fsync',
  'segment-cut',
  'snapshot',
  'point',
  'fault',
  'healed',
] as const;

export function parseEvent(cursor: Cursor): { event: EventPattern; nth: number } {
  const event = parsePattern(cursor);
  const ordinal = cursor.peek();
  if (ordinal?.kind !== 'ordinal') return { event, nth: 1 };
  const nth = Number(ordinal.text);
  if (nth < 1 || nth > COUNT_MAX) cursor.expected('a number from 1');
  else cursor.skip();
  return { event, nth };
}

function parsePattern(cursor: Cursor): EventPattern {
  const kind = cursor.oneOf(EVENTS);
  switch (kind) {
    case 'leader-elected':
    case 'term':
      needLeader(cursor);
      return { kind };
    case 'state':
      return { kind, server: parseServers(cursor), state: cursor.oneOf(STATES) };
    case 'fsync':
    case 'segment-cut':
    case 'snapshot':
      return { kind, server: parseServers(cursor) };
    case 'point':
      return { kind, name: parsePointName(cursor) };
    case 'fault':
    case 'healed': {
      const name = cursor.peek()?.kind === 'word' ? (cursor.peek()?.text ?? '') : '';
      const isKnown = cursor.around.names.has(name) || /^f\d+$/.test(name);
      if (isKnown) cursor.skip();
      else cursor.expected('a name that AS gave before, or that of a fault without one, such as f1');
      return { kind, name };
    }
    default:
      return kind satisfies never;
  }
}

function parseComparison(cursor: Cursor): Comparison {
  const mark = cursor.peek();
  const compare = COMPARISONS.find((one) => mark?.kind === 'mark' && one === mark.text);
  if (compare === undefined) cursor.expected(`one of ${COMPARISONS.join(' ')}`);
  else cursor.skip();
  return compare ?? '=';
}

function needLeader(cursor: Cursor): void {
  if (cursor.around.mode === 'leader') return;
  cursor.skip(-1);
  cursor.expected(`something else: nobody leads in mode ${cursor.around.mode}`);
}
