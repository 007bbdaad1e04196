/**
 * Whether the steps of one register could have happened one at a time, each within its own interval. The search of
 * Wing and Gong (1993) with Lowe's cache of configurations (2017), as Porcupine does it: events in a linked list, a
 * step that is taken is lifted out of it, and no configuration is entered twice. Linearizability is local (Herlihy
 * and Wing, 1990), so keys are checked one by one.
 *
 * Steps that may never have happened are not searched over: they are pulled in when a step that did happen needs what
 * they leave, since taking one that nobody needs explains nothing. All deletions of unknown outcome that have begun
 * are alike, and so are all writes of unknown outcome that nobody read: they are counted.
 *
 * Two rules keep the search short. A step that finds what it needs and changes nothing is taken at once: no order is
 * lost by it. And a value is not replaced while somebody is left who reads it: it is written only once.
 */
import { EventList } from './event-list.ts';
import { ANY_VALUE, type Going, NO_NEED, NOTHING, type Step, UNCHANGED, UNREAD } from './register.ts';

export type Verdict =
  | { readonly kind: 'linearizable' }
  /** No order explains the steps that end up to and with this one. */
  | { readonly kind: 'violation'; readonly step: number }
  /** The search was given up after so many configurations. */
  | { readonly kind: 'undecided'; readonly configurations: number };

export type SearchOptions = {
  readonly configurationsMax?: number;
  /** Values that go by themselves. */
  readonly goings?: ReadonlyMap<number, Going>;
};

const CONFIGURATIONS_MAX = 2_000_000;

/** The verdict on steps that are sorted by their start, of a register that first holds nothing. */
export function checkRegister(
  steps: readonly Step[],
  { configurationsMax = CONFIGURATIONS_MAX, goings = new Map() }: SearchOptions = {},
): Verdict {
  const search = new Search(steps, goings);
  return search.run(configurationsMax);
}

/** What a step that was taken changed, to be taken back. */
type Taken = {
  readonly entry: number;
  readonly choice: number;
  readonly state: number;
  readonly deletions: number;
  readonly unread: number;
  /** The named writes of unknown outcome that were used. */
  readonly used: readonly number[];
  /** It was taken at once: there is no other way to go on. */
  readonly forced: boolean;
};

/** A write of unknown outcome whose value was read. */
type Named = { readonly value: number; readonly start: number; readonly needs: number };

const NONE: readonly number[] = [];

class Search {
  readonly #steps: readonly Step[];
  readonly #goings: ReadonlyMap<number, Going>;
  /** Of the definite steps that were not taken. */
  readonly #events: EventList;
  readonly #deletions: number[] = [];
  readonly #unreadWrites: number[] = [];
  readonly #named = new Map<number, Named>();
  readonly #usedNamed = new Set<number>();
  readonly #entered = new Set<string>();
  /** Reads of each value that were not taken yet; values that are written more than once are not in it. */
  readonly #readsLeft: Int32Array;
  /** The place of the first event that cannot be passed before its step is taken. */
  #horizon = 0;
  #state = NOTHING;
  #usedDeletions = 0;
  #usedUnread = 0;

  constructor(steps: readonly Step[], goings: ReadonlyMap<number, Going>) {
    this.#steps = steps;
    this.#goings = goings;
    const definite: number[] = [];
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i] as Step;
      if (step.end !== Number.POSITIVE_INFINITY) definite.push(i);
      else this.#setAside(step);
    }
    this.#deletions.sort((a, b) => a - b);
    this.#events = new EventList(steps, definite);
    this.#readsLeft = readsLeft(steps);
  }

  #setAside({ needs, leaves, start }: Step): void {
    if (leaves === NOTHING) this.#deletions.push(start);
    else if (leaves === UNREAD) this.#unreadWrites.push(start);
    else if (leaves !== UNCHANGED) {
      this.#named.set(leaves, { value: leaves, start, needs });
      const going = this.#goings.get(leaves);
      // One that nobody saw, and that went by itself, left nothing.
      if (going !== undefined && !this.#isRead(leaves)) this.#deletions.push(Math.max(start, going.mayFrom));
    }
  }

  #isRead(value: number): boolean {
    return this.#steps.some(({ needs, end }) => needs === value && end !== Number.POSITIVE_INFINITY);
  }

  run(configurationsMax: number): Verdict {
    const { next } = this.#events;
    const taken: Taken[] = [];
    let farthest = 0;
    this.#horizon = this.#events.firstReturn();
    let entry = this.#firstFree();
    let choice = 0;
    while (next[0] !== 0) {
      const step = this.#events.step[entry] as number;
      if (step < 0) {
        // The end of a step that was not taken: nothing behind it can be taken before it.
        farthest = Math.max(farthest, entry);
        let last = taken.pop();
        for (; last?.forced; last = taken.pop()) this.#takeBack(last);
        if (last === undefined) return { kind: 'violation', step: this.#events.stepEndingAt(farthest) };
        this.#takeBack(last);
        entry = last.entry;
        choice = last.choice + 1;
        continue;
      }
      const before = this.#take(entry, choice);
      if (before === null) {
        entry = next[entry] as number;
        choice = 0;
      } else if (before.forced || this.#isNew()) {
        if (this.#entered.size > configurationsMax) return { kind: 'undecided', configurations: this.#entered.size };
        taken.push(before);
        entry = this.#firstFree();
        choice = 0;
      } else {
        this.#takeBack(before);
        choice++;
      }
    }
    return { kind: 'linearizable' };
  }

  /** Where to go on: at a step that can be taken at once, or else at the first one. */
  #firstFree(): number {
    for (
      let entry = this.#events.next[0] as number;
      (this.#events.step[entry] as number) >= 0;
      entry = this.#events.next[entry] as number
    ) {
      if (this.#isFree(this.#steps[this.#events.step[entry] as number] as Step)) return entry;
    }
    return this.#events.next[0] as number;
  }

  /** Whether a step finds what it needs and changes nothing. */
  #isFree({ needs, leaves, start }: Step): boolean {
    const state = this.#state;
    if (this.#isGone(state, start)) return false;
    if (needs === ANY_VALUE) return leaves === UNCHANGED && state !== NOTHING;
    return needs === state && (leaves === UNCHANGED || leaves === state);
  }

  /** Takes the step that begins at this entry, in one of the ways in which it can be taken; null: not in this one. */
  #take(entry: number, choice: number): Taken | null {
    const before: Omit<Taken, 'used' | 'forced'> = {
      entry,
      choice,
      state: this.#state,
      deletions: this.#usedDeletions,
      unread: this.#usedUnread,
    };
    const step = this.#steps[this.#events.step[entry] as number] as Step;
    const forced = this.#isFree(step);
    const { needs, leaves } = step;
    const used = this.#satisfy(step, choice);
    if (used === null || (leaves !== UNCHANGED && leaves !== this.#state && this.#isStillRead(needs))) {
      for (const value of used ?? NONE) this.#usedNamed.delete(value);
      this.#state = before.state;
      this.#usedDeletions = before.deletions;
      this.#usedUnread = before.unread;
      return null;
    }
    if (needs > UNREAD) this.#readsLeft[needs] = (this.#readsLeft[needs] as number) - 1;
    if (leaves !== UNCHANGED) this.#state = leaves;
    this.#events.lift(entry);
    this.#horizon = this.#events.firstReturn();
    return { ...before, used, forced };
  }

  /** Whether what the register holds now is needed again, by others than the step that needs `own`. */
  #isStillRead(own = NOTHING): boolean {
    const state = this.#state;
    return state > UNREAD && (this.#readsLeft[state] as number) > (own === state ? 1 : 0);
  }

  /** Whether a value had surely gone when a step began. */
  #isGone(value: number, start: number): boolean {
    const going = this.#goings.get(value);
    return going !== undefined && going.surelyFrom <= start;
  }

  #takeBack({ entry, state, deletions, unread, used }: Taken): void {
    this.#events.unlift(entry);
    this.#horizon = this.#events.firstReturn();
    this.#state = state;
    this.#usedDeletions = deletions;
    this.#usedUnread = unread;
    for (const value of used) this.#usedNamed.delete(value);
    const { needs } = this.#steps[this.#events.step[entry] as number] as Step;
    if (needs > UNREAD) this.#readsLeft[needs] = (this.#readsLeft[needs] as number) + 1;
  }

  /** Brings about what a step needs, by steps of unknown outcome if need be. Answers the named ones used; null: it cannot. */
  #satisfy({ needs, leaves, start }: Step, choice: number): readonly number[] | null {
    const state = this.#state;
    const isGone = this.#isGone(state, start);
    if (isGone && this.#isStillRead()) return null;
    const isThere = !isGone && (needs === state || (needs === ANY_VALUE && state !== NOTHING));
    if (needs === NO_NEED || isThere) return choice === 0 ? NONE : null;
    if (needs === NOTHING) return this.#vanish(choice);
    if (needs !== ANY_VALUE) {
      return choice === 0 && !this.#isGone(needs, start) ? this.#useNamed(this.#named.get(needs)) : null;
    }
    if (choice === 0 && this.#usedUnread < begun(this.#unreadWrites, this.#horizon)) {
      this.#usedUnread++;
      this.#state = UNREAD;
      return NONE;
    }
    let way = begun(this.#unreadWrites, this.#horizon) > this.#usedUnread ? 1 : 0;
    const deletions = this.#usedDeletions;
    for (const named of this.#named.values()) {
      if (this.#isGone(named.value, start)) continue;
      const used = this.#useNamed(named);
      const isWay = used !== null && (leaves === UNCHANGED || !this.#isStillRead());
      if (isWay && way++ === choice) return used;
      for (const value of used ?? NONE) this.#usedNamed.delete(value);
      this.#state = state;
      this.#usedDeletions = deletions;
    }
    return null;
  }

  /** What is there goes; or what a write of unknown outcome left comes first, and goes by itself. */
  #vanish(choice: number): readonly number[] | null {
    const [state, deletions] = [this.#state, this.#usedDeletions];
    let way = 0;
    if (this.#becomeNothing() && way++ === choice) return NONE;
    for (const named of this.#named.values()) {
      this.#state = state;
      this.#usedDeletions = deletions;
      if (!this.#goings.has(named.value)) continue;
      const used = this.#useNamed(named);
      if (used !== null && this.#becomeNothing() && way++ === choice) return used;
      for (const value of used ?? NONE) this.#usedNamed.delete(value);
    }
    return null;
  }

  /** Takes a named write, and before it those that it needs itself. */
  #useNamed(last: Named | undefined): readonly number[] | null {
    const chain: Named[] = [];
    for (let named = last; ; named = this.#named.get(named.needs)) {
      if (named === undefined || !this.#isUsable(named) || chain.includes(named)) return null;
      chain.push(named);
      if (named.needs <= NOTHING) break;
      if (named.needs !== this.#state) continue;
      if (this.#isGone(this.#state, named.start)) return null;
      break;
    }
    const used: number[] = [];
    for (const { value, needs } of chain.reverse()) {
      const isMissing = needs === NOTHING && this.#state !== NOTHING && !this.#becomeNothing();
      if (isMissing || this.#isStillRead()) {
        for (const taken of used) this.#usedNamed.delete(taken);
        return null;
      }
      this.#state = value;
      this.#usedNamed.add(value);
      used.push(value);
    }
    return used;
  }

  #isUsable({ value, start }: Named): boolean {
    return start < this.#horizon && !this.#usedNamed.has(value);
  }

  /** What is there goes by itself, or by a deletion of unknown outcome. */
  #becomeNothing(): boolean {
    const going = this.#goings.get(this.#state);
    const mayBeGone = going !== undefined && going.mayFrom < this.#horizon;
    if (mayBeGone && going.returns) return true;
    if (this.#isStillRead()) return false;
    if (mayBeGone) {
      this.#state = NOTHING;
      return true;
    }
    if (this.#usedDeletions >= begun(this.#deletions, this.#horizon)) return false;
    this.#usedDeletions++;
    this.#state = NOTHING;
    return true;
  }

  /** Whether nobody was here before: the steps not taken among those that have begun say which were. */
  #isNew(): boolean {
    let name = `${this.#state} ${this.#usedDeletions} ${this.#usedUnread}`;
    for (let entry = this.#events.next[0] as number; ; entry = this.#events.next[entry] as number) {
      name += ` ${entry}`;
      if ((this.#events.step[entry] as number) < 0) break;
    }
    if (this.#usedNamed.size > 0) name += `:${[...this.#usedNamed].sort((a, b) => a - b).join(' ')}`;
    const { size } = this.#entered;
    return this.#entered.add(name).size > size;
  }
}

/** How often each value is read; never, as far as is asked, when it is written more than once or not at all. */
function readsLeft(steps: readonly Step[]): Int32Array {
  const values = steps.reduce((most, { needs, leaves }) => Math.max(most, needs, leaves), UNREAD) + 1;
  const reads = new Int32Array(values);
  const writes = new Int32Array(values);
  for (const { needs, leaves, end } of steps) {
    if (needs > UNREAD && end !== Number.POSITIVE_INFINITY) reads[needs] = (reads[needs] as number) + 1;
    if (leaves > UNREAD) writes[leaves] = (writes[leaves] as number) + 1;
  }
  // Far below zero, no count of reads that are taken brings it above.
  for (let value = 0; value < values; value++) if (writes[value] !== 1) reads[value] = -0x4000_0000;
  return reads;
}

/** How many of these sorted places lie before `horizon`. */
function begun(places: readonly number[], horizon: number): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle] as number) < horizon) low = middle + 1;
    else high = middle;
  }
  return low;
}
