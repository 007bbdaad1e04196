/**
 * The tree that nodes and leaves make, and the walks that find a place in it. Walks only read, but for `replaceChild`
 * and `compact`, which keep every key where it is in the order. All are loops: a trie of 64 KiB keys may be as deep.
 */
import { assert } from '../lib/assert.ts';
import { BlockHeap, NO_BLOCK, PAGE_SHIFT } from './block-heap.ts';
import { commonLength, keyLength, keyStart } from './leaf.ts';
import { childAt, childCount, depthOf, setChild, slotOf } from './node.ts';

export type Tree = {
  readonly nodes: BlockHeap;
  readonly leaves: BlockHeap;
  /** A child (node.ts), or NO_BLOCK when there is no key. */
  root: number;
  /** Inner nodes. */
  nodeCount: number;
};

export function makeTree(): Tree {
  return { nodes: new BlockHeap(), leaves: new BlockHeap(), root: NO_BLOCK, nodeCount: 0 };
}

/** Ref of the key's leaf, or -1. O(key bytes). */
export function findLeaf(tree: Tree, key: Uint8Array, start: number, end: number): number {
  let child = tree.root;
  if (child === NO_BLOCK) return -1;
  while (child >= 0) {
    const slot = slotOf(tree.nodes, child, key, start, end);
    if (slot < 0) return -1;
    child = childAt(tree.nodes, child, slot);
  }
  const length = end - start;
  if (keyLength(tree.leaves, ~child) !== length) return -1;
  return commonLength(tree.leaves, ~child, key, start, end) === length ? ~child : -1;
}

/** Ref of the first leaf in order below a child. */
export function firstLeaf(tree: Tree, child: number): number {
  let at = child;
  while (at >= 0) at = childAt(tree.nodes, at, 0);
  return ~at;
}

/**
 * The way from the root to where a key is or would be: the nodes and the slot taken in each. Reused from search to
 * search, so that writing allocates nothing.
 */
export class Path {
  nodes = new Int32Array(32);
  slots = new Int32Array(32);
  length = 0;

  push(node: number, slot: number): void {
    if (this.length === this.nodes.length) this.#grow();
    this.nodes[this.length] = node;
    this.slots[this.length++] = slot;
  }

  #grow(): void {
    const nodes = new Int32Array(this.length * 2);
    const slots = new Int32Array(this.length * 2);
    nodes.set(this.nodes);
    slots.set(this.slots);
    this.nodes = nodes;
    this.slots = slots;
  }
}

/**
 * Ref of a leaf that shares with the key as many bytes as any leaf does. `path` gets the nodes where the key continues
 * and, when there is one, the node where it does not, with slot -1. The tree must not be empty.
 */
export function nearestLeaf(tree: Tree, key: Uint8Array, start: number, end: number, path: Path): number {
  path.length = 0;
  let child = tree.root;
  while (child >= 0) {
    const slot = slotOf(tree.nodes, child, key, start, end);
    path.push(child, slot);
    if (slot < 0) return firstLeaf(tree, child);
    child = childAt(tree.nodes, child, slot);
  }
  return ~child;
}

/** Ref of the last leaf in order, with its path. The tree must not be empty. */
export function lastLeaf(tree: Tree, path: Path): number {
  path.length = 0;
  let child = tree.root;
  while (child >= 0) {
    const slot = childCount(tree.nodes, child) - 1;
    path.push(child, slot);
    child = childAt(tree.nodes, child, slot);
  }
  return ~child;
}

/**
 * Cuts the path to the nodes above byte position `depth`, or at it: what stays is the place where a key that leaves
 * the others at `depth` belongs.
 */
export function cutPath(tree: Tree, path: Path, depth: number): void {
  while (path.length > 0 && depthOf(tree.nodes, path.nodes[path.length - 1] as number) > depth) path.length--;
}

/** Evacuates one page where a heap is sparse; whether it did: then refs and paths found before are invalid. */
export function compact(tree: Tree): boolean {
  const { leaves, nodes } = tree;
  if (!leaves.isSparse && !nodes.isSparse) return false;
  if (leaves.isSparse) leaves.evacuate((ref) => replaceChild(tree, ref, ~ref, ~leaves.copy(ref)));
  if (nodes.isSparse) nodes.evacuate((ref) => replaceChild(tree, firstLeaf(tree, ref), ref, nodes.copy(ref)));
  return true;
}

/** Redirects who refers to the child `from`, which is the leaf or above it, to `to`. O(depth). */
function replaceChild(tree: Tree, leaf: number, from: number, to: number): void {
  if (tree.root === from) {
    tree.root = to;
    return;
  }
  const key = tree.leaves.bytes[leaf >>> PAGE_SHIFT] as Uint8Array;
  const start = keyStart(leaf);
  const end = start + keyLength(tree.leaves, leaf);
  let node = tree.root;
  while (node >= 0) {
    const slot = slotOf(tree.nodes, node, key, start, end);
    const child = childAt(tree.nodes, node, slot);
    if (child === from) {
      setChild(tree.nodes, node, slot, to);
      return;
    }
    node = child;
  }
  assert(false, 'every block is referred to from the root');
}
