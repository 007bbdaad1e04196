/** Flags and ACL categories of commands as COMMAND and ACL show them: all follow from the flags and group of a row. */
import type { Entry } from './command-index.ts';
import type { Flag } from './row.ts';

/** Flags that Redis has too. */
const SHOWN: ReadonlyMap<Flag, string> = new Map([
  ['readonly', 'readonly'],
  ['fast', 'fast'],
  ['admin', 'admin'],
  ['loading', 'loading'],
  ['pubsub', 'pubsub'],
  ['noauth', 'no_auth'],
  ['blocking', 'blocking'],
]);

/** Categories that Redis has for commands that are not here: rules that name them mean nothing, and are no error. */
const EMPTY = ['set', 'sortedset', 'list', 'bitmap', 'hyperloglog', 'geo', 'stream', 'blocking', 'scripting'];

export const CATEGORIES: readonly string[] = [
  'keyspace',
  'read',
  'write',
  'string',
  'hash',
  'json',
  'pubsub',
  'admin',
  'fast',
  'slow',
  'dangerous',
  'connection',
  'transaction',
  'document',
  ...EMPTY,
];

export function flagsOf(flags: readonly Flag[], isWrite: boolean): string[] {
  const shown = flags.flatMap((flag) => SHOWN.get(flag) ?? []);
  return isWrite ? ['write', ...shown] : shown;
}

export function categoriesOf({ row }: Entry): string[] {
  const { flags, group } = row;
  const categories: string[] = [];
  if (group === 'generic' || flags.includes('keyspace')) categories.push('keyspace');
  if (flags.includes('readonly')) categories.push('read');
  if (flags.includes('write')) categories.push('write');
  if (group === 'transactions') categories.push('transaction');
  else if (group !== 'generic' && group !== 'server') categories.push(group);
  if (flags.includes('connection')) categories.push('connection');
  if (flags.includes('admin')) categories.push('admin', 'dangerous');
  else if (flags.includes('dangerous')) categories.push('dangerous');
  categories.push(flags.includes('fast') ? 'fast' : 'slow');
  return categories;
}
