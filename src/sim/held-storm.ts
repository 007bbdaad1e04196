/**
 * Storms of one kind: bulks over several groups are held up on their way, the machine goes dark, and whoever had them comes
 * back later than the others, or dies once more while the cluster starts. What is decided then, about what a server that is
 * not there may alone have, is decided nowhere else; faults drawn one by one hardly meet.
 */
import type { Prng } from '../lib/prng.ts';
import type { ServerIndex } from '../model/ids.ts';
import { type Blow, blow, BLOWS, holds } from './gusts.ts';
import type { Happening, Scenario } from './scenario.ts';
import { type Drawn, someMs, survivorsOf } from './swarm-kinds.ts';

/** Mostly several groups, so that a bulk can be in one and not in the other. */
const SHAPES = [
  [2, 1],
  [3, 1],
  [3, 2],
  [3, 2],
  [4, 2],
  [5, 3],
  [2, 2],
  [3, 3],
] as const;

const AWAY = { powerMs: 500, crashMs: 800 } as const;

export function asHeld(scenario: Scenario, prng: Prng): Scenario {
  const [servers, replicas] = prng.pick(SHAPES);
  const durationMs = prng.pick([2_500, 6_000]);
  return {
    ...scenario,
    config: { ...scenario.config, servers, replicas },
    knobs: { ...scenario.knobs, linkMs: prng.pick([2, 10]), syncMs: prng.pick([1, 10]) },
    workload: {
      ...scenario.workload,
      clients: prng.between(3, 8),
      registers: prng.between(2, 5),
      family: prng.between(3, 5),
      thinkMs: prng.pick([20, 20, 100, 400]),
    },
    budget: 'crashes',
    durationMs,
    happenings: drawHappenings(prng, servers, durationMs),
  };
}

function drawHappenings(prng: Prng, servers: number, durationMs: number): Happening[] {
  const all = Array.from({ length: servers }, (_, index) => index as ServerIndex);
  const happenings: Happening[] = [];
  const at = (atMs: number, drawn: Drawn): void => {
    happenings.push({ atMs, ...drawn } as Happening);
  };
  const gapMs = prng.pick([200, 500, 1_200]);
  // In turn, and all of it in the first gust: every scenario has five kinds of faults.
  const blows = prng.shuffle(BLOWS);
  let turn = 0;
  for (let beginMs = 100 + prng.float() * gapMs; beginMs < durationMs; beginMs += gapMs * (0.5 + prng.float())) {
    const [held, other] = prng.shuffle(all) as [ServerIndex, ServerIndex];
    const holdMs = prng.between(30, 300);
    const isFirst = happenings.length === 0;
    for (const hold of holds(prng, held, holdMs).slice(0, isFirst || prng.chance(0.5) ? 2 : 1)) at(beginMs, hold);
    // What is asked now is under way when it gets dark.
    const darkMs = beginMs + prng.float() * holdMs;
    const offMs = someMs(prng, 100);
    const blackout = {
      survivors: prng.chance(0.6) ? survivorsOf(prng) : null,
      offMs,
      losesEpochFile: false,
    };
    const absent = prng.chance(0.8) ? prng.shuffle(all).slice(0, prng.between(1, servers - 1)) : [];
    at(darkMs, { kind: 'blackout', blackout, absent, absentMs: prng.float() * prng.pick([100, 600, 1_500]) });
    for (const [server, chance, withinMs] of [
      [other, 0.5, 150],
      [held, 0.3, 400],
    ] as const) {
      if (!isFirst && !prng.chance(chance)) continue;
      at(darkMs + offMs + prng.float() * withinMs, blow(prng, blows[turn++ % blows.length] as Blow, server, AWAY));
    }
  }
  return happenings.sort((a, b) => a.atMs - b.atMs);
}
