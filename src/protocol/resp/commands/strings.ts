/** Strings: SET and GET and what they became over the years. What is stored is a string leaf; see values.ts for types. */
import { packString } from '../../../document/packed.ts';
import type { Item } from '../../../model/commands.ts';
import { BULK_ITEMS_MAX, DOCUMENT_BYTES_MAX } from '../../../model/limits.ts';
import { clampedOf, integerOf } from '../arguments.ts';
import { EXPIRY_SYNTAX, readTime, readValueOptions } from '../expiry-options.ts';
import { INTEGER_ERROR, NOT_INTEGER, OFFSET_RANGE, Refusal, TOO_LONG, WRONG_TYPE, wrongCount } from '../failures.ts';
import { keyName } from '../../../lib/key-name.ts';
import type { Keyspace } from '../keyspace.ts';
import type { ReplyWriter } from '../reply-writer.ts';
import type { Words } from '../request-reader.ts';
import { fast, keysRow, type Plan, type Row, type RowFacts, slow } from '../row.ts';
import { keyError } from '../keys.ts';
import type { Talk } from '../talk.ts';
import { isHash, isString, packBriefly, plainBytes, writeShown } from '../values.ts';

function reads(syntax: string, summary: string, complexity = 'O(1)'): RowFacts {
  return { syntax, summary, complexity, group: 'string', flags: ['readonly', 'fast'] };
}

function writes(syntax: string, summary: string, complexity = 'O(1)'): RowFacts {
  return { syntax, summary, complexity, group: 'string', flags: ['write'] };
}

export const STRING_ROWS: readonly Row[] = [
  keysRow('get', reads('key', 'The string of a key, or the JSON of its document'), (words) => {
    const key = words[1] as Uint8Array;
    return {
      keys: [key],
      apply(keyspace, reply) {
        const held = keyspace.get(key);
        if (held === null) reply.nil();
        else if (isHash(held.value)) reply.error(WRONG_TYPE);
        else writeShown(reply, held.value);
      },
      parts: SHOWN,
    };
  }),
  keysRow(
    'set',
    writes(`key value [NX|XX] [GET] [${EXPIRY_SYNTAX}|KEEPTTL]`, 'Store a string, whatever the key held'),
    planSet,
  ),
  keysRow('setnx', fast(writes('key value', 'Store a string unless the key exists')), (words) => {
    const [, key, value] = words as [Uint8Array, Uint8Array, Uint8Array];
    return (
      keyError(key) ?? {
        keys: [key],
        apply(keyspace, reply) {
          const isNew = !keyspace.has(key);
          if (isNew) keyspace.put(key, packString(value), null);
          reply.integer(isNew ? 1 : 0);
        },
      }
    );
  }),
  keysRow('setex', writes('key seconds value', 'Store a string for some seconds'), (words, talk) =>
    planTimed('setex', words, talk, 1_000),
  ),
  keysRow('psetex', writes('key milliseconds value', 'Store a string for some milliseconds'), (words, talk) =>
    planTimed('psetex', words, talk, 1),
  ),
  keysRow(
    'mget',
    reads('key ...', 'The values of keys, all of one moment; nil for what is no string', 'O(N)'),
    (words) => ({
      keys: words.slice(1),
      apply(keyspace, reply) {
        reply.array(words.length - 1);
        for (let i = 1; i < words.length; i++) {
          const held = keyspace.get(words[i] as Uint8Array);
          if (held === null || isHash(held.value)) reply.nil();
          else writeShown(reply, held.value);
        }
      },
    }),
  ),
  keysRow('mset', writes('(key value) ...', 'Store strings, all of them or none', 'O(N)'), (words) => {
    const items = itemsOf('mset', words);
    if (items instanceof Refusal) return items;
    return {
      keys: items.map(({ key }) => key),
      blind: items,
      apply: (keyspace, reply) => putAll(items, keyspace, reply),
    };
  }),
  keysRow('msetnx', writes('(key value) ...', 'Store strings unless one of the keys exists', 'O(N)'), (words) => {
    const items = itemsOf('msetnx', words);
    if (items instanceof Refusal) return items;
    return {
      keys: items.map(({ key }) => key),
      apply(keyspace, reply) {
        const isFree = items.every(({ key }) => !keyspace.has(key));
        if (isFree) for (const { key, value } of items) keyspace.put(key, value, null);
        reply.integer(isFree ? 1 : 0);
      },
    };
  }),
  keysRow('getset', fast(writes('key value', 'Store a string and answer the one before')), (words) => {
    const [, key, value] = words as [Uint8Array, Uint8Array, Uint8Array];
    return keyError(key) ?? planReplaced(key, (keyspace) => keyspace.put(key, packString(value), null));
  }),
  keysRow('getdel', fast(writes('key', 'The string of a key, which is deleted')), (words) => {
    const key = words[1] as Uint8Array;
    return planReplaced(key, (keyspace) => keyspace.remove(key));
  }),
  keysRow(
    'getex',
    fast(writes(`key [${EXPIRY_SYNTAX}|PERSIST]`, 'The string of a key, and when it is to go')),
    (words, talk) => {
      const key = words[1] as Uint8Array;
      const options = readValueOptions('getex', words, 2);
      if (options instanceof Refusal) return options;
      const { stays, time } = options;
      const atMs = time === null ? null : readTime('getex', time, talk.host.facts.wallMs());
      if (atMs instanceof Refusal) return planReplaced(key, atMs);
      return planReplaced(key, (keyspace) => {
        const held = keyspace.get(key);
        if (held !== null && (time !== null || stays)) keyspace.put(key, held.value, atMs);
      });
    },
  ),
  keysRow('append', fast(writes('key value', 'Put bytes behind a string')), (words) => {
    const [, key, value] = words as [Uint8Array, Uint8Array, Uint8Array];
    return keyError(key) ?? planEdited(key, (old) => joined([old, value]));
  }),
  keysRow('strlen', reads('key', 'The bytes of a string'), (words) =>
    planBytes(words[1] as Uint8Array, (bytes, reply) => reply.integer(bytes.length)),
  ),
  keysRow('getrange', slow(reads('key start end', 'Part of a string', 'O(N)')), planRange),
  keysRow('substr', slow(reads('key start end', 'Part of a string; GETRANGE', 'O(N)')), planRange),
  keysRow('setrange', writes('key offset value', 'Overwrite part of a string'), (words) => {
    const [, key, , value] = words as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const offset = integerOf(words[2] as Uint8Array);
    if (offset === null) return INTEGER_ERROR;
    if (offset < 0) return new Refusal(OFFSET_RANGE);
    return (
      keyError(key) ??
      planEdited(key, (old) => {
        if (value.length === 0) return old;
        if (offset + value.length > DOCUMENT_BYTES_MAX) return null;
        const bytes = new Uint8Array(Math.max(old.length, offset + value.length));
        bytes.set(old);
        bytes.set(value, offset);
        return bytes;
      })
    );
  }),
];

/** The answer of GET outside of transactions: what was found is what is shown. */
const SHOWN: Required<Plan>['parts'] = {
  paths: [],
  write([found], reply) {
    if (found == null) reply.nil();
    else if (isHash(found.value)) reply.error(WRONG_TYPE);
    else writeShown(reply, found.value);
  },
};

function planSet(words: Words, talk: Talk): Plan | Refusal {
  const [, key, value] = words as [Uint8Array, Uint8Array, Uint8Array];
  const failure = keyError(key);
  if (failure !== null) return failure;
  if (words.length === 3) {
    const blind = [{ key, value: packBriefly(value) }];
    return { keys: [key], blind, apply: (keyspace, reply) => putAll(blind, keyspace, reply) };
  }
  const options = readValueOptions('set', words, 3);
  if (options instanceof Refusal) return options;
  const { when, answersOld, stays, time } = options;
  const atMs = time === null ? null : readTime('set', time, talk.host.facts.wallMs());
  if (atMs instanceof Refusal) return atMs;
  const packed = packString(value);
  const apply = (keyspace: Keyspace, reply: ReplyWriter): void => {
    const held = keyspace.get(key);
    if (answersOld && held !== null && !isString(held.value)) {
      reply.error(WRONG_TYPE);
      return;
    }
    const isWanted = when === '' || (when === 'NX') === (held === null);
    if (isWanted) keyspace.put(key, packed, stays ? (held?.expiresAtMs ?? null) : atMs);
    if (answersOld) {
      if (held === null) reply.nil();
      else writeShown(reply, held.value);
    } else if (isWanted) reply.ok();
    else reply.nil();
  };
  if (when !== '' || answersOld || stays) return { keys: [key], apply };
  const item = atMs === null ? { key, value: packed } : { key, value: packed, expiresAtMs: atMs };
  return { keys: [key], blind: [item], apply: (keyspace, reply) => putAll([item], keyspace, reply) };
}

function planTimed(name: string, words: Words, talk: Talk, unitMs: number): Plan | Refusal {
  const [, key, , value] = words as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const time = { option: unitMs === 1 ? 'PX' : 'EX', count: words[2] as Uint8Array };
  const atMs = readTime(name, time, talk.host.facts.wallMs());
  if (atMs instanceof Refusal) return atMs;
  const item: Item = { key, value: packString(value), expiresAtMs: atMs };
  return keyError(key) ?? { keys: [key], blind: [item], apply: (keyspace, reply) => putAll([item], keyspace, reply) };
}

function itemsOf(name: string, words: Words): Item[] | Refusal {
  if (words.length % 2 === 0) return new Refusal(wrongCount(name));
  const items: Item[] = [];
  if ((words.length - 1) / 2 > BULK_ITEMS_MAX)
    return new Refusal(`ERR a bulk of ${(words.length - 1) / 2} items, the limit BULK_ITEMS_MAX is ${BULK_ITEMS_MAX}`);
  for (let i = 1; i < words.length; i += 2) {
    const failure = keyError(words[i] as Uint8Array);
    if (failure !== null) return failure;
    items.push({ key: words[i] as Uint8Array, value: packString(words[i + 1] as Uint8Array) });
  }
  return lastOfEach(items);
}

/** A key that is named twice holds what was said last. */
function lastOfEach(items: readonly Item[]): Item[] {
  const byName = new Map(items.map((item) => [keyName(item.key), item]));
  return [...byName.values()];
}

/** Stores items and says OK. Also what answers a blind write, which is stored already: then the keyspace is empty. */
export function putAll(items: readonly Item[], keyspace: Keyspace, reply: ReplyWriter): void {
  if (keyspace.isEmpty) {
    reply.ok();
    return;
  }
  for (const { key, value, expiresAtMs } of items) keyspace.put(key, value, expiresAtMs ?? null);
  reply.ok();
}

/** Answers the string that is there, then changes it; a refusal says why what is there cannot be changed. */
function planReplaced(key: Uint8Array, change: Refusal | ((keyspace: Keyspace) => void)): Plan {
  return {
    keys: [key],
    apply(keyspace, reply) {
      const held = keyspace.get(key);
      if (held !== null && plainBytes(held.value) === null) reply.error(WRONG_TYPE);
      else if (held !== null && change instanceof Refusal) reply.error(change.line);
      else {
        if (held === null) reply.nil();
        else writeShown(reply, held.value);
        if (!(change instanceof Refusal)) change(keyspace);
      }
    },
  };
}

/** Reads the bytes of a string; none for a key that is not there. */
function planBytes(key: Uint8Array, answer: (bytes: Uint8Array, reply: ReplyWriter) => void): Plan {
  return {
    keys: [key],
    apply(keyspace, reply) {
      const held = keyspace.get(key);
      const bytes = held === null ? NOTHING : plainBytes(held.value);
      if (bytes === null) reply.error(WRONG_TYPE);
      else answer(bytes, reply);
    },
  };
}

/** Stores other bytes and answers how many they are; `edit` answers null when they would be too many. */
function planEdited(key: Uint8Array, edit: (old: Uint8Array) => Uint8Array | null): Plan {
  return {
    keys: [key],
    apply(keyspace, reply) {
      const held = keyspace.get(key);
      if (held !== null && !isString(held.value)) {
        reply.error(WRONG_TYPE);
        return;
      }
      const old = held === null ? NOTHING : (plainBytes(held.value) as Uint8Array);
      const bytes = edit(old);
      if (bytes === null || bytes.length > DOCUMENT_BYTES_MAX - PACKED_HEAD_BYTES) {
        reply.error(TOO_LONG);
        return;
      }
      if (bytes !== old) keyspace.put(key, packString(bytes), held?.expiresAtMs ?? null);
      reply.integer(bytes.length);
    },
  };
}

function planRange(words: Words): Plan | Refusal {
  const [start, end] = [clampedOf(words[2] as Uint8Array), clampedOf(words[3] as Uint8Array)];
  if (start === null || end === null) return new Refusal(NOT_INTEGER);
  return planBytes(words[1] as Uint8Array, (bytes, reply) => {
    const { length } = bytes;
    const from = Math.max(0, start < 0 ? length + start : start);
    const to = Math.min(length - 1, Math.max(0, end < 0 ? length + end : end));
    const isEmpty = length === 0 || from > to || (start < 0 && end < 0 && start > end);
    reply.bulk(isEmpty ? NOTHING : bytes.subarray(from, to + 1));
  });
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const NOTHING = new Uint8Array(0);

/** Bytes that the head of a packed string takes at most. */
const PACKED_HEAD_BYTES = 5;
