/** What the threads of `coppice simulate` do: play seeds one after the other. */
import { drawScenario } from '../sim/swarm.ts';
import { play, type PlayResult } from '../sim/play.ts';

export type SimulateTask = { readonly from: number; readonly count: number };

/** The results of the seeds `from` and the `count` − 1 that follow. */
export function simulate({ from, count }: SimulateTask): PlayResult[] {
  return Array.from({ length: count }, (_, i) => play(drawScenario(from + i)));
}
