/**
 * When keys go: a binary heap of times, oldest first, with one entry for each key that goes at all, so that a key which is
 * renewed with every request takes no more room than another. It only reminds: the trie says whether a key still has that
 * time, and the broker's clock whether it has come. A key that was named and is still there is named again later; how
 * much later is counted in looks, because that clock may go back by any time.
 */
import { Deque } from '../lib/deque.ts';
import { keyName, keyOf } from '../lib/key-name.ts';
import { NEVER, type Rare } from '../lib/rare.ts';
import { expiryOf } from '../document/expiring.ts';
import type { RadixTrie } from '../trie/radix-trie.ts';

/** `at`: its place in the heap, NAMED while it waits to be named again, GONE when its key goes no more. */
type Entry = { readonly name: string; expiresAtMs: number; at: number };

const NAMED = -1;
const GONE = -2;

/** Keys that are named at once, and how many looks later one that is still there is named again: about a second. */
const NAMED_MAX = 1000;
const AGAIN_LOOKS = 10;

export class Expiries {
  readonly #heap: Entry[] = [];
  /** All entries, by the bytes of their keys as characters. */
  readonly #entries = new Map<string, Entry>();
  readonly #named = new Deque<{ readonly entry: Entry; readonly againAt: number }>();
  readonly #rare: Rare;
  #looks = 0;

  constructor(rare: Rare = NEVER) {
    this.#rare = rare;
  }

  /** Keys that go. */
  get size(): number {
    return this.#entries.size;
  }

  /** The key goes at this time, and at no other. */
  set(key: Uint8Array, expiresAtMs: number): void {
    const name = keyName(key);
    const known = this.#entries.get(name);
    if (known !== undefined && known.at >= 0) {
      known.expiresAtMs = expiresAtMs;
      this.#place(known, known.at);
      return;
    }
    if (known !== undefined) known.at = GONE;
    const entry: Entry = { name, expiresAtMs, at: this.#heap.length };
    this.#entries.set(name, entry);
    this.#place(entry, entry.at);
  }

  /** The key does not go by itself. */
  remove(key: Uint8Array): void {
    if (this.#entries.size === 0) return;
    const entry = this.#entries.get(keyName(key));
    if (entry !== undefined) this.#forget(entry);
  }

  /** Keys of `trie` whose time has come at `nowMs`. To be asked with each heartbeat. */
  due(trie: RadixTrie, nowMs: number): Uint8Array[] {
    const due: Uint8Array[] = [];
    const most = this.#rare('replica: one expired key is named') ? 1 : NAMED_MAX;
    const again = this.#rare('replica: an expired key is named again at once') ? 1 : AGAIN_LOOKS;
    this.#looks++;
    for (let named = this.#named.peek(); named !== undefined; named = this.#named.peek()) {
      if (named.againAt > this.#looks) break;
      if (named.entry.at === NAMED) this.#place(named.entry, this.#heap.length);
      this.#named.shift();
    }
    while (due.length < most) {
      const entry = this.#heap[0];
      if (entry === undefined || entry.expiresAtMs > nowMs) break;
      const key = keyOf(entry.name);
      const leaf = trie.find(key);
      if (leaf === -1 || trie.isTombstone(leaf) || expiryOf(trie.value(leaf)) !== entry.expiresAtMs) {
        this.#forget(entry);
        continue;
      }
      due.push(key);
      this.#takeOut(entry);
      entry.at = NAMED;
      this.#named.push({ entry, againAt: this.#looks + again });
    }
    return due;
  }

  #forget(entry: Entry): void {
    if (entry.at >= 0) this.#takeOut(entry);
    entry.at = GONE;
    this.#entries.delete(entry.name);
  }

  /** Out of the heap. */
  #takeOut({ at }: Entry): void {
    const last = this.#heap.pop() as Entry;
    if (at < this.#heap.length) this.#place(last, at);
  }

  /** Puts an entry at a free place, or from there where it belongs. */
  #place(entry: Entry, free: number): void {
    const heap = this.#heap;
    let at = free;
    for (let above = (at - 1) >> 1; at > 0; above = (at - 1) >> 1) {
      if ((heap[above] as Entry).expiresAtMs <= entry.expiresAtMs) break;
      this.#put(heap[above] as Entry, at);
      at = above;
    }
    for (let below = 2 * at + 1; below < heap.length; below = 2 * at + 1) {
      if (below + 1 < heap.length && (heap[below + 1] as Entry).expiresAtMs < (heap[below] as Entry).expiresAtMs)
        below++;
      if ((heap[below] as Entry).expiresAtMs >= entry.expiresAtMs) break;
      this.#put(heap[below] as Entry, at);
      at = below;
    }
    this.#put(entry, at);
  }

  #put(entry: Entry, at: number): void {
    this.#heap[at] = entry;
    entry.at = at;
  }
}
