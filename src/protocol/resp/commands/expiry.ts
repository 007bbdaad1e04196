/** When keys go by themselves: EXPIRE and its like. A key whose time has come is absent to everybody at once. */
import { text } from '../../../lib/bytes.ts';
import { INTEGER_ERROR, invalidExpire, Refusal } from '../failures.ts';
import { optionOf } from '../arguments.ts';
import { timeOf } from '../expiry-options.ts';
import type { Held } from '../store.ts';
import type { Words } from '../request-reader.ts';
import { keysRow, type Plan, type Row } from '../row.ts';

export const EXPIRY_ROWS: readonly Row[] = [
  setRow('expire', 'seconds', { unitMs: 1_000, isAbsolute: false }),
  setRow('pexpire', 'milliseconds', { unitMs: 1, isAbsolute: false }),
  setRow('expireat', 'unix-time-seconds', { unitMs: 1_000, isAbsolute: true }),
  setRow('pexpireat', 'unix-time-milliseconds', { unitMs: 1, isAbsolute: true }),
  getRow('ttl', 'Seconds until a key goes; -1 never, -2 there is none', (atMs, nowMs) =>
    Math.floor((atMs - nowMs + 500) / 1_000),
  ),
  getRow('pttl', 'Milliseconds until a key goes; -1 never, -2 there is none', (atMs, nowMs) => Math.ceil(atMs - nowMs)),
  getRow('expiretime', 'When a key goes, in seconds since 1970; -1 never, -2 there is none', (atMs) =>
    Math.floor((atMs + 500) / 1_000),
  ),
  getRow('pexpiretime', 'When a key goes, in milliseconds since 1970; -1 never, -2 there is none', (atMs) => atMs),
  keysRow(
    'persist',
    { syntax: 'key', summary: 'Let a key stay', group: 'generic', flags: ['write', 'fast'] },
    (words) => {
      const key = words[1] as Uint8Array;
      return {
        keys: [key],
        apply(keyspace, reply) {
          const held = keyspace.get(key);
          const goes = held !== null && held.expiresAtMs !== null;
          if (goes) keyspace.put(key, held.value, null);
          reply.integer(goes ? 1 : 0);
        },
      };
    },
  ),
];

type Time = { readonly unitMs: number; readonly isAbsolute: boolean };

function setRow(name: string, argument: string, time: Time): Row {
  return keysRow(
    name,
    {
      syntax: `key ${argument} [NX|XX|GT|LT]`,
      summary: `Let a key go by itself ${time.isAbsolute ? 'at a time' : 'after some time'}`,
      group: 'generic',
      flags: ['write', 'fast'],
    },
    (words, talk) => planExpire(name, words, time, talk.host.facts.wallMs()),
  );
}

function planExpire(name: string, words: Words, { unitMs, isAbsolute }: Time, nowMs: number): Plan | Refusal {
  const key = words[1] as Uint8Array;
  const conditions = new Set(words.slice(3).map(optionOf));
  const unknown = words.slice(3).find((word) => !/^(NX|XX|GT|LT)$/.test(optionOf(word)));
  if (unknown !== undefined) return new Refusal(`ERR Unsupported option ${text(unknown).slice(0, 128)}`);
  if (conditions.has('NX') && conditions.size > 1)
    return new Refusal('ERR NX and XX, GT or LT options at the same time are not compatible');
  if (conditions.has('GT') && conditions.has('LT'))
    return new Refusal('ERR GT and LT options at the same time are not compatible');
  const time = timeOf(words[2] as Uint8Array, { unitMs, sinceMs: isAbsolute ? 0 : nowMs });
  if (time === null) return INTEGER_ERROR;
  if (time === 'invalid') return invalidExpire(name);
  // Before 1970 is the past as well.
  const atMs = Math.max(1, Number(time));
  return {
    keys: [key],
    apply(keyspace, reply) {
      const held = keyspace.get(key);
      const isWanted = held !== null && allows(conditions, held, atMs);
      if (isWanted) keyspace.put(key, held.value, atMs);
      reply.integer(isWanted ? 1 : 0);
    },
  };
}

/** A key that stays goes later than any other. */
function allows(conditions: ReadonlySet<string>, { expiresAtMs }: Held, atMs: number): boolean {
  if (conditions.has('NX') && expiresAtMs !== null) return false;
  if (conditions.has('XX') && expiresAtMs === null) return false;
  if (conditions.has('GT') && (expiresAtMs === null || atMs <= expiresAtMs)) return false;
  return !(conditions.has('LT') && expiresAtMs !== null && atMs >= expiresAtMs);
}

function getRow(name: string, summary: string, answer: (atMs: number, nowMs: number) => number): Row {
  return keysRow(name, { syntax: 'key', summary, group: 'generic', flags: ['readonly', 'fast'] }, (words) => {
    const key = words[1] as Uint8Array;
    return {
      keys: [key],
      apply(keyspace, reply) {
        const held = keyspace.get(key);
        if (held === null) reply.integer(-2);
        else if (held.expiresAtMs === null) reply.integer(-1);
        else reply.integer(answer(held.expiresAtMs, keyspace.nowMs));
      },
    };
  });
}
