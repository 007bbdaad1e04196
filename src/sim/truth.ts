/** How the servers of a simulated cluster really are at a moment: what the checkers hold against what replies say. */
import { maskOf } from '../model/ids.ts';
import type { Truth } from './history.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';

/** The truth of now; null while there is no process that could answer. */
export function truthOf({ broker, servers }: SimulatedCluster): Truth | null {
  if (broker === null) return null;
  let stopped = 0;
  let behind = 0;
  let starts = 0;
  for (const { index, life } of servers) {
    const { state, incarnation } = broker.view(index);
    starts += incarnation;
    if (life === null || life.thread.isOver) stopped |= maskOf(index);
    if (state !== 'up' && state !== 'suspect') behind |= maskOf(index);
  }
  return { stopped, behind, starts };
}
