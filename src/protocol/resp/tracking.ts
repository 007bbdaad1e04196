/**
 * Client-side caching: connections that keep what they read are told which keys to forget, as soon as a change of them is
 * acknowledged, whoever made it and through whichever port. A key is remembered when it is asked for and before it is
 * read, and forgotten when its connection was told: the message takes its place behind the answers of all requests of
 * that moment, so what it takes back is never given afterwards. Bounded: beyond the limit the oldest keys are given up,
 * and told, as if they had changed. Costs nothing while nobody asks for it.
 */
import { text, utf8 } from '../../lib/bytes.ts';
import { TRACKED_BYTES_MAX, TRACKED_KEYS_MAX } from '../../model/limits.ts';
import { keysTouched } from './access.ts';
import type { Entry } from './command-index.ts';
import { keyName } from '../../lib/key-name.ts';
import type { ReplyWriter } from './reply-writer.ts';
import type { Words } from './request-reader.ts';
import type { Change, Changes, Store } from './store.ts';
import type { Talk } from './talk.ts';

/** What a connection wants to be told. */
export type TrackingMode = {
  /** `all` keys that it reads; those after CACHING YES; all but those after CACHING NO; all that begin with prefixes. */
  readonly kind: 'all' | 'optin' | 'optout' | 'broadcast';
  /** What begins with one of them; of a broadcast, where the empty one stands for all. */
  readonly prefixes: readonly Uint8Array[];
  /** Nothing of its own changes. */
  readonly noLoop: boolean;
  /** Who is told instead; null: itself. */
  readonly redirect: number | null;
};

type Tracker = {
  mode: TrackingMode;
  /** What CACHING said of the next command. */
  caching: boolean | null;
  readonly keys: Set<string>;
};

type Tracked = { readonly key: Uint8Array; readonly talks: Set<Talk> };

/** Commands that leave what CACHING said for those behind them. */
const KEEPS_CACHING = new Set(['client|caching', 'client|trackinginfo', 'multi', 'exec']);

/** Where a connection of version 2 hears what another one is to forget. */
const CHANNEL = utf8('__redis__:invalidate');

export class ClientTracking {
  readonly #store: Store;
  readonly #talkOf: (id: number) => Talk | undefined;
  readonly #trackers = new Map<Talk, Tracker>();
  /** The oldest first. */
  readonly #tracked = new Map<string, Tracked>();
  #items = 0;
  /** Bytes of the keys, for each connection that each is remembered for. */
  #bytes = 0;
  #loopless = 0;
  readonly #writers = new WeakMap<readonly Change[], Talk>();
  #end: (() => void) | null = null;
  #itemsMax = TRACKED_KEYS_MAX;
  #bytesMax = TRACKED_BYTES_MAX;

  /** `talkOf` finds a connection by its number. */
  constructor(store: Store, talkOf: (id: number) => Talk | undefined) {
    this.#store = store;
    this.#talkOf = talkOf;
  }

  /** Keys of connections that are remembered at most. */
  get itemsMax(): number {
    return this.#itemsMax;
  }

  /** Remembers no more from now on, keys and their bytes: the oldest beyond are given up at once. */
  limit(itemsMax: number, bytesMax = TRACKED_BYTES_MAX): void {
    this.#itemsMax = itemsMax;
    this.#bytesMax = bytesMax;
    this.#giveUp();
  }

  get clients(): number {
    return this.#trackers.size;
  }

  /** Keys that are remembered, and pairs of a key and a connection. */
  get size(): { readonly keys: number; readonly items: number; readonly prefixes: number } {
    let prefixes = 0;
    for (const { mode } of this.#trackers.values()) prefixes += mode.prefixes.length;
    return { keys: this.#tracked.size, items: this.#items, prefixes };
  }

  of(talk: Talk): Tracker | null {
    return this.#trackers.get(talk) ?? null;
  }

  begin(talk: Talk, mode: TrackingMode): void {
    const tracker = this.#trackers.get(talk) ?? { mode, caching: null, keys: new Set() };
    tracker.mode = mode;
    this.#trackers.set(talk, tracker);
    talk.isTracking = true;
    this.#count();
    this.#end ??= this.#store.observe((changes) => this.#onChanged(changes));
  }

  end(talk: Talk): void {
    const tracker = this.#trackers.get(talk);
    if (tracker === undefined) return;
    for (const name of tracker.keys) this.#forget(name, talk);
    this.#trackers.delete(talk);
    talk.isTracking = false;
    this.#count();
    if (this.#trackers.size > 0) return;
    this.#end?.();
    this.#end = null;
  }

  /** A command of a connection that tracks is about to run. */
  onCommand(talk: Talk, entry: Entry, words: Words): void {
    // What CACHING says holds for a whole transaction; EXEC asks for each of its commands itself.
    if (KEEPS_CACHING.has(entry.name)) return;
    this.remember(talk, entry, words);
    this.onEnd(talk);
  }

  /** What CACHING said is done with. */
  onEnd(talk: Talk): void {
    const tracker = this.#trackers.get(talk);
    if (tracker !== undefined) tracker.caching = null;
  }

  /** Remembers the keys that a command reads, if its connection wants to be told of them. */
  remember(talk: Talk, entry: Entry, words: Words): void {
    const tracker = this.#trackers.get(talk);
    if (tracker === undefined || !entry.row.flags.includes('readonly')) return;
    const { kind } = tracker.mode;
    const isWanted =
      kind === 'all' || (kind === 'optin' ? tracker.caching === true : kind === 'optout' && tracker.caching !== false);
    if (!isWanted) return;
    for (const key of keysTouched(entry, words, talk)) {
      const name = keyName(key);
      if (tracker.keys.has(name)) continue;
      const tracked = this.#tracked.get(name) ?? { key: key.slice(), talks: new Set() };
      this.#tracked.set(name, tracked);
      tracked.talks.add(talk);
      tracker.keys.add(name);
      this.#items++;
      this.#bytes += key.length;
    }
    this.#giveUp();
  }

  /** These changes are made by a connection: one that wants to hear nothing of its own does not. */
  wrote(changes: readonly Change[], talk: Talk): void {
    if (this.#loopless > 0) this.#writers.set(changes, talk);
  }

  #onChanged(changes: Changes | null): void {
    if (changes === null) {
      for (const talk of this.#trackers.keys()) this.#tell(talk, null);
      for (const [name, { talks }] of this.#tracked) for (const talk of talks) this.#forget(name, talk);
      return;
    }
    const writer = this.#writers.get(changes.items);
    const told = new Map<Talk, Uint8Array[]>();
    const add = (talk: Talk, key: Uint8Array): void => {
      if (talk === writer && this.#trackers.get(talk)?.mode.noLoop === true) return;
      const keys = told.get(talk);
      if (keys === undefined) told.set(talk, [key]);
      else keys.push(key);
    };
    for (const { key } of changes.items) {
      const name = keyName(key);
      for (const talk of this.#tracked.get(name)?.talks ?? []) {
        this.#forget(name, talk);
        add(talk, key);
      }
      for (const [talk, { mode }] of this.#trackers)
        if (mode.kind === 'broadcast' && beginsWithOne(mode.prefixes, key)) add(talk, key);
    }
    for (const [talk, keys] of told) this.#tell(talk, keys);
  }

  /** Says which keys to forget; null: all. */
  #tell(talk: Talk, keys: readonly Uint8Array[] | null): void {
    const { redirect } = this.#trackers.get(talk)?.mode ?? { redirect: null };
    const target = redirect === null ? talk : this.#talkOf(redirect);
    if (target === undefined) {
      if (talk.client.protocol === 3)
        talk.push((reply) => {
          reply.push(2);
          reply.text('tracking-redir-broken');
          reply.integer(redirect ?? 0);
        });
    } else if (target.client.protocol === 3) {
      target.push((reply) => {
        reply.push(2);
        reply.text('invalidate');
        writeKeys(reply, keys);
      });
    } else if (redirect !== null && target.channels.has(keyName(CHANNEL))) {
      target.push((reply) => {
        reply.push(3);
        reply.text('message');
        reply.bulk(CHANNEL);
        writeKeys(reply, keys);
      });
    }
  }

  /** Gives up the oldest keys while there are too many. */
  #giveUp(): void {
    for (const [name, { key, talks }] of this.#tracked) {
      if (this.#items <= this.#itemsMax && this.#bytes <= this.#bytesMax) return;
      for (const talk of talks) {
        this.#forget(name, talk);
        this.#tell(talk, [key]);
      }
    }
  }

  #forget(name: string, talk: Talk): void {
    const tracked = this.#tracked.get(name);
    if (tracked === undefined || !tracked.talks.delete(talk)) return;
    this.#trackers.get(talk)?.keys.delete(name);
    this.#items--;
    this.#bytes -= tracked.key.length;
    if (tracked.talks.size === 0) this.#tracked.delete(name);
  }

  #count(): void {
    this.#loopless = 0;
    for (const { mode } of this.#trackers.values()) if (mode.noLoop) this.#loopless++;
  }
}

function writeKeys(reply: ReplyWriter, keys: readonly Uint8Array[] | null): void {
  if (keys === null) {
    reply.nil();
    return;
  }
  reply.array(keys.length);
  for (const key of keys) reply.bulk(key);
}

function beginsWithOne(prefixes: readonly Uint8Array[], key: Uint8Array): boolean {
  return prefixes.some((prefix) => beginsWith(key, prefix));
}

/** Whether bytes begin with others. */
export function beginsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  if (bytes.length < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return false;
  return true;
}

/** Why prefixes cannot be told together, or null: no key may be told twice. */
export function overlapOf(existing: readonly Uint8Array[], added: readonly Uint8Array[]): string | null {
  const overlaps = (a: Uint8Array, b: Uint8Array): boolean => beginsWith(a, b) || beginsWith(b, a);
  for (const [at, prefix] of added.entries()) {
    const old = existing.find((other) => overlaps(prefix, other));
    if (old !== undefined)
      return `ERR Prefix '${text(prefix)}' overlaps with an existing prefix '${text(old)}'. Prefixes for a single client must not overlap.`;
    const beside = added.slice(at + 1).find((other) => overlaps(prefix, other));
    if (beside !== undefined)
      return `ERR Prefix '${text(prefix)}' overlaps with another provided prefix '${text(beside)}'. Prefixes for a single client must not overlap.`;
  }
  return null;
}
