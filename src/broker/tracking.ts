/** Keys that updates depend on: what they hold as of the newest place in the order, and who is to decide next. */
import { assert } from '../lib/assert.ts';
import type { Write } from './group.ts';
import type { Held } from './operations.ts';

/** A place in the queues of its keys. `onTurn` is called when it may have become the first in one of them. */
export type Turn = { readonly names: readonly string[]; readonly onTurn: () => void };

export type Tracked = {
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

  /** `tracked`: by keyName; the place in the order writes what it orders into it. */
  constructor(tracked: Map<string, Tracked>) {
    this.#tracked = tracked;
  }

  /** Stands in line for each of its keys. */
  queue(turn: Turn): void {
    for (const name of turn.names) {
      const entry = this.#tracked.get(name) ?? { held: undefined, write: null, users: 0, queue: [] };
      this.#tracked.set(name, entry);
      entry.users++;
      entry.queue.push(turn);
    }
  }

  isQueued(names: readonly string[]): boolean {
    return names.some((name) => (this.#tracked.get(name)?.queue.length ?? 0) > 0);
  }

  isFirst(turn: Turn): boolean {
    return turn.names.every((name) => this.#tracked.get(name)?.queue[0] === turn);
  }

  /** Lets the next ones have their turn. */
  leaveQueue(turn: Turn): void {
    const next = new Set<Turn>();
    for (const name of turn.names) {
      const { queue } = this.#entry(name);
      const at = queue.indexOf(turn);
      if (at >= 0) queue.splice(at, 1);
      const first = queue[0];
      if (at === 0 && first !== undefined) next.add(first);
    }
    for (const { onTurn } of next) onTurn();
  }

  /** A turn is over: keys that nobody depends on are not tracked. */
  forget(turn: Turn): void {
    for (const name of turn.names) if (--this.#entry(name).users === 0) this.#tracked.delete(name);
  }

  heldBy(name: string): Held | null | undefined {
    return this.#tracked.get(name)?.held;
  }

  writeOf(name: string): Write | null {
    return this.#tracked.get(name)?.write ?? null;
  }

  /** What an owner answered: it counts when nothing was ordered meanwhile. */
  found(name: string, held: Held | null): void {
    const entry = this.#tracked.get(name);
    if (entry !== undefined && entry.held === undefined) entry.held = held;
  }

  /** Nothing is known any more. */
  distrust(): void {
    for (const entry of this.#tracked.values()) {
      entry.held = undefined;
      entry.write = null;
    }
  }

  #entry(name: string): Tracked {
    const entry = this.#tracked.get(name);
    assert(entry !== undefined, 'a turn that is not over has its keys tracked');
    return entry;
  }
}
