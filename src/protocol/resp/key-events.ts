/**
 * What happens to keys, by the names that Redis has for it: `set`, `del`, `hset`, `expired`. A name follows from the
 * command and from what it did to the key; what comes from elsewhere (the text port) is `set` and `del`. Names only:
 * who is told is decided elsewhere.
 */
import type { Held } from './store.ts';

export type KeyEvent = { readonly name: string; readonly key: Uint8Array };

/**
 * Letters of notify-keyspace-events that stand for classes of events; `A` is all of them. Events of lists, sets, sorted
 * sets, streams and of eviction never happen here. Misses (`m`) and new keys (`n`) are no classes: nobody looks whether
 * a key that is overwritten was there.
 */
export const EVENT_CLASSES = 'g$lshzxetd';

/** Commands whose events have another name than `set` when they store, than `del` when they take away. */
const STORED: ReadonlyMap<string, string> = new Map([
  ['append', 'append'],
  ['setrange', 'setrange'],
  ['incr', 'incrby'],
  ['decr', 'incrby'],
  ['incrby', 'incrby'],
  ['decrby', 'incrby'],
  ['incrbyfloat', 'incrbyfloat'],
  ['hset', 'hset'],
  ['hmset', 'hset'],
  ['hsetnx', 'hset'],
  ['hdel', 'hdel'],
  ['hincrby', 'hincrby'],
  ['hincrbyfloat', 'hincrbyfloat'],
  ['expire', 'expire'],
  ['pexpire', 'expire'],
  ['expireat', 'expire'],
  ['pexpireat', 'expire'],
  ['persist', 'persist'],
  ['rename', 'rename_to'],
  ['renamenx', 'rename_to'],
  ['copy', 'copy_to'],
]);

const TAKEN_AWAY: ReadonlyMap<string, readonly string[]> = new Map([
  ['rename', ['rename_from']],
  ['renamenx', ['rename_from']],
  ['hdel', ['hdel', 'del']],
]);

const CLASSES: ReadonlyMap<string, string> = new Map([
  ...['del', 'expire', 'persist', 'rename_from', 'rename_to', 'copy_to'].map((name) => [name, 'g'] as const),
  ...['set', 'append', 'setrange', 'incrby', 'incrbyfloat'].map((name) => [name, '$'] as const),
  ...['hset', 'hdel', 'hincrby', 'hincrbyfloat'].map((name) => [name, 'h'] as const),
  ['expired', 'x'],
]);

/** The letter of an event's class; what JSON.* commands do belongs to a module. */
export function classOf(name: string): string {
  return CLASSES.get(name) ?? 'd';
}

/** What it is called that a command stores something under a key; `held` is what was there. */
export function eventsOfPut(command: string, held: Held | null, expiresAtMs: number | null, nowMs: number): string[] {
  // It is gone at once, and that is an event of its own.
  if (expiresAtMs !== null && expiresAtMs <= nowMs) return [];
  const goesAnew = expiresAtMs !== null && expiresAtMs !== held?.expiresAtMs;
  if (command === 'getex')
    return goesAnew ? ['expire'] : expiresAtMs === null && held?.expiresAtMs != null ? ['persist'] : [];
  const name = STORED.get(command);
  if (name !== undefined) return [name];
  if (command.startsWith('json.')) return [command];
  return goesAnew ? ['set', 'expire'] : ['set'];
}

/** What it is called that a command takes a key away. */
export function eventsOfRemove(command: string): readonly string[] {
  return TAKEN_AWAY.get(command) ?? (command.startsWith('json.') ? [command] : ['del']);
}
