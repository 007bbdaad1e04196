/**
 * What commands do with their keys, as far as rules of users tell it apart: whether they show what a key holds, and
 * whether they change it. Most follow from the row: who reads shows, who writes does both. What is told of a key beside
 * its value (that it exists, its type, its length) is neither.
 */
import type { Entry } from './command-index.ts';
import { optionOf } from './arguments.ts';
import type { Words } from './request-reader.ts';

export type KeyAccess = { readonly reads: boolean; readonly writes: boolean };

const READS: KeyAccess = { reads: true, writes: false };
const WRITES: KeyAccess = { reads: false, writes: true };
const BOTH: KeyAccess = { reads: true, writes: true };
const NEITHER: KeyAccess = { reads: false, writes: false };

/** Commands that write and show nothing of what was there. */
const BLIND = new Set(
  `set setnx setex psetex mset msetnx append setrange del unlink delete expire pexpire expireat pexpireat persist
  hset hmset hsetnx hdel put bulkset json.set json.mset json.merge json.del json.forget json.clear`.split(/\s+/),
);

/** Commands that tell something of a key and nothing of what it holds. */
const SHALLOW = new Set(
  `exists touch type strlen hlen hexists hstrlen watch memory|usage object|encoding object|refcount object|idletime
  object|freq`.split(/\s+/),
);

/** What a command does with its key number `at` (from 0). */
export function keyAccess({ name, isWrite }: Entry, at: number, words: Words): KeyAccess {
  if (name === 'rename' || name === 'renamenx') return at === 0 ? BOTH : WRITES;
  if (name === 'copy') return at === 0 ? READS : WRITES;
  if (name === 'set') return words.slice(3).some((word) => optionOf(word) === 'GET') ? BOTH : WRITES;
  if (BLIND.has(name)) return WRITES;
  if (SHALLOW.has(name)) return NEITHER;
  return isWrite ? BOTH : READS;
}

/** Commands that store something where nothing was, or behind it; that take something away; that take the key away. */
const INSERTS = new Set(['setnx', 'msetnx', 'append', 'hsetnx', 'renamenx']);
const DELETES = new Set(['getdel', 'hdel', 'json.del', 'json.forget']);
const REMOVES = new Set(['del', 'unlink']);

/** Commands that do not look at what they overwrite. */
const OVERWRITES = new Set('set mset setnx msetnx setex psetex copy rename renamenx put bulkset'.split(' '));

/** The same in the words of COMMAND GETKEYSANDFLAGS: how the key is opened, and what is done with its value. */
export function keyFlags(entry: Entry, at: number, words: Words): readonly string[] {
  const { name } = entry;
  const { reads, writes } = keyAccess(entry, at, words);
  if (!writes) return reads ? ['RO', 'access'] : ['RO'];
  if (REMOVES.has(name)) return ['RM', 'delete'];
  const isRenamed = reads && (name === 'rename' || name === 'renamenx');
  const change = isRenamed || DELETES.has(name) ? 'delete' : INSERTS.has(name) ? 'insert' : 'update';
  if (reads) return ['RW', 'access', change];
  return [OVERWRITES.has(name) ? 'OW' : 'RW', change];
}
