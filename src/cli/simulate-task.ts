/** What the threads of `coppice simulate` do: play seeds one after the other. */
import { drawScenario } from '../sim/swarm.ts';
import { play, type PlayResult } from '../sim/play.ts';

/** `twice`: each seed is played once more, and must do the same. */
export type SimulateTask = { readonly from: number; readonly count: number; readonly twice: boolean };

/** The results of the seeds `from` and the `count` − 1 that follow. */
export function simulate({ from, count, twice }: SimulateTask): PlayResult[] {
  return Array.from({ length: count }, (_, i) => {
    const scenario = drawScenario(from + i);
    const result = play(scenario);
    return twice ? compared(result, play(scenario)) : result;
  });
}

/** The first of two plays of one scenario; a violation more when the second one did something else. */
export function compared(first: PlayResult, second: PlayResult): PlayResult {
  if (first.hash === second.hash && first.events === second.events) return first;
  const told = `played twice: trace ${first.hash} of ${first.events} events, then ${second.hash} of ${second.events}`;
  return { ...first, violations: [...first.violations, told] };
}
