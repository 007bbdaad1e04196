/**
 * The store's index: keys (bytes, unsigned order) to leaves (version, tombstone flag, value bytes) in a path-compressed
 * radix trie. It holds no object a node or key, never calls back into who owns it and never copies itself to grow.
 * Node and leaf layouts: node.ts, leaf.ts; memory: block-heap.ts; walks: tree.ts, scan.ts.
 *
 * A leaf is named by its ref, a number ≥ 0. Refs and views are valid until the next `set` or `delete`: blocks move.
 */
import { assert } from '../lib/assert.ts';
import { NO_BYTES } from '../lib/bytes.ts';
import type { Version } from '../model/ids.ts';
import { KEY_BYTES_MAX } from '../model/limits.ts';
import { NO_BLOCK, PAGE_SHIFT } from './block-heap.ts';
import { insertLeaf, redirect, removeLeaf, symbolAt } from './change.ts';
import {
  commonLength,
  fillLeaf,
  keyLength,
  keyStart,
  leafIsTombstone,
  leafUnits,
  leafVersion,
  makeLeaf,
  valueLength,
} from './leaf.ts';
import { childCount, depthOf, TERMINAL } from './node.ts';
import { type ScanRange, type ScanVisit, scanTree } from './scan.ts';
import { compact, cutPath, findLeaf, lastLeaf, makeTree, nearestLeaf, Path } from './tree.ts';

type Sought = {
  key: Uint8Array;
  from: number;
  to: number;
  near: number;
  common: number;
  isFound: boolean;
  change: number;
};

export class RadixTrie {
  readonly #tree = makeTree();
  readonly #path = new Path();
  #leafCount = 0;
  #tombstones = 0;
  #keyBytes = 0;
  #valueBytes = 0;
  /** Writes so far: tells a scan that its ground moved. */
  #changes = 0;
  /** The last leaf in order when #path leads to it, else -1. */
  #last = -1;
  /** What `seek` found, for `put`: the key, a leaf nearest to it, the bytes they share, and at which change. */
  readonly #sought: Sought = { key: NO_BYTES, from: 0, to: 0, near: -1, common: 0, isFound: false, change: -1 };

  /** Live keys: tombstones are not among them. */
  get size(): number {
    return this.#leafCount - this.#tombstones;
  }

  /** Keys whose leaf is a tombstone. */
  get tombstones(): number {
    return this.#tombstones;
  }

  /** Inner nodes: fewer than there are keys. */
  get nodeCount(): number {
    return this.#tree.nodeCount;
  }

  /** Bytes of all keys, tombstones included. */
  get keyBytes(): number {
    return this.#keyBytes;
  }

  /** Bytes of all values. */
  get valueBytes(): number {
    return this.#valueBytes;
  }

  /** Bytes of memory held for all of it. */
  get byteLength(): number {
    return this.#tree.nodes.byteLength + this.#tree.leaves.byteLength;
  }

  /** Ref of the key's leaf, be it a tombstone or not, or -1. O(key bytes). */
  find(key: Uint8Array, start = 0, end = key.length): number {
    return findLeaf(this.#tree, key, start, end);
  }

  versionOf(leaf: number): Version {
    return leafVersion(this.#tree.leaves, leaf);
  }

  isTombstone(leaf: number): boolean {
    return leafIsTombstone(this.#tree.leaves, leaf);
  }

  /** View of the leaf's key. */
  key(leaf: number): Uint8Array {
    const start = keyStart(leaf);
    return this.page(leaf).subarray(start, start + keyLength(this.#tree.leaves, leaf));
  }

  /** View of the leaf's value. */
  value(leaf: number): Uint8Array {
    const start = this.valueStart(leaf);
    return this.page(leaf).subarray(start, start + valueLength(this.#tree.leaves, leaf));
  }

  /** The bytes that the leaf lies in: its value, without a view, is `valueStart` … `valueStart + valueLength` of them. */
  page(leaf: number): Uint8Array {
    return this.#tree.leaves.bytes[leaf >>> PAGE_SHIFT] as Uint8Array;
  }

  valueStart(leaf: number): number {
    return keyStart(leaf) + keyLength(this.#tree.leaves, leaf);
  }

  valueLength(leaf: number): number {
    return valueLength(this.#tree.leaves, leaf);
  }

  /**
   * Stores or replaces a key with copies of the given bytes. The key has 1 … KEY_BYTES_MAX bytes; the version is what
   * the caller says, also when it is lower than before. O(key bytes + value bytes).
   */
  set(
    key: Uint8Array,
    version: Version,
    tombstone: boolean,
    value: Uint8Array,
    start = 0,
    end = value.length,
    keyFrom = 0,
    keyTo = key.length,
  ): void {
    this.seek(key, keyFrom, keyTo);
    this.put(version, tombstone, value, start, end);
  }

  /** `find`, which keeps the place so that a `put` need not search again. The key has 1 … KEY_BYTES_MAX bytes. */
  seek(key: Uint8Array, start = 0, end = key.length): number {
    assert(end > start && end - start <= KEY_BYTES_MAX, 'a key is 1 to 65536 bytes');
    const { leaves } = this.#tree;
    const near = this.#leafCount === 0 ? -1 : nearestLeaf(this.#tree, key, start, end, this.#path);
    const common = near < 0 ? 0 : commonLength(leaves, near, key, start, end);
    const sought = this.#sought;
    sought.key = key;
    sought.from = start;
    sought.to = end;
    sought.near = near;
    sought.common = common;
    sought.isFound = near >= 0 && common === end - start && common === keyLength(leaves, near);
    sought.change = this.#changes;
    // The path leads there now.
    this.#last = -1;
    return sought.isFound ? near : -1;
  }

  /** `set` for the key that `seek` was given right before: an AssertionError when anything was written in between. */
  put(version: Version, tombstone: boolean, value: Uint8Array, start = 0, end = value.length): void {
    const { leaves } = this.#tree;
    const { key, from, to, near, common, isFound, change } = this.#sought;
    assert(change === this.#changes, 'a put follows its seek');
    let leaf: number;
    if (isFound) {
      this.#tombstones -= leafIsTombstone(leaves, near) ? 1 : 0;
      this.#valueBytes -= valueLength(leaves, near);
      leaf = this.#roomFor(near, end - start);
    } else {
      leaf = this.#addLeaf(near, common, key, from, to, end - start);
    }
    this.#fill(leaf, version, tombstone, value, start, end);
    compact(this.#tree);
  }

  /**
   * `set` for a key that comes after every key there is, as when a checkpoint is loaded: nothing is searched as long
   * as no other write comes between. A key that does not come last is an AssertionError.
   */
  append(
    key: Uint8Array,
    version: Version,
    tombstone: boolean,
    value: Uint8Array,
    start = 0,
    end = value.length,
    keyFrom = 0,
    keyTo = key.length,
  ): void {
    assert(keyTo > keyFrom && keyTo - keyFrom <= KEY_BYTES_MAX, 'a key is 1 to 65536 bytes');
    const tree = this.#tree;
    const path = this.#path;
    if (this.#last < 0 && tree.root !== NO_BLOCK) this.#last = lastLeaf(tree, path);
    const near = this.#last;
    const common = near < 0 ? 0 : commonLength(tree.leaves, near, key, keyFrom, keyTo);
    if (near >= 0) {
      const next = keyFrom + common < keyTo ? (key[keyFrom + common] as number) : TERMINAL;
      assert(symbolAt(tree, near, common) < next, 'an appended key comes after all others');
      // A node that branches where the key parts from the last one gets it as a child more, as its path must say.
      cutPath(tree, path, common);
      const level = path.length - 1;
      if (level >= 0 && depthOf(tree.nodes, path.nodes[level] as number) === common) path.slots[level] = -1;
    } else {
      path.length = 0;
    }
    const leaf = this.#addLeaf(near, common, key, keyFrom, keyTo, end - start);
    const level = path.length - 1;
    if (level >= 0) path.slots[level] = childCount(tree.nodes, path.nodes[level] as number) - 1;
    this.#fill(leaf, version, tombstone, value, start, end);
    this.#last = compact(tree) ? -1 : leaf;
  }

  /** Takes the key and its leaf out, with the node it leaves without need; false when it is not there. O(key bytes). */
  delete(key: Uint8Array, start = 0, end = key.length): boolean {
    const tree = this.#tree;
    if (tree.root === NO_BLOCK) return false;
    this.#last = -1;
    const leaf = nearestLeaf(tree, key, start, end, this.#path);
    const common = commonLength(tree.leaves, leaf, key, start, end);
    if (common !== end - start || common !== keyLength(tree.leaves, leaf)) return false;
    this.#leafCount--;
    this.#tombstones -= leafIsTombstone(tree.leaves, leaf) ? 1 : 0;
    this.#keyBytes -= common;
    this.#valueBytes -= valueLength(tree.leaves, leaf);
    this.#changes++;
    removeLeaf(tree, this.#path);
    tree.leaves.free(leaf);
    compact(tree);
    return true;
  }

  /**
   * Visits the leaves of a range in key order; true when none is left, false when `visit` stopped it by answering
   * false. `visit` must not write to the trie; to write, stop, and go on with `after` = the last key seen.
   */
  scan(range: ScanRange, visit: ScanVisit): boolean {
    const changes = this.#changes;
    return scanTree(this.#tree, range, (key, leaf) => {
      const goOn = visit(key, leaf);
      assert(changes === this.#changes, 'a trie does not change during a scan');
      return goOn;
    });
  }

  /** A new leaf in the tree, with its key, next to `near` (-1 in an empty tree). */
  #addLeaf(near: number, common: number, key: Uint8Array, keyFrom: number, keyTo: number, valueBytes: number): number {
    const tree = this.#tree;
    const leaf = makeLeaf(tree.leaves, key, keyFrom, keyTo, valueBytes);
    this.#leafCount++;
    this.#keyBytes += keyTo - keyFrom;
    if (near < 0) {
      tree.root = ~leaf;
      return leaf;
    }
    const symbol = keyFrom + common < keyTo ? (key[keyFrom + common] as number) : TERMINAL;
    insertLeaf(tree, this.#path, leaf, near, common, symbol);
    return leaf;
  }

  /** The leaf at the end of the path, or a copy of it, with room for a value of so many bytes and not much more. */
  #roomFor(leaf: number, valueBytes: number): number {
    const { leaves } = this.#tree;
    const length = keyLength(leaves, leaf);
    if (leafUnits(length, valueBytes) === leaves.unitsOf(leaf)) return leaf;
    const start = keyStart(leaf);
    const moved = makeLeaf(leaves, this.page(leaf), start, start + length, valueBytes);
    leaves.free(leaf);
    redirect(this.#tree, this.#path, this.#path.length, ~moved);
    return moved;
  }

  #fill(leaf: number, version: Version, tombstone: boolean, value: Uint8Array, start: number, end: number): void {
    fillLeaf(this.#tree.leaves, leaf, version, tombstone, value, start, end);
    this.#tombstones += tombstone ? 1 : 0;
    this.#valueBytes += end - start;
    this.#changes++;
  }
}
