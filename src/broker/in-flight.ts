/**
 * What is under way, in the order in which it began, and by the number that an answer will name. Not a Set and not a
 * Map: each time one of those makes room, the table it leaves behind keeps all that it held, and every table that comes
 * after it, until the collector goes through the whole heap. Here what is over is let go of at once.
 */
import { assert } from '../lib/assert.ts';

/** Something that can stand in one Line; who makes it leaves both null. */
export type Linked<T> = { before: T | null; behind: T | null };

/** In the order in which they joined; each may leave at any time. */
export class Line<T extends Linked<T>> {
  #first: T | null = null;
  #last: T | null = null;

  join(item: T): void {
    item.before = this.#last;
    if (this.#last === null) this.#first = item;
    else this.#last.behind = item;
    this.#last = item;
  }

  /** `item` stands in this line. */
  leave(item: T): void {
    const { before, behind } = item;
    if (before === null) this.#first = behind;
    else before.behind = behind;
    if (behind === null) this.#last = before;
    else behind.before = before;
    item.before = null;
    item.behind = null;
  }

  /** All of them now: they may leave, and others join, while these are looked at. */
  all(): T[] {
    const items: T[] = [];
    for (let item = this.#first; item !== null; item = item.behind) items.push(item);
    return items;
  }
}

const CAPACITY_MIN = 1_024;

/** Questions by number. Numbers rise and begin again at `limit`, a power of two; none is used twice at a time. */
export class Numbered<T> {
  readonly #limit: number;
  #items: (T | undefined)[] = new Array(CAPACITY_MIN).fill(undefined);
  /** The number of the item at each place. */
  #numbers = new Int32Array(CAPACITY_MIN);
  #size = 0;
  #next: number;

  /** `first`: where numbers begin. */
  constructor(limit: number, first = 1) {
    assert(limit >= CAPACITY_MIN && (limit & (limit - 1)) === 0, 'a limit of numbers is a power of two');
    this.#limit = limit;
    this.#next = first;
  }

  get size(): number {
    return this.#size;
  }

  /** From where on the next number is looked for. */
  get next(): number {
    return this.#next;
  }

  /** Answers the number of the item. */
  add(item: T): number {
    if (this.#size * 2 >= this.#items.length) this.#grow();
    const mask = this.#items.length - 1;
    while (this.#items[this.#next & mask] !== undefined) this.#next = (this.#next + 1) & (this.#limit - 1);
    const number = this.#next;
    this.#next = (number + 1) & (this.#limit - 1);
    this.#items[number & mask] = item;
    this.#numbers[number & mask] = number;
    this.#size++;
    return number;
  }

  get(number: number): T | undefined {
    const at = number & (this.#items.length - 1);
    return this.#numbers[at] === number ? this.#items[at] : undefined;
  }

  /** Whether there was an item of this number. */
  delete(number: number): boolean {
    if (this.get(number) === undefined) return false;
    this.#items[number & (this.#items.length - 1)] = undefined;
    this.#size--;
    return true;
  }

  #grow(): void {
    const capacity = this.#items.length * 2;
    assert(capacity <= this.#limit, 'fewer questions are under way than there are numbers');
    const items: (T | undefined)[] = new Array(capacity).fill(undefined);
    const numbers = new Int32Array(capacity);
    for (const [at, item] of this.#items.entries()) {
      if (item === undefined) continue;
      const number = this.#numbers[at] as number;
      items[number & (capacity - 1)] = item;
      numbers[number & (capacity - 1)] = number;
    }
    this.#items = items;
    this.#numbers = numbers;
  }
}
