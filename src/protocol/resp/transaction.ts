/**
 * MULTI … EXEC of one connection: what is queued, what is watched, whether it may still happen. All commands of a
 * transaction run inside one update over all their keys, so nobody sees a part of it and nothing comes between.
 */
import { ok, type Result } from '../../lib/result.ts';
import type { KvError } from '../../model/errors.ts';
import { BULK_ITEMS_MAX, TRANSACTION_BYTES_MAX, TRANSACTION_COMMANDS_MAX } from '../../model/limits.ts';
import type { Entry } from './command-index.ts';
import { keyName } from '../../lib/key-name.ts';
import type { Words } from './request-reader.ts';
import type { Change, Held, Store } from './store.ts';

export type Queued = { readonly entry: Entry; readonly words: Words };

type Watch = {
  isTouched: boolean;
  /** When the key goes that was there; null: it stays, or was not there: that it is taken away changes nothing then. */
  goesAtMs: number | null;
  readonly end: () => void;
};

/** Bytes of memory that a word takes beside its own. */
const WORD_BYTES = 128;

export class Transaction {
  readonly #store: Store;
  #queue: Queued[] | null = null;
  #bytes = 0;
  /** Whether a command could not be queued: then EXEC discards. */
  hasFailed = false;
  #watches = new Map<string, Watch>();
  #watchedBytes = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  get isOpen(): boolean {
    return this.#queue !== null;
  }

  get size(): number {
    return this.#queue?.length ?? -1;
  }

  get queued(): readonly Queued[] {
    return this.#queue ?? [];
  }

  get watched(): number {
    return this.#watches.size;
  }

  /** Whether something is queued that is about the connection or others: what follows must not overtake it. */
  get hasNow(): boolean {
    return this.#queue?.some(({ entry }) => entry.row.run.kind === 'now') === true;
  }

  begin(): void {
    this.#queue = [];
    this.#bytes = 0;
    this.hasFailed = false;
  }

  /** Answers whether there was room for it. */
  add(entry: Entry, words: Words): boolean {
    const queue = this.#queue ?? [];
    for (const word of words) this.#bytes += WORD_BYTES + word.length;
    if (queue.length >= TRANSACTION_COMMANDS_MAX || this.#bytes > TRANSACTION_BYTES_MAX) {
      this.hasFailed = true;
      return false;
    }
    queue.push({ entry, words });
    return true;
  }

  /** Whether keys may be watched beside those that are. */
  hasRoomToWatch(keys: readonly Uint8Array[]): boolean {
    const bytes = keys.reduce((sum, key) => sum + key.length, this.#watchedBytes);
    return this.#watches.size + keys.length <= BULK_ITEMS_MAX && bytes <= TRANSACTION_BYTES_MAX;
  }

  /** Changes count from now on; `onWatching` is told when it is known which of the keys are there, or why it is not. */
  watch(keys: readonly Uint8Array[], onWatching: (failure: KvError | null) => void): void {
    const watches = keys.map((key) => this.#watch(key));
    const decide = (held: readonly (Held | null)[]): Result<readonly Change[], KvError> => {
      for (const [i, watch] of watches.entries()) watch.goesAtMs ??= held[i]?.expiresAtMs ?? null;
      return ok([]);
    };
    this.#store.update({ keys, decide }, (reply) => onWatching(reply.kind === 'failed' ? reply.error : null));
  }

  #watch(key: Uint8Array): Watch {
    const name = keyName(key);
    const known = this.#watches.get(name);
    if (known !== undefined) return known;
    const end = this.#store.watch(key.slice(), (kind) => {
      if (kind !== 'expiry' || watch.goesAtMs !== null) watch.isTouched = true;
    });
    const watch: Watch = { isTouched: false, goesAtMs: null, end };
    this.#watches.set(name, watch);
    this.#watchedBytes += key.length;
    return watch;
  }

  unwatch(): void {
    for (const { end } of this.#watches.values()) end();
    this.#watches = new Map();
    this.#watchedBytes = 0;
  }

  /** Ends it: what was queued, and a question whether a watched key was changed, for as long as `end` was not called. */
  take(): { readonly queue: readonly Queued[]; isTouched: (nowMs: number) => boolean; end: () => void } {
    const queue = this.#queue ?? [];
    const watches = [...this.#watches.values()];
    this.#queue = null;
    this.#watches = new Map();
    this.#watchedBytes = 0;
    return {
      queue,
      isTouched: (nowMs) =>
        watches.some(({ isTouched, goesAtMs }) => isTouched || (goesAtMs !== null && goesAtMs <= nowMs)),
      end: () => {
        for (const { end } of watches) end();
      },
    };
  }

  discard(): void {
    this.#queue = null;
    this.hasFailed = false;
    this.unwatch();
  }
}
