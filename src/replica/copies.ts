/**
 * The copies one storage server holds: versioned leaves in the trie. Every leaf carries the version that wrote it and
 * the newest version wins, so writes, catch-up and replay may meet in any order. A delete is a leaf too (a tombstone)
 * until no server can be missing it.
 */
import { NO_BYTES } from '../lib/bytes.ts';
import { keyName, keyOf } from '../lib/key-name.ts';
import { NEVER, type Rare } from '../lib/rare.ts';
import type { ServerIndex, ServerMask, Version } from '../model/ids.ts';
import { isMember } from '../model/ids.ts';
import type { WriteCursor } from '../model/frames.ts';
import { expiryOf } from '../document/expiring.ts';
import { RadixTrie } from '../trie/radix-trie.ts';
import { Expiries } from './expiries.ts';

const DOT = 0x2e;

/** Deletes to prune in one go: pruning is bookkeeping and must not hold up an answer. */
const PRUNE_MAX = 10_000;

type Tombstone = { readonly name: string; readonly version: Version; readonly owners: ServerMask };

export class Copies {
  readonly trie = new RadixTrie();
  readonly expiries: Expiries;
  /** Whether a key with a dot was ever stored: only then may a path begin with more than one segment. */
  dotted = false;
  /** The newest version of any leaf. */
  newest = 0 as Version;
  readonly #self: ServerIndex;
  readonly #rare: Rare;
  /** The tombstones of the trie, by the names of their keys. */
  readonly #tombstones = new Map<string, Tombstone>();
  /** Where pruning goes on; null: at the beginning. One that is kept and not moved keeps every table that the map leaves. */
  #toPrune: Iterator<Tombstone> | null = null;

  /** Deletes that are kept in mind until they are pruned. */
  get tombstones(): number {
    return this.#tombstones.size;
  }

  constructor(self: ServerIndex, rare: Rare = NEVER) {
    this.#self = self;
    this.#rare = rare;
    this.expiries = new Expiries(rare);
  }

  /** Applies the current item of a write if this server owns it. */
  applyItem(cursor: WriteCursor): void {
    if (!isMember(cursor.owners, this.#self)) return;
    const { reader, version, owners, deletes, keyStart, keyEnd, valueStart, valueEnd } = cursor;
    const { bytes } = reader;
    const { trie } = this;
    const leaf = trie.seek(bytes, keyStart, keyEnd);
    // Not of the same version: of several writes of one key in a bulk the last one counts.
    if (leaf !== -1 && trie.versionOf(leaf) > version) return;
    const expiresAtMs = deletes ? null : expiryOf(bytes, valueStart);
    // All other writes make no garbage, not even a view of the key.
    if (deletes || expiresAtMs !== null || this.#isNamed(leaf))
      this.#noteName(cursor.key(), leaf, version, owners, deletes, expiresAtMs);
    trie.put(version, deletes, bytes, valueStart, valueEnd);
    this.#note(bytes, keyStart, keyEnd, version);
  }

  /** When what a key holds goes by itself, in milliseconds since 1970, infinite: never; 0: it holds nothing. */
  goesAtMs(key: Uint8Array): number {
    const leaf = this.trie.find(key);
    if (leaf === -1 || this.trie.isTombstone(leaf)) return 0;
    return expiryOf(this.trie.value(leaf)) ?? Number.POSITIVE_INFINITY;
  }

  /** Applies one leaf that came from a checkpoint or from another owner; `value` null is a tombstone. */
  applyLeaf(key: Uint8Array, version: Version, owners: ServerMask, value: Uint8Array | null): void {
    const { trie } = this;
    const leaf = trie.seek(key);
    if (leaf !== -1 && trie.versionOf(leaf) >= version) return;
    this.#noteName(key, leaf, version, owners, value === null, value === null ? null : expiryOf(value));
    trie.put(version, value === null, value ?? NO_BYTES);
    this.#note(key, 0, key.length, version);
  }

  /** Applies a leaf that comes after all others in key order, as a checkpoint's do; into an empty store. */
  appendLeaf(key: Uint8Array, version: Version, owners: ServerMask, value: Uint8Array | null): void {
    this.#noteName(key, -1, version, owners, value === null, value === null ? null : expiryOf(value));
    this.trie.append(key, version, value === null, value ?? NO_BYTES);
    this.#note(key, 0, key.length, version);
  }

  /** Whether what a leaf holds goes by itself. */
  #goes(leaf: number): boolean {
    const { trie } = this;
    return trie.valueLength(leaf) > 0 && expiryOf(trie.page(leaf), trie.valueStart(leaf)) !== null;
  }

  /** Whether the key of a leaf, -1 for none, is known by name too: as deleted, or as one that goes. */
  #isNamed(leaf: number): boolean {
    return leaf !== -1 && (this.trie.isTombstone(leaf) || this.#goes(leaf));
  }

  /** A key that `leaf` is still of, -1 for none, will be deleted, or go at a time, or neither. */
  #noteName(
    key: Uint8Array,
    leaf: number,
    version: Version,
    owners: ServerMask,
    isTombstone: boolean,
    expiresAtMs: number | null,
  ): void {
    if (isTombstone) {
      const name = keyName(key);
      this.#tombstones.set(name, { name, version, owners });
    } else if (leaf !== -1 && this.trie.isTombstone(leaf)) this.#tombstones.delete(keyName(key));
    if (expiresAtMs !== null) this.expiries.set(key, expiresAtMs);
    else if (leaf !== -1 && this.#goes(leaf)) this.expiries.remove(key);
  }

  #note(bytes: Uint8Array, keyStart: number, keyEnd: number, version: Version): void {
    if (version > this.newest) this.newest = version;
    for (let at = keyStart; at < keyEnd && !this.dotted; at++) this.dotted = bytes[at] === DOT;
  }

  /**
   * Removes tombstones up to `committed` of groups that miss no owner: from then on nobody can come back with what
   * they deleted.
   */
  prune(committed: Version, isComplete: (owners: ServerMask) => boolean): void {
    if (this.#tombstones.size === 0) this.#toPrune = null;
    if (this.#tombstones.size === 0 || this.#rare('replica: no delete is pruned')) return;
    const most = this.#rare('replica: one delete is pruned') ? 1 : PRUNE_MAX;
    this.#toPrune ??= this.#tombstones.values();
    for (let looked = 0; looked < most; looked++) {
      const next = this.#toPrune.next();
      if (next.done === true) {
        this.#toPrune = null;
        return;
      }
      const { name, version, owners } = next.value;
      if (version > committed || !isComplete(owners)) continue;
      const key = keyOf(name);
      const leaf = this.trie.find(key);
      if (leaf !== -1 && this.trie.isTombstone(leaf) && this.trie.versionOf(leaf) === version) this.trie.delete(key);
      this.#tombstones.delete(name);
    }
  }
}
