/**
 * The three changes of the tree's shape: hang a leaf in, put another child in a leaf's place, take a leaf out. Each
 * works at the end of a path (tree.ts) and costs one node at most: a node is made where two keys part for the first
 * time, and goes with the last but one of its children, so keys that are prefixes of each other never share a fate.
 */
import { NO_BLOCK, PAGE_SHIFT } from './block-heap.ts';
import { keyLength, keyStart } from './leaf.ts';
import { addChild, childAt, childCount, makeNode, removeChild, setChild, TERMINAL } from './node.ts';
import { cutPath, type Path, type Tree } from './tree.ts';

/**
 * Hangs in a leaf whose key parts from that of `near`, the nearest leaf, at byte `common`, where it goes on with
 * `symbol`. `path` is that of `near`; afterwards it ends with the node above the new leaf, its slot undefined.
 */
export function insertLeaf(tree: Tree, path: Path, leaf: number, near: number, common: number, symbol: number): void {
  cutPath(tree, path, common);
  const level = path.length - 1;
  if (level >= 0 && path.slots[level] === -1) {
    const node = addChild(tree.nodes, path.nodes[level] as number, symbol, ~leaf);
    if (node !== path.nodes[level]) {
      redirect(tree, path, level, node);
      path.nodes[level] = node;
    }
    return;
  }
  const other = symbolAt(tree, near, common);
  const child = level < 0 ? tree.root : childAt(tree.nodes, path.nodes[level] as number, path.slots[level] as number);
  const node =
    symbol < other
      ? makeNode(tree.nodes, common, symbol, ~leaf, other, child)
      : makeNode(tree.nodes, common, other, child, symbol, ~leaf);
  redirect(tree, path, path.length, node);
  path.push(node, -1);
  tree.nodeCount++;
}

/** Takes out the leaf at the end of the path, and the node above it when that is left with one child. */
export function removeLeaf(tree: Tree, path: Path): void {
  const level = path.length - 1;
  if (level < 0) {
    tree.root = NO_BLOCK;
    return;
  }
  const node = removeChild(tree.nodes, path.nodes[level] as number, path.slots[level] as number);
  if (childCount(tree.nodes, node) > 1) {
    redirect(tree, path, level, node);
    return;
  }
  redirect(tree, path, level, childAt(tree.nodes, node, 0));
  tree.nodes.free(node);
  tree.nodeCount--;
}

/** Makes the path's first `level` nodes lead to another child. */
export function redirect(tree: Tree, path: Path, level: number, child: number): void {
  if (level === 0) tree.root = child;
  else setChild(tree.nodes, path.nodes[level - 1] as number, path.slots[level - 1] as number, child);
}

/** The leaf's byte at a position of its key, or TERMINAL behind its end. */
export function symbolAt(tree: Tree, leaf: number, position: number): number {
  if (position >= keyLength(tree.leaves, leaf)) return TERMINAL;
  return (tree.leaves.bytes[leaf >>> PAGE_SHIFT] as Uint8Array)[keyStart(leaf) + position] as number;
}
