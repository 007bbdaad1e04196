/**
 * When keys go: a binary heap of times, oldest first. It only reminds: the trie says whether a key still has that time,
 * and the broker's clock whether it has come. A key that was named and is still there is named again later.
 */
import { NEVER, type Rare } from '../lib/rare.ts';
import { expiryOf } from '../document/expiring.ts';
import type { RadixTrie } from '../trie/radix-trie.ts';

type Entry = { readonly key: Uint8Array; readonly expiresAtMs: number; readonly askAtMs: number };

/** Keys that are named at once, and how long until one that is still there is named again. */
const NAMED_MAX = 1000;
const AGAIN_MS = 1000;

export class Expiries {
  readonly #heap: Entry[] = [];
  readonly #rare: Rare;

  constructor(rare: Rare = NEVER) {
    this.#rare = rare;
  }

  add(key: Uint8Array, expiresAtMs: number): void {
    this.#push({ key: key.slice(), expiresAtMs, askAtMs: expiresAtMs });
  }

  /** Keys of `trie` whose time has come at `nowMs`. */
  due(trie: RadixTrie, nowMs: number): Uint8Array[] {
    const due: Uint8Array[] = [];
    const again: Entry[] = [];
    const most = this.#rare('replica: one expired key is named') ? 1 : NAMED_MAX;
    const againMs = this.#rare('replica: an expired key is named again at once') ? 0 : AGAIN_MS;
    while (due.length < most) {
      const first = this.#heap[0];
      if (first === undefined || first.askAtMs > nowMs) break;
      this.#pop();
      const leaf = trie.find(first.key);
      if (leaf === -1 || trie.isTombstone(leaf) || expiryOf(trie.value(leaf)) !== first.expiresAtMs) continue;
      due.push(first.key);
      again.push({ ...first, askAtMs: nowMs + againMs });
    }
    for (const entry of again) this.#push(entry);
    return due;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((heap[parent] as Entry).askAtMs <= entry.askAtMs) break;
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
      if (child + 1 < heap.length && (heap[child + 1] as Entry).askAtMs < (heap[child] as Entry).askAtMs) child++;
      if ((heap[child] as Entry).askAtMs >= last.askAtMs) break;
      heap[at] = heap[child] as Entry;
      at = child;
    }
    heap[at] = last;
  }
}
