/** Things that are due at a time, earliest first, and in the order they were added when due together. Reads no clock. */

type Entry<T> = { readonly dueMs: number; readonly order: number; readonly item: T };

/** A binary heap: add and take are O(log n). */
export class DelayQueue<T> {
  readonly #heap: Entry<T>[] = [];
  #added = 0;

  get size(): number {
    return this.#heap.length;
  }

  add(dueMs: number, item: T): void {
    const heap = this.#heap;
    const entry = { dueMs, order: this.#added++, item };
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent] as Entry<T>)) break;
      heap[at] = heap[parent] as Entry<T>;
      at = parent;
    }
    heap[at] = entry;
  }

  /** When the earliest is due, or Infinity when there is none. */
  nextDueMs(): number {
    return this.#heap[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** Takes the earliest when it is due at `nowMs`, else null. */
  take(nowMs: number): T | null {
    const first = this.#heap[0];
    if (first === undefined || first.dueMs > nowMs) return null;
    const last = this.#heap.pop() as Entry<T>;
    if (this.#heap.length > 0) this.#sink(last);
    return first.item;
  }

  clear(): void {
    this.#heap.length = 0;
  }

  #sink(entry: Entry<T>): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry<T>, heap[child] as Entry<T>)) child++;
      if (!isBefore(heap[child] as Entry<T>, entry)) break;
      heap[at] = heap[child] as Entry<T>;
      at = child;
    }
    heap[at] = entry;
  }
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
