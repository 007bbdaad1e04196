/**
 * When keys go: a binary heap of times, oldest first. It only reminds: the trie says whether a key still has that time,
 * and the broker's clock whether it has come. A key that was named and is still there is named again later; how much
 * later is counted in looks, because that clock may go back by any time.
 */
import { Deque } from '../lib/deque.ts';
import { NEVER, type Rare } from '../lib/rare.ts';
import { expiryOf } from '../document/expiring.ts';
import type { RadixTrie } from '../trie/radix-trie.ts';

type Entry = { readonly key: Uint8Array; readonly expiresAtMs: number };

/** Keys that are named at once, and how many looks later one that is still there is named again: about a second. */
const NAMED_MAX = 1000;
const AGAIN_LOOKS = 10;

export class Expiries {
  readonly #heap: Entry[] = [];
  readonly #named = new Deque<{ readonly entry: Entry; readonly againAt: number }>();
  readonly #rare: Rare;
  #looks = 0;

  constructor(rare: Rare = NEVER) {
    this.#rare = rare;
  }

  add(key: Uint8Array, expiresAtMs: number): void {
    this.#push({ key: key.slice(), expiresAtMs });
  }

  /** Keys of `trie` whose time has come at `nowMs`. To be asked with each heartbeat. */
  due(trie: RadixTrie, nowMs: number): Uint8Array[] {
    const due: Uint8Array[] = [];
    const most = this.#rare('replica: one expired key is named') ? 1 : NAMED_MAX;
    const again = this.#rare('replica: an expired key is named again at once') ? 1 : AGAIN_LOOKS;
    this.#looks++;
    for (let named = this.#named.peek(); named !== undefined; named = this.#named.peek()) {
      if (named.againAt > this.#looks) break;
      this.#push(named.entry);
      this.#named.shift();
    }
    while (due.length < most) {
      const entry = this.#heap[0];
      if (entry === undefined || entry.expiresAtMs > nowMs) break;
      this.#pop();
      const leaf = trie.find(entry.key);
      if (leaf === -1 || trie.isTombstone(leaf) || expiryOf(trie.value(leaf)) !== entry.expiresAtMs) continue;
      due.push(entry.key);
      this.#named.push({ entry, againAt: this.#looks + again });
    }
    return due;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((heap[parent] as Entry).expiresAtMs <= entry.expiresAtMs) break;
      heap[at] = heap[parent] as Entry;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as Entry).expiresAtMs < (heap[child] as Entry).expiresAtMs)
        child++;
      if ((heap[child] as Entry).expiresAtMs >= last.expiresAtMs) break;
      heap[at] = heap[child] as Entry;
      at = child;
    }
    heap[at] = last;
  }
}
