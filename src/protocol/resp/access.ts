/** Whether a user may run a command with these words, and what he is told if not. Decides; remembers nothing. */
import { equalBytes, text } from '../../lib/bytes.ts';
import { optionOf } from './arguments.ts';
import { type Entry, keysIn } from './command-index.ts';
import { Refusal } from './failures.ts';
import { matches } from './glob.ts';
import { type KeyAccess, keyAccess } from './key-access.ts';
import type { Kind } from './pub-sub.ts';
import type { Words } from './request-reader.ts';
import type { Talk } from './talk.ts';
import type { Selector } from './selector.ts';
import type { Permissions } from './user.ts';

export type Denial = {
  readonly reason: 'command' | 'key' | 'channel';
  readonly object: string;
  /** Which of the keys or channels it is, from 0. */
  readonly at: number;
};

/** Whether nothing needs to be checked: may run all, on all keys and channels. */
export function isFree({ startsWithAll, rules, keys, channels }: Permissions): boolean {
  return startsWithAll && rules.length === 0 && keys === null && channels === null;
}

/** Reasons of which a later one says that more of the request was allowed. */
const REASONS: readonly Denial['reason'][] = ['command', 'key', 'channel'];

/** What of a request a user must not do by any of his selectors, or null. The number of words was checked. */
export function denialOf(user: Permissions, entry: Entry, words: Words, talk: Talk): Denial | null {
  let denial = denialIn(user, entry, words, talk);
  for (const selector of user.selectors) {
    if (denial === null) return null;
    const other = denialIn(selector, entry, words, talk);
    if (other === null || isFurther(other, denial)) denial = other;
  }
  return denial;
}

/** Whether more of the request was allowed before it was refused. */
function isFurther(one: Denial, other: Denial): boolean {
  const [reason, otherReason] = [REASONS.indexOf(one.reason), REASONS.indexOf(other.reason)];
  return reason === otherReason ? one.at > other.at : reason > otherReason;
}

function denialIn(user: Selector, entry: Entry, words: Words, talk: Talk): Denial | null {
  const isOpen = entry.row.flags.includes('noauth');
  if (!isOpen && !mayRun(user, entry, words)) return { reason: 'command', object: entry.name, at: 0 };
  if (user.keys !== null) {
    for (const [at, key] of keysTouched(entry, words, talk).entries()) {
      if (!mayTouch(user, key, keyAccess(entry, at, words))) return { reason: 'key', object: text(key), at };
    }
  }
  if (user.channels === null) return null;
  const channels = channelsIn(entry, words);
  const kind = entry.name === 'psubscribe' ? 'patterns' : 'channels';
  const at = channels.findIndex((channel) => !mayHear(user, kind, channel));
  return at < 0 ? null : { reason: 'channel', object: text(channels[at] as Uint8Array), at };
}

function mayRun({ commands, firstWords }: Selector, entry: Entry, words: Words): boolean {
  if (commands.has(entry)) return true;
  const allowed = firstWords.get(entry);
  return allowed !== undefined && words.length > 1 && allowed.includes(optionOf(words[1] as Uint8Array).toLowerCase());
}

/** Behind `NOPERM`; ACL DRYRUN says which key it is. */
export function denialText({ reason, object }: Denial, user: string, namesObject: boolean): string {
  if (reason === 'command') return `User ${user} has no permissions to run the '${object}' command`;
  if (!namesObject) return `No permissions to access a ${reason}`;
  return `User ${user} has no permissions to access the '${object}' ${reason}`;
}

/** The keys of a request: where its row says they are; else all that its plan looks at. */
export function keysTouched(entry: Entry, words: Words, talk: Talk): readonly Uint8Array[] {
  if (entry.keys.first > 0) return keysIn(entry, words);
  const { run } = entry.row;
  if (run.kind !== 'keys') return [];
  const plan = run.plan(words, talk);
  return plan instanceof Refusal ? [] : plan.keys;
}

function mayTouch(user: Selector, key: Uint8Array, { reads, writes }: KeyAccess): boolean {
  for (const allowed of user.keys ?? []) {
    if ((!reads || allowed.reads) && (!writes || allowed.writes) && matches(allowed.pattern, key)) return true;
  }
  return false;
}

function channelsIn({ name }: Entry, words: Words): Words {
  if (name === 'publish') return words.slice(1, 2);
  return name === 'subscribe' || name === 'psubscribe' ? words.slice(1) : [];
}

/** Whether a selector allows a channel, or a pattern: that only where it has the very same. */
export function mayHear({ channels }: Selector, kind: Kind, wanted: Uint8Array): boolean {
  return channels?.some((own) => (kind === 'patterns' ? equalBytes(own, wanted) : matches(own, wanted))) ?? true;
}
