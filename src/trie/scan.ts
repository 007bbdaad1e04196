/**
 * Ordered scans: the keys of a prefix after a given key, in unsigned byte order. The place is a key, never a ref, so
 * a scan that stopped goes on from its last key whatever was written in between. The tree must not change during one.
 */
import { compareBytes } from '../lib/bytes.ts';
import { NO_BLOCK, PAGE_SHIFT } from './block-heap.ts';
import { symbolAt } from './change.ts';
import { commonLength, keyLength, keyStart } from './leaf.ts';
import { childAt, childCount, depthOf, slotFrom, TERMINAL } from './node.ts';
import { cutPath, nearestLeaf, Path, type Tree } from './tree.ts';

/** What is asked of a scan; both empty means every key. */
export type ScanRange = {
  readonly prefix: Uint8Array;
  /** Only keys that come after this one; need not be there, nor have the prefix. */
  readonly after: Uint8Array;
};

/** Gets a view of the key, valid during the call, and the leaf; answers whether to go on. */
export type ScanVisit = (key: Uint8Array, leaf: number) => boolean;

/** Visits leaves in key order; true when none is left, false when the visitor stopped. */
export function scanTree(tree: Tree, range: ScanRange, visit: ScanVisit): boolean {
  const { prefix, after } = range;
  if (tree.root === NO_BLOCK) return true;
  const path = new Path();
  const fromPrefix = compareBytes(after, prefix) < 0;
  let leaf = seek(tree, fromPrefix ? prefix : after, !fromPrefix, path);
  // The leaves of a prefix are neighbours: once the first has it, the others are those below nodes at or behind its end.
  if (leaf < 0 || commonLength(tree.leaves, leaf, prefix, 0, prefix.length) < prefix.length) return true;
  while (leaf >= 0) {
    const start = keyStart(leaf);
    const bytes = tree.leaves.bytes[leaf >>> PAGE_SHIFT] as Uint8Array;
    if (!visit(bytes.subarray(start, start + keyLength(tree.leaves, leaf)), leaf)) return false;
    leaf = nextLeaf(tree, path, prefix.length);
  }
  return true;
}

/** The first leaf whose key is not before `target` (or, with `strict`, is after it), and the path to it; -1 if none. */
function seek(tree: Tree, target: Uint8Array, strict: boolean, path: Path): number {
  const near = nearestLeaf(tree, target, 0, target.length, path);
  const common = commonLength(tree.leaves, near, target, 0, target.length);
  if (common === target.length && common === keyLength(tree.leaves, near)) {
    return strict ? nextLeaf(tree, path, 0) : near;
  }
  cutPath(tree, path, common);
  const last = path.length - 1;
  const symbol = common < target.length ? (target[common] as number) : TERMINAL;
  if (last >= 0 && path.slots[last] === -1) {
    // The target would be a new child of this node: the slot before it is the one to go on from.
    path.slots[last] = slotFrom(tree.nodes, path.nodes[last] as number, symbol) - 1;
    return nextLeaf(tree, path, 0);
  }
  // The target would part from a whole subtree: all of it comes after the target, or all before.
  if (symbolAt(tree, near, common) < symbol) return nextLeaf(tree, path, 0);
  return descend(
    tree,
    path,
    last < 0 ? tree.root : childAt(tree.nodes, path.nodes[last] as number, path.slots[last] as number),
  );
}

/** The leaf after the path's, below nodes that branch at `depthMin` or behind; -1 if none. */
function nextLeaf(tree: Tree, path: Path, depthMin: number): number {
  while (path.length > 0) {
    const last = path.length - 1;
    const node = path.nodes[last] as number;
    const slot = (path.slots[last] as number) + 1;
    if (slot < childCount(tree.nodes, node)) {
      if (depthMin > 0 && depthOf(tree.nodes, node) < depthMin) return -1;
      path.slots[last] = slot;
      return descend(tree, path, childAt(tree.nodes, node, slot));
    }
    path.length = last;
  }
  return -1;
}

/** The first leaf below a child, with the nodes on the way added to the path. */
function descend(tree: Tree, path: Path, child: number): number {
  let at = child;
  while (at >= 0) {
    path.push(at, 0);
    at = childAt(tree.nodes, at, 0);
  }
  return ~at;
}
