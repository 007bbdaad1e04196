/**
 * Bulks that overlap: each writes a stretch of a ring of keys whole, so what a key holds says which bulk came last
 * there. What is found after a crash must be what some order of the bulks leaves: of all that were acknowledged and any
 * of the others, none halved, and none before one that was acknowledged before it began.
 */

export type Bulk = {
  readonly writer: string;
  readonly value: string;
  /** Positions on the ring. */
  readonly keys: ReadonlySet<number>;
  readonly begun: number;
  acknowledged: number | null;
};

export class Ring {
  readonly keys: readonly string[];
  #bulks: Bulk[] = [];
  /** What each key held when the last crash was over. */
  #before: (string | null)[];
  #clock = 0;

  constructor(name: string, size: number) {
    this.keys = Array.from({ length: size }, (_, i) => `${name}${i}`);
    this.#before = this.keys.map(() => null);
  }

  /** A bulk over `length` keys from `first` on. */
  begin(writer: string, value: string, first: number, length: number): Bulk {
    const keys = new Set(Array.from({ length }, (_, i) => (first + i) % this.keys.length));
    const bulk: Bulk = { writer, value, keys, begun: ++this.#clock, acknowledged: null };
    this.#bulks.push(bulk);
    return bulk;
  }

  acknowledge(bulk: Bulk): void {
    bulk.acknowledged = ++this.#clock;
  }

  /** It certainly did not happen. */
  refuse(bulk: Bulk): void {
    this.#bulks = this.#bulks.filter((other) => other !== bulk);
  }

  /** Begins anew: this is what the keys hold, and nothing is in flight. */
  restart(found: readonly (string | null)[]): void {
    this.#before = [...found];
    this.#bulks = [];
    this.#clock = 0;
  }

  /** Why no order of the bulks leaves what was found, or null. */
  wrong(found: readonly (string | null)[]): string | null {
    const byValue = new Map(this.#bulks.map((bulk) => [bulk.value, bulk]));
    const shown = found.map((value) => (value === null ? undefined : byValue.get(value)));
    const happened = this.#bulks.filter((bulk) => bulk.acknowledged !== null || shown.includes(bulk));
    /** Each bulk and those that certainly came before it. */
    const before = new Map(
      happened.map((bulk) => [bulk, new Set(happened.filter((other) => isBefore(other, bulk)))] as const),
    );
    for (const [position, last] of shown.entries()) {
      const here = happened.filter((bulk) => bulk !== last && bulk.keys.has(position));
      if (last !== undefined) for (const other of here) before.get(last)?.add(other);
      else if (found[position] !== this.#before[position])
        return `${this.keys[position]} holds what nobody wrote there`;
      else if (here[0] !== undefined) return `${this.keys[position]} misses ${here[0].value}, which ${kindOf(here[0])}`;
    }
    for (let rest = happened; rest.length > 0; ) {
      const next = rest.filter((bulk) => before.get(bulk)?.size === 0);
      if (next.length === 0) return `no order explains ${rest.map(({ value }) => value).join(' ')}`;
      rest = rest.filter((bulk) => !next.includes(bulk));
      for (const bulk of rest) for (const done of next) before.get(bulk)?.delete(done);
    }
    return null;
  }
}

/** By the word of the host, or on one connection by the order of the requests. */
function isBefore(one: Bulk, other: Bulk): boolean {
  if (one === other) return false;
  if (one.writer === other.writer) return one.begun < other.begun;
  return one.acknowledged !== null && one.acknowledged < other.begun;
}

function kindOf({ acknowledged }: Bulk): string {
  return acknowledged === null ? 'is there elsewhere' : 'was acknowledged';
}
