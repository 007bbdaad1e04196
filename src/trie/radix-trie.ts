/**
 * The store's index: keys (bytes, unsigned order) to leaves (version, tombstone flag, value bytes) in a path-compressed
 * radix trie. It holds no object a node or key, never calls back into who owns it and never copies itself to grow.
 * Node and leaf layouts: node.ts, leaf.ts; memory: block-heap.ts; walks: tree.ts, scan.ts.
 *
 * A leaf is named by its ref, a number ≥ 0. Refs and views are valid until the next `set` or `delete`: blocks move.
 */
import { assert } from '../lib/assert.ts';
import type { Version } from '../model/ids.ts';
import { KEY_BYTES_MAX } from '../model/limits.ts';
import { NO_BLOCK, PAGE_SHIFT } from './block-heap.ts';
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
import { addChild, childAt, childCount, makeNode, removeChild, setChild, TERMINAL } from './node.ts';
import { type ScanRange, type ScanVisit, scanTree } from './scan.ts';
import { compact, cutPath, findLeaf, makeTree, nearestLeaf, Path } from './tree.ts';

export class RadixTrie {
  readonly #tree = makeTree();
  readonly #path = new Path();
  #leafCount = 0;
  #tombstones = 0;
  #nodeCount = 0;
  #keyBytes = 0;
  #valueBytes = 0;
  #changes = 0;

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
    return this.#nodeCount;
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
    const length = keyTo - keyFrom;
    assert(length > 0 && length <= KEY_BYTES_MAX, 'a key is 1 to 65536 bytes');
    const tree = this.#tree;
    const near = tree.root === NO_BLOCK ? -1 : nearestLeaf(tree, key, keyFrom, keyTo, this.#path);
    const common = near < 0 ? 0 : commonLength(tree.leaves, near, key, keyFrom, keyTo);
    let leaf: number;
    if (near >= 0 && common === length && common === keyLength(tree.leaves, near)) {
      this.#tombstones -= leafIsTombstone(tree.leaves, near) ? 1 : 0;
      this.#valueBytes -= valueLength(tree.leaves, near);
      leaf = this.#roomFor(near, end - start);
    } else {
      leaf = makeLeaf(tree.leaves, key, keyFrom, keyTo, end - start);
      this.#leafCount++;
      this.#keyBytes += length;
      if (near < 0) tree.root = ~leaf;
      else this.#insert(leaf, near, common, common < length ? (key[keyFrom + common] as number) : TERMINAL);
    }
    fillLeaf(tree.leaves, leaf, version, tombstone, value, start, end);
    this.#tombstones += tombstone ? 1 : 0;
    this.#valueBytes += end - start;
    this.#changes++;
    compact(tree);
  }

  /** Takes the key and its leaf out, with the node it leaves without need; false when it is not there. O(key bytes). */
  delete(key: Uint8Array, start = 0, end = key.length): boolean {
    const tree = this.#tree;
    if (tree.root === NO_BLOCK) return false;
    const path = this.#path;
    const leaf = nearestLeaf(tree, key, start, end, path);
    const common = commonLength(tree.leaves, leaf, key, start, end);
    if (common !== end - start || common !== keyLength(tree.leaves, leaf)) return false;
    this.#leafCount--;
    this.#tombstones -= leafIsTombstone(tree.leaves, leaf) ? 1 : 0;
    this.#keyBytes -= common;
    this.#valueBytes -= valueLength(tree.leaves, leaf);
    this.#changes++;
    if (path.length === 0) {
      tree.root = NO_BLOCK;
    } else {
      const level = path.length - 1;
      const node = removeChild(tree.nodes, path.nodes[level] as number, path.slots[level] as number);
      if (childCount(tree.nodes, node) > 1) {
        this.#redirect(level, node);
      } else {
        this.#redirect(level, childAt(tree.nodes, node, 0));
        tree.nodes.free(node);
        this.#nodeCount--;
      }
    }
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
    const finished = scanTree(this.#tree, range, visit);
    assert(changes === this.#changes, 'a trie does not change during a scan');
    return finished;
  }

  /** The leaf at the end of the path, or a copy of it, with room for a value of so many bytes and not much more. */
  #roomFor(leaf: number, bytes: number): number {
    const { leaves } = this.#tree;
    const length = keyLength(leaves, leaf);
    if (leafUnits(length, bytes) === leaves.unitsOf(leaf)) return leaf;
    const start = keyStart(leaf);
    const moved = makeLeaf(leaves, this.page(leaf), start, start + length, bytes);
    leaves.free(leaf);
    this.#redirect(this.#path.length, ~moved);
    return moved;
  }

  /** Hangs a new leaf into the tree, which leaves `near` at byte `common`, where it has `symbol`. */
  #insert(leaf: number, near: number, common: number, symbol: number): void {
    const { nodes, leaves } = this.#tree;
    const path = this.#path;
    cutPath(this.#tree, path, common);
    const level = path.length - 1;
    if (level >= 0 && path.slots[level] === -1) {
      this.#redirect(level, addChild(nodes, path.nodes[level] as number, symbol, ~leaf));
      return;
    }
    const nearSymbol = common < keyLength(leaves, near) ? (this.page(near)[keyStart(near) + common] as number) : TERMINAL;
    const child = this.#childAbove(path.length);
    const node =
      symbol < nearSymbol
        ? makeNode(nodes, common, [symbol, nearSymbol], [~leaf, child])
        : makeNode(nodes, common, [nearSymbol, symbol], [child, ~leaf]);
    this.#redirect(path.length, node);
    this.#nodeCount++;
  }

  /** The child that the path's first `level` nodes lead to. */
  #childAbove(level: number): number {
    if (level === 0) return this.#tree.root;
    return childAt(this.#tree.nodes, this.#path.nodes[level - 1] as number, this.#path.slots[level - 1] as number);
  }

  /** Makes the path's first `level` nodes lead to another child. */
  #redirect(level: number, child: number): void {
    if (level === 0) this.#tree.root = child;
    else setChild(this.#tree.nodes, this.#path.nodes[level - 1] as number, this.#path.slots[level - 1] as number, child);
  }
}
