/** A part of a drawn scenario: what a failure is shrunk to, and what plays it again. */
import type { Happening, Scenario } from './scenario.ts';

export type Part = {
  /** Places of the happenings that are played; null: all. */
  readonly only: readonly number[] | null;
  /** Null: as many as were drawn. */
  readonly clients: number | null;
  /** Milliseconds after which nothing happens any more and all is healed; null: as drawn. */
  readonly forMs: number | null;
  /** Without rare behaviour (lib/rare.ts). */
  readonly plain: boolean;
};

export const WHOLE: Part = { only: null, clients: null, forMs: null, plain: false };

/** The scenario with nothing but this part of it. */
export function partOf(scenario: Scenario, { only, clients, forMs, plain }: Part): Scenario {
  const { knobs, workload } = scenario;
  // What was drawn may end after the clients do.
  const untilMs = forMs ?? Number.POSITIVE_INFINITY;
  const last = scenario.happenings.at(-1);
  const isIn = (happening: Happening, place: number): boolean => {
    // The last calm says that what was damaged is whole again: it belongs to every end.
    if (happening.kind === 'calm') return happening.atMs <= untilMs || happening === last;
    return (only === null || only.includes(place)) && happening.atMs <= untilMs;
  };
  return {
    ...scenario,
    durationMs: forMs ?? scenario.durationMs,
    knobs: plain ? { ...knobs, rare: [] } : knobs,
    workload: clients === null ? workload : { ...workload, clients },
    happenings: scenario.happenings
      .filter(isIn)
      .map((happening) => (happening.atMs > untilMs ? { ...happening, atMs: untilMs } : happening)),
  };
}
