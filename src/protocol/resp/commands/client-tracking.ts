/** CLIENT TRACKING and its like: what a connection that caches wants to be told. Telling it is tracking.ts. */
import { NO_BYTES } from '../../../lib/bytes.ts';
import { PATTERN_BYTES_MAX } from '../../../model/limits.ts';
import { integerOf, optionOf } from '../arguments.ts';
import { NOT_INTEGER, SYNTAX } from '../failures.ts';
import type { ReplyWriter } from '../reply-writer.ts';
import type { Words } from '../request-reader.ts';
import { nowRow, type Row, type RowFacts } from '../row.ts';
import type { Talk } from '../talk.ts';
import { overlapOf, type TrackingMode } from '../tracking.ts';

function about(syntax: string, summary: string): RowFacts {
  return { syntax, summary, group: 'connection', flags: ['loading'] };
}

/** Prefixes of one connection. */
const PREFIXES_MAX = 100;

export const TRACKING_ROWS: readonly Row[] = [
  nowRow(
    'tracking',
    about(
      '(ON|OFF) [REDIRECT client-id] [PREFIX prefix ...] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]',
      'Be told which keys changed that were read here: client-side caching',
    ),
    onTracking,
  ),
  nowRow('caching', about('(YES|NO)', 'Whether what the next command reads is tracked'), (talk, words, reply) => {
    const tracker = talk.host.tracking.of(talk);
    const answer = optionOf(words[2] as Uint8Array);
    const kind = tracker?.mode.kind;
    if (tracker === null || (kind !== 'optin' && kind !== 'optout'))
      reply.error(
        'ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
      );
    else if (answer !== 'YES' && answer !== 'NO') reply.error(SYNTAX);
    else if (answer === 'YES' && kind === 'optout')
      reply.error('ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.');
    else if (answer === 'NO' && kind === 'optin')
      reply.error('ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.');
    else {
      tracker.caching = answer === 'YES';
      reply.ok();
    }
  }),
  nowRow('trackinginfo', about('', 'What the connection is told'), (talk, _words, reply) => {
    const tracker = talk.host.tracking.of(talk);
    const flags: string[] = [tracker === null ? 'off' : 'on'];
    if (tracker !== null) {
      const { kind, noLoop, redirect } = tracker.mode;
      if (kind !== 'all') flags.push(kind === 'broadcast' ? 'bcast' : kind);
      if (tracker.caching !== null) flags.push(tracker.caching ? 'caching-yes' : 'caching-no');
      if (noLoop) flags.push('noloop');
      if (redirect !== null && !talk.host.talks.has(redirect)) flags.push('broken_redirect');
    }
    const prefixes = tracker?.mode.prefixes ?? [];
    reply.map(3);
    reply.text('flags');
    reply.set(flags.length);
    for (const flag of flags) reply.text(flag);
    reply.text('redirect');
    reply.integer(redirectOf(talk));
    reply.text('prefixes');
    reply.array(prefixes.length);
    for (const prefix of prefixes) reply.bulk(prefix);
  }),
  nowRow('getredir', about('', 'Who is told instead: 0 nobody, -1 nothing is tracked'), (talk, _words, reply) =>
    reply.integer(redirectOf(talk)),
  ),
];

function redirectOf(talk: Talk): number {
  const tracker = talk.host.tracking.of(talk);
  return tracker === null ? -1 : (tracker.mode.redirect ?? 0);
}

function onTracking(talk: Talk, words: Words, reply: ReplyWriter): void {
  const { tracking } = talk.host;
  const read = readMode(talk, words);
  if (typeof read === 'string') {
    reply.error(read);
    return;
  }
  if (read === null) tracking.end(talk);
  else tracking.begin(talk, read);
  reply.ok();
}

/** The mode that is asked for, null for none, or an error line. */
function readMode(talk: Talk, words: Words): TrackingMode | null | string {
  const wanted = new Set<string>();
  const added: Uint8Array[] = [];
  let redirect: number | null = null;
  for (let i = 3; i < words.length; i++) {
    const option = optionOf(words[i] as Uint8Array);
    const value = words[i + 1];
    if (option === 'REDIRECT' && value !== undefined) {
      i++;
      if (redirect !== null) return 'ERR A client can only redirect to a single other client';
      redirect = integerOf(value);
      if (redirect === null) return NOT_INTEGER;
      if (!talk.host.talks.has(redirect)) return 'ERR The client ID you want redirect to does not exist';
    } else if (option === 'PREFIX' && value !== undefined) {
      i++;
      if (value.length > PATTERN_BYTES_MAX || added.length === PREFIXES_MAX)
        return `ERR a connection has at most ${PREFIXES_MAX} prefixes of ${PATTERN_BYTES_MAX} bytes`;
      added.push(value.slice());
    } else if (/^(BCAST|OPTIN|OPTOUT|NOLOOP)$/.test(option)) wanted.add(option);
    else return SYNTAX;
  }
  const state = optionOf(words[2] as Uint8Array);
  if (state === 'OFF') return null;
  if (state !== 'ON') return SYNTAX;
  return modeOf(talk, wanted, added, redirect);
}

function modeOf(
  talk: Talk,
  wanted: ReadonlySet<string>,
  added: readonly Uint8Array[],
  redirect: number | null,
): TrackingMode | string {
  const current = talk.host.tracking.of(talk)?.mode ?? null;
  const isBroadcast = wanted.has('BCAST');
  if (added.length > 0 && !isBroadcast) return 'ERR PREFIX option requires BCAST mode to be enabled';
  if (current !== null && (current.kind === 'broadcast') !== isBroadcast)
    return "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.";
  const isOptional = wanted.has('OPTIN') || wanted.has('OPTOUT');
  if (isBroadcast && isOptional) return 'ERR OPTIN and OPTOUT are not compatible with BCAST';
  if (wanted.has('OPTIN') && wanted.has('OPTOUT')) return "ERR You can't specify both OPTIN mode and OPTOUT mode";
  if ((wanted.has('OPTIN') && current?.kind === 'optout') || (wanted.has('OPTOUT') && current?.kind === 'optin'))
    return "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.";
  const existing = current?.prefixes ?? [];
  if (existing.length + added.length > PREFIXES_MAX) return `ERR a connection has at most ${PREFIXES_MAX} prefixes`;
  const overlap = overlapOf(existing, added);
  if (overlap !== null) return overlap;
  const kind = isBroadcast ? 'broadcast' : wanted.has('OPTIN') ? 'optin' : wanted.has('OPTOUT') ? 'optout' : 'all';
  // Without a prefix it is all keys, which is what the empty one says.
  const isAll = isBroadcast && added.length === 0 && existing.every(({ length }) => length > 0);
  return { kind, prefixes: [...existing, ...(isAll ? [NO_BYTES] : added)], noLoop: wanted.has('NOLOOP'), redirect };
}
