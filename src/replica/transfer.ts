/**
 * Catch-up, seen from the owner that is in sync: it walks its trie once and sends the leaves of the asked groups that
 * are newer than the target's cut, a page at a time, so it answers commands in between. What is written meanwhile
 * reaches the target by itself; versions settle which of the two is newer.
 */
import type { Rare } from '../lib/rare.ts';
import { type ByteReader, ByteWriter } from '../lib/bytes.ts';
import { FRAME, OP } from '../model/frames.ts';
import type { ServerIndex, ServerMask, Version } from '../model/ids.ts';
import { type Placement, ownersOf } from '../routing/placement.ts';
import type { RadixTrie } from '../trie/radix-trie.ts';

/** Pages on their way: the target confirms each when it is durable there. */
const PAGES_IN_FLIGHT = 4;
const PAGE_BYTES = 64 * 1024;

/** Room for a page at the start: most catch-ups are short. */
const FIRST_BYTES = 1024;

/** Leaves looked at in one step, whether they are sent or not: a step stays below a few milliseconds. */
const LEAVES_LOOKED_AT = 4_000;

/** The catch-ups that this server gives, one a target. */
export class Transfers {
  readonly #rare: Rare;
  readonly #byTarget = new Map<ServerIndex, Transfer>();

  constructor(rare: Rare) {
    this.#rare = rare;
  }

  /** Begins the one that a `transfer` frame asks for, whose fields `reader` is at; it replaces another of its target. */
  begin(reader: ByteReader, placement: Placement): void {
    const join = reader.u32();
    const target = reader.u8() as ServerIndex;
    const after = new Map<ServerMask, Version>();
    for (let count = reader.varint(); count > 0; count--) {
      after.set(reader.u16() as ServerMask, reader.f64() as Version);
    }
    this.#byTarget.set(target, new Transfer({ join, target, after }, placement, this.#rare));
  }

  /** The target has one more page on its disk. */
  onTaken(target: ServerIndex): void {
    this.#byTarget.get(target)?.onTaken();
  }

  get hasWork(): boolean {
    for (const transfer of this.#byTarget.values()) if (!transfer.waits) return true;
    return false;
  }

  /** At most one page of each. */
  step(trie: RadixTrie, send: (to: ServerIndex, frame: Uint8Array) => void): void {
    for (const [target, transfer] of this.#byTarget) {
      if (transfer.waits || this.#rare('replica: a catch-up pauses')) continue;
      transfer.step(trie, send);
      if (transfer.done) this.#byTarget.delete(target);
    }
  }
}

/** Of each group, what is newer than its version. */
type Asked = {
  readonly join: number;
  readonly target: ServerIndex;
  readonly after: ReadonlyMap<ServerMask, Version>;
};

class Transfer {
  readonly #join: number;
  readonly #target: ServerIndex;
  readonly #after: ReadonlyMap<ServerMask, Version>;
  readonly #placement: Placement;
  readonly #rare: Rare;
  /** Pages that may be on their way. */
  readonly #window: number;
  readonly #page: ByteWriter;
  readonly #frame: ByteWriter;
  #position: Uint8Array = new Uint8Array(0);
  #inFlight = 0;
  done = false;

  constructor({ join, target, after }: Asked, placement: Placement, rare: Rare) {
    this.#join = join;
    this.#target = target;
    this.#after = after;
    this.#placement = placement;
    this.#rare = rare;
    this.#window = rare('replica: a catch-up has a window of one page') ? 1 : PAGES_IN_FLIGHT;
    const bytes = rare('replica: pages are built from one byte on') ? 1 : FIRST_BYTES;
    this.#page = new ByteWriter(bytes);
    this.#frame = new ByteWriter(bytes);
  }

  onTaken(): void {
    this.#inFlight--;
  }

  get waits(): boolean {
    return this.done || this.#inFlight >= this.#window;
  }

  /** Sends at most one page; after the last one, the end. */
  step(trie: RadixTrie, send: (to: ServerIndex, frame: Uint8Array) => void): void {
    const page = this.#page;
    page.reset();
    const bytesMax = this.#rare('replica: a page of a catch-up has one leaf') ? 1 : PAGE_BYTES;
    const lookedMax = this.#rare('replica: a catch-up looks at one leaf a step') ? 1 : LEAVES_LOOKED_AT;
    let count = 0;
    let looked = 0;
    let stopped = false;
    let position: Uint8Array | null = null;
    trie.scan({ prefix: NOTHING, after: this.#position }, (key, leaf) => {
      const version = trie.versionOf(leaf);
      const owners = ownersOf(this.#placement, key);
      const after = this.#after.get(owners);
      if (after !== undefined && version > after) {
        page.f64(version);
        page.u16(owners);
        page.u8(trie.isTombstone(leaf) ? OP.delete : OP.set);
        page.sized(key);
        if (!trie.isTombstone(leaf)) page.sized(trie.value(leaf));
        count++;
      }
      stopped = ++looked >= lookedMax || page.length >= bytesMax;
      if (stopped) position = key.slice();
      return !stopped;
    });
    if (position !== null) this.#position = position;
    if (count > 0) {
      this.#frame.reset();
      this.#frame.u8(FRAME.items);
      this.#frame.u32(this.#join);
      this.#frame.varint(count);
      this.#frame.bytes(page.view());
      this.#inFlight++;
      send(this.#target, this.#frame.view());
    }
    if (!stopped) {
      this.done = true;
      this.#frame.reset();
      this.#frame.u8(FRAME.itemsEnd);
      this.#frame.u32(this.#join);
      send(this.#target, this.#frame.view());
    }
  }
}

const NOTHING = new Uint8Array(0);
