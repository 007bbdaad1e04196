/**
 * A graph of what must come before what, and whom it reaches. Nodes are transactions and, between them, moments of
 * real time: a transaction that ended before another began precedes it by way of the moments, so that real time costs
 * an edge or two per transaction. Reachability is by vector clocks over chains: transactions that follow each other
 * without overlap share one, so there are as many chains as operations were open at once.
 */

/** ww: overwritten by · wr: seen by · rw: saw it before it was overwritten by · rt: ended before it began */
export type Reason = 'ww' | 'wr' | 'rw' | 'rt';

export type Edge = { readonly from: number; readonly to: number; readonly reason: Reason; readonly key: string };

export type Interval = { readonly start: number; readonly end: number };

const REASONS: readonly Reason[] = ['ww', 'wr', 'rw', 'rt'];

export class Precedence {
  /** Transactions are nodes 0 … transactions − 1, moments are the nodes behind them. */
  readonly transactions: number;
  readonly nodes: number;
  readonly chains: number;
  readonly chainOf: Int32Array;
  readonly positionOf: Int32Array;
  /** Edges, by number; each node's are a linked list, the last one first. */
  readonly #to: number[] = [];
  readonly #reason: number[] = [];
  readonly #key: string[] = [];
  readonly #older: number[] = [];
  readonly #last: Int32Array;
  /** Per node and chain: how many of the chain's transactions come before it. */
  #clocks: Int32Array;

  /** `intervals` are sorted by their start. */
  constructor(intervals: readonly Interval[]) {
    this.transactions = intervals.length;
    this.chainOf = new Int32Array(intervals.length);
    this.positionOf = new Int32Array(intervals.length);
    this.chains = this.#layChains(intervals);
    const order = inOrder(intervals);
    let moments = 0;
    for (let i = 1; i < order.length; i++) if ((order[i] as number) >= 0 && (order[i - 1] as number) < 0) moments++;
    this.nodes = this.transactions + moments;
    this.#last = new Int32Array(this.nodes).fill(-1);
    this.#clocks = new Int32Array(0);
    this.#layTime(order);
  }

  /** How many edges there are. */
  get edges(): number {
    return this.#to.length;
  }

  #layChains(intervals: readonly Interval[]): number {
    const ends: number[] = [];
    const lengths: number[] = [];
    for (const [node, { start, end }] of intervals.entries()) {
      let chain = 0;
      while (chain < ends.length && (ends[chain] as number) >= start) chain++;
      if (chain === ends.length) lengths.push(0);
      ends[chain] = end;
      this.chainOf[node] = chain;
      this.positionOf[node] = (lengths[chain] as number)++;
    }
    return ends.length;
  }

  #layTime(order: Int32Array): void {
    let moment = this.transactions - 1;
    let ended: number[] = [];
    for (const step of order) {
      if (step < 0) {
        ended.push(-1 - step);
        continue;
      }
      if (ended.length > 0) {
        if (moment >= this.transactions) this.add(moment, moment + 1, 'rt', '');
        moment++;
        for (const before of ended) this.add(before, moment, 'rt', '');
        ended = [];
      }
      if (moment >= this.transactions) this.add(moment, step, 'rt', '');
    }
  }

  /** Adds an edge; one from a node to itself says nothing. */
  add(from: number, to: number, reason: Reason, key: string): void {
    if (from === to) return;
    this.#older.push(this.#last[from] as number);
    this.#last[from] = this.#to.length;
    this.#to.push(to);
    this.#reason.push(REASONS.indexOf(reason));
    this.#key.push(key);
  }

  /** The edges that leave a node. */
  *leaving(node: number): Iterable<Edge> {
    for (let edge = this.#last[node] as number; edge >= 0; edge = this.#older[edge] as number) {
      const reason = REASONS[this.#reason[edge] as number] as Reason;
      yield { from: node, to: this.#to[edge] as number, reason, key: this.#key[edge] as string };
    }
  }

  /**
   * Computes who comes before whom. Answers the nodes that cannot be put in any order, those on circles and those
   * behind them; none when there is an order. O(edges × chains).
   */
  settle(): number[] {
    const { chains } = this;
    const waiting = new Int32Array(this.nodes);
    for (const to of this.#to) waiting[to] = (waiting[to] as number) + 1;
    const clocks = new Int32Array(this.nodes * chains);
    const ready = new Int32Array(this.nodes);
    let known = 0;
    for (let node = 0; node < this.nodes; node++) if (waiting[node] === 0) ready[known++] = node;
    for (let at = 0; at < known; at++) {
      const node = ready[at] as number;
      const from = node * chains;
      // What comes before the next node is what comes before this one, and this one itself.
      const own = node < this.transactions ? (this.chainOf[node] as number) : -1;
      const ownCount = own < 0 ? 0 : (this.positionOf[node] as number) + 1;
      for (let edge = this.#last[node] as number; edge >= 0; edge = this.#older[edge] as number) {
        const to = this.#to[edge] as number;
        const into = to * chains;
        for (let chain = 0; chain < chains; chain++) {
          const before = chain === own ? ownCount : (clocks[from + chain] as number);
          if (before > (clocks[into + chain] as number)) clocks[into + chain] = before;
        }
        const left = (waiting[to] as number) - 1;
        waiting[to] = left;
        if (left === 0) ready[known++] = to;
      }
    }
    this.#clocks = clocks;
    if (known === this.nodes) return [];
    return Array.from({ length: this.nodes }, (_, node) => node).filter((node) => (waiting[node] as number) > 0);
  }

  /** How many transactions of a chain come before a node, as of the last `settle`. */
  countBefore(node: number, chain: number): number {
    return this.#clocks[node * this.chains + chain] as number;
  }

  /** Whether one transaction comes before another, as of the last `settle`. */
  isBefore(a: number, b: number): boolean {
    return this.countBefore(b, this.chainOf[a] as number) > (this.positionOf[a] as number);
  }
}

/** Starts (the node) and ends (−1 − the node) in their order. Within one moment transactions overlap: starts come first. */
function inOrder(intervals: readonly Interval[]): Int32Array {
  const endOf = (node: number): number => (intervals[node] as Interval).end;
  const definite: number[] = [];
  for (let node = 0; node < intervals.length; node++) {
    if (endOf(node) !== Number.POSITIVE_INFINITY) definite.push(node);
  }
  const byEnd = Int32Array.from(definite).sort((a, b) => endOf(a) - endOf(b));
  const order = new Int32Array(intervals.length + byEnd.length);
  let node = 0;
  let end = 0;
  for (let at = 0; at < order.length; at++) {
    const ending = byEnd[end];
    const starts =
      node < intervals.length && (ending === undefined || (intervals[node] as Interval).start <= endOf(ending));
    if (starts) order[at] = node++;
    else {
      order[at] = -1 - (ending as number);
      end++;
    }
  }
  return order;
}
