/** Virtual time: what is to happen, in the order of its moment and, within one moment, of its scheduling. */

type Scheduled = { readonly atMs: number; readonly order: number; readonly run: () => void };

export class EventQueue {
  nowMs = 0;
  #order = 0;
  readonly #heap: Scheduled[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** Runs `run` after `delayMs` of virtual time. */
  after(delayMs: number, run: () => void): void {
    const heap = this.#heap;
    heap.push({ atMs: this.nowMs + delayMs, order: this.#order++, run });
    let at = heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(heap[at] as Scheduled, heap[parent] as Scheduled)) break;
      swap(heap, at, parent);
      at = parent;
    }
  }

  /** Moves to the next moment and lets it happen. Answers false when nothing is left. */
  step(): boolean {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined) return false;
    const last = heap.pop() as Scheduled;
    if (heap.length > 0) {
      heap[0] = last;
      let at = 0;
      for (;;) {
        let least = at;
        for (const child of [at * 2 + 1, at * 2 + 2]) {
          if (child < heap.length && isBefore(heap[child] as Scheduled, heap[least] as Scheduled)) least = child;
        }
        if (least === at) break;
        swap(heap, at, least);
        at = least;
      }
    }
    this.nowMs = first.atMs;
    first.run();
    return true;
  }

  /** Lets everything happen that is due within `durationMs`, then stands at its end. */
  run(durationMs: number): void {
    const until = this.nowMs + durationMs;
    while (this.#heap.length > 0 && (this.#heap[0] as Scheduled).atMs <= until) this.step();
    this.nowMs = until;
  }

  /** Runs until `condition` holds; answers false when that takes longer than `limitMs`. */
  runUntil(condition: () => boolean, limitMs: number): boolean {
    const until = this.nowMs + limitMs;
    while (!condition()) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > until) return false;
      this.step();
    }
    return true;
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function swap(heap: Scheduled[], a: number, b: number): void {
  const kept = heap[a] as Scheduled;
  heap[a] = heap[b] as Scheduled;
  heap[b] = kept;
}
