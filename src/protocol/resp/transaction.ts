/**
 * MULTI … EXEC of one connection: what is queued, what is watched, whether it may still happen. All commands of a
 * transaction run inside one update over all their keys, so nobody sees a part of it and nothing comes between.
 */
import { TRANSACTION_BYTES_MAX, TRANSACTION_COMMANDS_MAX } from '../../model/limits.ts';
import type { Entry } from './command-index.ts';
import { nameOf } from './keyspace.ts';
import type { Words } from './request-reader.ts';
import type { Store } from './store.ts';

export type Queued = { readonly entry: Entry; readonly words: Words };

export class Transaction {
  readonly #store: Store;
  #queue: Queued[] | null = null;
  #bytes = 0;
  /** Whether a command could not be queued: then EXEC discards. */
  hasFailed = false;
  #watches = new Map<string, () => void>();
  /** Whether a watched key was changed. */
  #isTouched: { value: boolean } = { value: false };

  constructor(store: Store) {
    this.#store = store;
  }

  get isOpen(): boolean {
    return this.#queue !== null;
  }

  get size(): number {
    return this.#queue?.length ?? -1;
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
    for (const word of words) this.#bytes += word.length;
    if (queue.length >= TRANSACTION_COMMANDS_MAX || this.#bytes > TRANSACTION_BYTES_MAX) {
      this.hasFailed = true;
      return false;
    }
    queue.push({ entry, words });
    return true;
  }

  watch(key: Uint8Array): void {
    const name = nameOf(key);
    if (this.#watches.has(name)) return;
    const touched = this.#isTouched;
    const end = this.#store.watch(key.slice(), () => {
      touched.value = true;
    });
    this.#watches.set(name, end);
  }

  unwatch(): void {
    for (const end of this.#watches.values()) end();
    this.#watches = new Map();
    this.#isTouched = { value: false };
  }

  /** Ends it: what was queued, and a question whether a watched key was changed, for as long as `end` was not called. */
  take(): { readonly queue: readonly Queued[]; isTouched: () => boolean; end: () => void } {
    const queue = this.#queue ?? [];
    const watches = this.#watches;
    const touched = this.#isTouched;
    this.#queue = null;
    this.#watches = new Map();
    this.#isTouched = { value: false };
    return {
      queue,
      isTouched: () => touched.value,
      end: () => {
        for (const end of watches.values()) end();
      },
    };
  }

  discard(): void {
    this.#queue = null;
    this.hasFailed = false;
    this.unwatch();
  }
}
