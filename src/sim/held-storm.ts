/**
 * Storms of one kind: bulks over several groups are held up on their way, the machine goes dark, and whoever had them comes
 * back later than the others, or dies once more while the cluster starts. What is decided then, about what a server that is
 * not there may alone have, is decided nowhere else; faults drawn one by one hardly meet.
 */
import type { Prng } from '../lib/prng.ts';
import { allServers, type ServerIndex } from '../model/ids.ts';
import { blow, BLOWS, drawSetting, holds, inTurn, Schedule, type Setting } from './gusts.ts';
import type { Scenario } from './scenario.ts';
import { someMs, survivorsOf } from './swarm-kinds.ts';

const SETTING: Setting = {
  // Mostly several groups, so that a bulk can be in one and not in the other.
  shapes: [
    [2, 1],
    [3, 1],
    [3, 2],
    [3, 2],
    [4, 2],
    [5, 3],
    [2, 2],
    [3, 3],
  ],
  durationMs: [2_500, 6_000],
  linkMs: [2, 10],
  syncMs: [1, 10],
  epochMs: null,
  clients: [3, 8],
  registers: [2, 5],
  family: [3, 5],
  thinkMs: [20, 20, 100, 400],
};

const AWAY = { powerMs: 500, crashMs: 800 } as const;

export function asHeld(scenario: Scenario, prng: Prng): Scenario {
  const setting = drawSetting(scenario, prng, SETTING);
  return { ...setting, budget: 'crashes', happenings: drawHappenings(prng, setting) };
}

function drawHappenings(prng: Prng, { config: { servers }, durationMs }: Scenario): Scenario['happenings'] {
  const all = allServers(servers);
  const schedule = new Schedule();
  const gapMs = prng.pick([200, 500, 1_200]);
  // In turn, and all of it in the first gust: every scenario has five kinds of faults.
  const next = inTurn(prng.shuffle(BLOWS));
  for (let beginMs = 100 + prng.float() * gapMs; beginMs < durationMs; beginMs += gapMs * (0.5 + prng.float())) {
    const [held, other] = prng.shuffle(all) as [ServerIndex, ServerIndex];
    const holdMs = prng.between(30, 300);
    const isFirst = schedule.isEmpty;
    for (const hold of holds(prng, held, holdMs).slice(0, isFirst || prng.chance(0.5) ? 2 : 1)) {
      schedule.at(beginMs, hold);
    }
    // What is asked now is under way when it gets dark.
    const darkMs = beginMs + prng.float() * holdMs;
    const offMs = someMs(prng, 100);
    const blackout = {
      survivors: prng.chance(0.6) ? survivorsOf(prng) : null,
      offMs,
      losesEpochFile: false,
    };
    const absent = prng.chance(0.8) ? prng.shuffle(all).slice(0, prng.between(1, servers - 1)) : [];
    schedule.at(darkMs, { kind: 'blackout', blackout, absent, absentMs: prng.float() * prng.pick([100, 600, 1_500]) });
    for (const [server, chance, withinMs] of [
      [other, 0.5, 150],
      [held, 0.3, 400],
    ] as const) {
      if (!isFirst && !prng.chance(chance)) continue;
      schedule.at(darkMs + offMs + prng.float() * withinMs, blow(prng, next(), server, AWAY));
    }
  }
  return schedule.inOrder();
}
