/** What the steps of a JSON path match in a tree, each value once, in the order of the document. */
import { nameOf } from '../keyspace.ts';
import type { Step } from './path.ts';
import type { Node } from './tree.ts';

/** The nodes that the steps lead to. */
export function select(root: Node, steps: readonly Step[]): Node[] {
  let matched: Node[] = [root];
  for (const step of steps) {
    const next = new Set<Node>();
    for (const node of matched) take(node, step, next);
    matched = [...next];
  }
  return matched;
}

/** Those that are not inside another one of them: what a change of an outer one leaves to be changed. */
export function outermost(matched: readonly Node[]): Node[] {
  const all = new Set(matched);
  return matched.filter((node) => {
    for (let above = node.parent; above !== null; above = above.parent) if (all.has(above)) return false;
    return true;
  });
}

/** An index as it counts from the front; negative ones count from the end. */
export function indexIn(length: number, index: number): number {
  return index < 0 ? length + index : index;
}

function take(node: Node, step: Step, into: Set<Node>): void {
  switch (step.kind) {
    case 'names':
      if (node.kind !== 'map') return;
      for (const name of step.names) {
        const field = node.fields().get(nameOf(name));
        if (field !== undefined) into.add(field);
      }
      return;
    case 'indexes':
      if (node.kind !== 'array') return;
      for (const index of step.indexes) {
        const elements = node.elements();
        const element = elements[indexIn(elements.length, index)];
        if (element !== undefined) into.add(element);
      }
      return;
    case 'slice': {
      if (node.kind !== 'array') return;
      const elements = node.elements();
      const start = Math.max(0, indexIn(elements.length, step.start ?? 0));
      const end = Math.min(elements.length, indexIn(elements.length, step.end ?? elements.length));
      for (let i = start; i < end; i += step.step) into.add(elements[i] as Node);
      return;
    }
    case 'all':
      for (const child of node.children()) into.add(child);
      return;
    case 'deep':
      takeAll(node, into);
      return;
    case 'filter':
      for (const child of node.children()) if (step.filter(child.packed)) into.add(child);
      return;
    default:
      step satisfies never;
  }
}

/** The node and all below it, each before its parts. */
function takeAll(node: Node, into: Set<Node>): void {
  const open: Node[] = [node];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (into.has(next)) continue;
    into.add(next);
    const children = next.children();
    for (let i = children.length - 1; i >= 0; i--) open.push(children[i] as Node);
  }
}
