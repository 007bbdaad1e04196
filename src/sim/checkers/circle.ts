/**
 * A circle in the order of transactions, in words: its class after Adya (1999) as Elle names them, and step by step
 * why each transaction comes before the next one.
 *
 *   G0: writes alone · G1c: writes and who saw them · G-single: one reader that saw too little · G2: several
 *   `-realtime`: the circle closes only because one operation ended before another began
 */
import type { Edge, Precedence } from './precedence.ts';

export type Circle = { readonly name: string; readonly edges: readonly Edge[] };

/** Starts that are tried, for the shortest circle. */
const STARTS_MAX = 64;

/** The shortest circle found among nodes that have no order; moments of real time are left out of it. */
export function circleAmong(precedence: Precedence, nodes: readonly number[]): Circle {
  const members = new Set(nodes);
  let shortest: Edge[] | null = null;
  let tried = 0;
  for (const start of nodes) {
    if (start >= precedence.transactions) continue;
    const circle = circleFrom(precedence, members, start, shortest?.length ?? Number.POSITIVE_INFINITY);
    if (circle === null) continue;
    shortest = circle;
    if (++tried === STARTS_MAX) break;
  }
  const edges = shortest ?? [];
  return { name: nameOf(edges), edges };
}

/** Breadth first; to a moment of real time costs one step, from it none. Null: nothing shorter than `limit`. */
function circleFrom(precedence: Precedence, members: ReadonlySet<number>, start: number, limit: number): Edge[] | null {
  const cameBy = new Map<number, Edge>();
  let layer = [start];
  for (let steps = 1; layer.length > 0 && steps < limit; steps++) {
    const next: number[] = [];
    // Moments are walked through within the layer that reaches them: the list grows while it is read.
    const moments: number[] = [];
    const reach = (edge: Edge): boolean => {
      if (edge.to === start) return true;
      if (!members.has(edge.to) || cameBy.has(edge.to)) return false;
      cameBy.set(edge.to, edge);
      (edge.to < precedence.transactions ? next : moments).push(edge.to);
      return false;
    };
    for (const node of layer) {
      for (const edge of precedence.leaving(node)) if (reach(edge)) return walkBack(precedence, cameBy, start, edge);
    }
    for (let at = 0; at < moments.length; at++) {
      for (const edge of precedence.leaving(moments[at] as number)) {
        if (reach(edge)) return walkBack(precedence, cameBy, start, edge);
      }
    }
    layer = next;
  }
  return null;
}

function walkBack(precedence: Precedence, cameBy: ReadonlyMap<number, Edge>, start: number, last: Edge): Edge[] {
  const edges: Edge[] = [];
  let { to, from } = last;
  let edge: Edge = last;
  for (;;) {
    if (from < precedence.transactions) {
      edges.unshift({ from, to, reason: edge.reason, key: edge.key });
      if (from === start) return edges;
      to = from;
    }
    edge = cameBy.get(from) as Edge;
    from = edge.from;
  }
}

function nameOf(edges: readonly Edge[]): string {
  const count = (reason: Edge['reason']): number => edges.filter((edge) => edge.reason === reason).length;
  const reads = count('rw');
  const name = reads > 1 ? 'G2' : reads === 1 ? 'G-single' : count('wr') > 0 ? 'G1c' : 'G0';
  return count('rt') > 0 ? `${name}-realtime` : name;
}
