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
    const scheduled = { atMs: this.nowMs + delayMs, order: this.#order++, run };
    let at = heap.length;
    heap.push(scheduled);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Scheduled;
      if (!isBefore(scheduled, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = scheduled;
  }

  /** Moves to the next moment and lets it happen. Answers false when nothing is left. */
  step(): boolean {
    const first = this.#heap[0];
    if (first === undefined) return false;
    const last = this.#heap.pop() as Scheduled;
    if (this.#heap.length > 0) this.#sink(last);
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

  /** Puts this one into the place of the first, which is gone. */
  #sink(scheduled: Scheduled): void {
    const heap = this.#heap;
    const { length } = heap;
    let at = 0;
    for (let child = 1; child < length; child = 2 * at + 1) {
      let least = heap[child] as Scheduled;
      if (child + 1 < length && isBefore(heap[child + 1] as Scheduled, least)) least = heap[++child] as Scheduled;
      if (!isBefore(least, scheduled)) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = scheduled;
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
