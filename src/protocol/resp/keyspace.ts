/**
 * What keys hold at one place of the order, and what commands change there: a transaction is several of them on one
 * keyspace. Each sees what those before it changed. Never asks anybody: all its keys were looked up before.
 */
import { assert } from '../../lib/assert.ts';
import { equalBytes } from '../../lib/bytes.ts';
import { keyName } from '../../lib/key-name.ts';
import { eventsOfPut, eventsOfRemove, type KeyEvent } from './key-events.ts';
import type { Change, Held } from './store.ts';

type Place = { readonly key: Uint8Array; held: Held | null; isChanged: boolean };

/** Up to this many keys are told apart by comparing them. */
const LISTED_MAX = 8;

export class Keyspace {
  readonly #places: Place[] = [];
  readonly #byName: Map<string, Place> | null;
  /** Milliseconds since 1970 at this place. */
  readonly nowMs: number;
  /** What happened to keys so far; null: nobody wants to know. */
  readonly events: KeyEvent[] | null;
  /** The command that runs. */
  command = '';
  /** Bytes of values that commands stored, also those that later ones replaced. */
  bytesPut = 0;

  /** `held[i]` is what `keys[i]` holds; a key may be named twice. */
  constructor(
    keys: readonly Uint8Array[],
    held: readonly (Held | null)[],
    nowMs: number,
    events: KeyEvent[] | null = null,
  ) {
    this.nowMs = nowMs;
    this.events = events;
    this.#byName = keys.length > LISTED_MAX ? new Map() : null;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as Uint8Array;
      if (this.#find(key) !== undefined) continue;
      const place: Place = { key, held: held[i] ?? null, isChanged: false };
      this.#places.push(place);
      this.#byName?.set(keyName(key), place);
    }
  }

  /** Whether it has no keys at all. */
  get isEmpty(): boolean {
    return this.#places.length === 0;
  }

  /** What a key holds, or null. */
  get(key: Uint8Array): Held | null {
    return this.#place(key).held;
  }

  has(key: Uint8Array): boolean {
    return this.#place(key).held !== null;
  }

  /** Stores a packed value; one whose time has come is gone at once. */
  put(key: Uint8Array, value: Uint8Array, expiresAtMs: number | null): void {
    const place = this.#place(key);
    if (this.events !== null) this.#note(key, eventsOfPut(this.command, place.held, expiresAtMs, this.nowMs));
    place.held = { value, expiresAtMs };
    place.isChanged = true;
    this.bytesPut += value.length;
  }

  remove(key: Uint8Array): void {
    const place = this.#place(key);
    if (place.held === null && !place.isChanged) return;
    if (this.events !== null && place.held !== null) this.#note(key, eventsOfRemove(this.command));
    place.held = null;
    place.isChanged = true;
  }

  /** Answers what takes back all that happens to these keys from now on. */
  savepoint(keys: readonly Uint8Array[]): () => void {
    const before = keys.map((key) => ({ ...this.#place(key) }));
    const events = this.events?.length ?? 0;
    return () => {
      for (const { key, held, isChanged } of before) Object.assign(this.#place(key), { held, isChanged });
      this.events?.splice(events);
    };
  }

  #note(key: Uint8Array, names: readonly string[]): void {
    for (const name of names) this.events?.push({ name, key });
  }

  /** What is to be written. */
  changes(): Change[] {
    const changes: Change[] = [];
    for (const { key, held, isChanged } of this.#places) {
      if (!isChanged) continue;
      if (held === null) changes.push({ key, value: null });
      else changes.push({ key, value: held.value, expiresAtMs: held.expiresAtMs });
    }
    return changes;
  }

  #place(key: Uint8Array): Place {
    const place = this.#find(key);
    assert(place !== undefined, 'a command looks only at the keys that its plan names');
    if (place.held !== null && place.held.expiresAtMs !== null && place.held.expiresAtMs <= this.nowMs)
      place.held = null;
    return place;
  }

  #find(key: Uint8Array): Place | undefined {
    if (this.#byName !== null) return this.#byName.get(keyName(key));
    for (const place of this.#places) if (place.key === key || equalBytes(place.key, key)) return place;
    return undefined;
  }
}
