/** Keys that updates depend on: what they hold as of the newest place in the order, and who is to decide next. */
import type { Write } from './group.ts';
import type { Held } from './operations.ts';

/** A place in the queues of its keys. `onTurn` is called when it may have become the first in one of them. */
export type Turn = {
  /** Each once. */
  readonly keys: readonly Tracked[];
  readonly onTurn: () => void;
};

export type Tracked = {
  /** The key, by keyName. */
  readonly name: string;
  /** Null: there is none. Undefined: not known yet. */
  held: Held | null | undefined;
  /** The write that it came with, when it was ordered since the key is tracked. */
  write: Write | null;
  /** Turns that are not over, in the queue or behind it. */
  users: number;
  readonly queue: Turn[];
};

export class Tracking {
  readonly #tracked: Map<string, Tracked>;
  /** Turns that may have come: told one after the other, because each that is over lets the next one have its own. */
  readonly #due: Turn[] = [];
  #isTelling = false;

  /** `tracked`: by keyName; the place in the order writes what it orders into it. */
  constructor(tracked: Map<string, Tracked>) {
    this.#tracked = tracked;
  }

  /** A key that a turn will stand in line for. */
  entry(name: string): Tracked {
    let entry = this.#tracked.get(name);
    if (entry === undefined) {
      entry = { name, held: undefined, write: null, users: 0, queue: [] };
      this.#tracked.set(name, entry);
    }
    return entry;
  }

  /** Stands in line for each of its keys, which are tracked until `forget`. */
  queue(turn: Turn): void {
    for (const entry of turn.keys) {
      entry.users++;
      entry.queue.push(turn);
    }
  }

  isQueued(name: string): boolean {
    const entry = this.#tracked.get(name);
    return entry !== undefined && entry.queue.length > 0;
  }

  isFirst(turn: Turn): boolean {
    for (const { queue } of turn.keys) if (queue[0] !== turn) return false;
    return true;
  }

  /** Lets the next ones have their turn: now, or behind the turn that is being told. */
  leaveQueue(turn: Turn): void {
    for (const { queue } of turn.keys) {
      if (queue[0] === turn) {
        queue.shift();
        const first = queue[0];
        if (first !== undefined) this.#due.push(first);
      } else {
        const at = queue.indexOf(turn);
        if (at > 0) queue.splice(at, 1);
      }
    }
    if (this.#isTelling) return;
    this.#isTelling = true;
    for (let at = 0; at < this.#due.length; at++) this.#due[at]?.onTurn();
    this.#due.length = 0;
    this.#isTelling = false;
  }

  /** A turn is over: keys that nobody depends on are not tracked. */
  forget(turn: Turn): void {
    for (const entry of turn.keys) {
      if (--entry.users > 0) continue;
      this.#tracked.delete(entry.name);
      // A table that the map leaves behind keeps its entries for long (in-flight.ts), but not what they knew.
      entry.held = undefined;
      entry.write = null;
    }
  }

  /** Nothing is known any more. */
  distrust(): void {
    for (const entry of this.#tracked.values()) {
      entry.held = undefined;
      entry.write = null;
    }
  }
}
