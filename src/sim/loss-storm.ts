/**
 * Storms of one kind: the owners of the same keys go one after the other, and come back with less. One was held up before,
 * so that it lacks what others have; then they die within moments of each other, or it goes dark, and as far as the budget
 * of the seed allows a disk is emptied, cut short, rotten or unreadable when its server comes back. Who is the truth then is
 * decided while an epoch is on its way.
 */
import type { Prng } from '../lib/prng.ts';
import { allServers, type ServerIndex } from '../model/ids.ts';
import { blow, BLOWS, darkness, drawSetting, holds, inTurn, Schedule, type Setting } from './gusts.ts';
import type { Scenario } from './scenario.ts';
import { type Drawn, fault } from './swarm-kinds.ts';

const SETTING: Setting = {
  // Where a disk may lie there is always another copy.
  shapes: [
    [2, 2],
    [3, 2],
    [3, 2],
    [4, 2],
    [3, 3],
    [3, 3],
    [4, 3],
    [5, 3],
  ],
  durationMs: [2_500, 5_000],
  linkMs: [0.2, 2, 10],
  syncMs: [1, 10],
  epochMs: [2, 50, 300, 300],
  clients: [2, 8],
  registers: [2, 6],
  family: [2, 5],
  thinkMs: [20, 100, 400],
};

const WITH_SINGLE_COPIES: Setting = { ...SETTING, shapes: [...SETTING.shapes, [3, 1], [4, 1]] };

export function asLosses(scenario: Scenario, prng: Prng): Scenario {
  if (scenario.budget === 'damage') {
    const setting = drawSetting(scenario, prng, SETTING);
    return { ...setting, happenings: drawDamage(prng, setting) };
  }
  // Beyond what is drawn for crashes nothing rare is forbidden: such a seed may as well lose its disks.
  const budget = prng.pick(['crashes', 'beyond'] as const);
  const setting = drawSetting(scenario, prng, WITH_SINGLE_COPIES);
  return { ...setting, budget, happenings: drawDeaths(prng, setting, budget) };
}

/** All of them go, and nobody else has what is lost with one of them where the budget allows that. */
function drawDeaths(
  prng: Prng,
  { config: { servers }, durationMs }: Scenario,
  budget: 'crashes' | 'beyond',
): Scenario['happenings'] {
  const schedule = new Schedule();
  const gapMs = prng.pick([400, 800, 1_500]);
  const nextBlow = inTurn(prng.shuffle(BLOWS));
  for (let beginMs = 100 + prng.float() * gapMs; beginMs < durationMs; beginMs += gapMs * (0.5 + prng.float())) {
    const order = prng.shuffle(allServers(servers));
    const isFirst = schedule.isEmpty;
    // The one that is held goes last, or first: it is the truth without what it lacks, or it lacks what is agreed.
    const held = (prng.chance(0.7) ? order.at(-1) : order[0]) as ServerIndex;
    const holdMs = prng.between(50, 500);
    for (const hold of holds(prng, held, holdMs).slice(0, isFirst ? 2 : 1)) schedule.at(beginMs, hold);
    // Somebody has just begun to catch up, and may be spared.
    const newcomer = prng.chance(0.5) ? order[1] : undefined;
    if (newcomer !== undefined) schedule.at(beginMs + prng.float() * 50, { kind: 'restart', server: newcomer });
    const spared = prng.chance(0.5) ? newcomer : undefined;
    const everyMs = prng.pick([1, 20, 100]);
    const away = { powerMs: prng.pick([20, 200, 1_000]), crashMs: prng.pick([20, 200, 1_000]) };
    const lost = budget === 'beyond' && prng.chance(0.7) ? prng.pick(order) : null;
    let atMs = beginMs + prng.float() * holdMs;
    if (isFirst || prng.chance(0.3)) {
      schedule.at(atMs, dark(prng, prng.chance(0.7) ? order.slice(0, -1).filter((server) => server !== lost) : []));
      if (lost !== null) schedule.at(beginMs, unreadable(prng, lost, holdMs + 300));
      atMs += prng.float() * 200;
    }
    for (const server of order) {
      const dies = isFirst || prng.chance(0.8);
      if (server === lost) {
        schedule.at(atMs, fault({ kind: 'wipe', servers: [server] }, prng.float() * away.crashMs, prng));
      } else if (dies && server !== spared) {
        schedule.at(atMs, blow(prng, nextBlow(), server, away));
      }
      atMs += prng.float() * everyMs;
    }
  }
  return schedule.inOrder();
}

/** Its directory looks damaged to whoever opens it. */
function unreadable(prng: Prng, server: ServerIndex, forMs: number): Drawn {
  return fault({ kind: 'disk', servers: [server], fault: { kind: 'read-fail', probability: 0.2 } }, forMs, prng);
}

/** Fewer than there are copies are hit, and a calm follows before it is others. */
function drawDamage(prng: Prng, { config: { servers, replicas }, durationMs }: Scenario): Scenario['happenings'] {
  const schedule = new Schedule();
  const nextBlow = inTurn(prng.shuffle(BLOWS));
  const next = (targets: readonly ServerIndex[]): Drawn =>
    blow(prng, nextBlow(), prng.pick(targets), { powerMs: 200, crashMs: 400 });
  for (let atMs = 100 + prng.float() * 500; atMs < durationMs; ) {
    const targets = prng.shuffle(allServers(servers)).slice(0, prng.between(1, replicas - 1));
    const stepMs = prng.pick([50, 150, 400]);
    const step = (): number => (atMs += prng.float() * stepMs);
    const isFirst = schedule.isEmpty;
    for (const hold of holds(prng, prng.pick(targets), stepMs).slice(0, isFirst ? 2 : prng.between(0, 1))) {
      schedule.at(atMs, hold);
    }
    schedule.at(step(), next(targets));
    if (prng.chance(0.7)) schedule.at(step(), rot(prng, targets));
    if (isFirst || prng.chance(0.6)) {
      schedule.at(step(), dark(prng, prng.chance(0.6) ? targets : []));
    }
    // While they are away, or the others start.
    if (isFirst || prng.chance(0.6)) schedule.at(step(), prng.pick([rot, cutShort, empty])(prng, targets));
    if (isFirst || prng.chance(0.6)) schedule.at(step(), next(targets));
    schedule.at(step() + 200, { kind: 'calm', reread: targets });
    atMs += 200;
  }
  return schedule.inOrder();
}

function dark(prng: Prng, absent: readonly ServerIndex[]): Drawn {
  const blackout = darkness(prng);
  return { kind: 'blackout', blackout, absent, absentMs: prng.float() * prng.pick([20, 300, 1_000]) };
}

function rot(prng: Prng, targets: readonly ServerIndex[]): Drawn {
  const damage = { kind: 'flip', file: { kind: 'wal' }, bits: 1 } as const;
  return fault({ kind: 'damage', servers: [prng.pick(targets)], damage }, null, prng);
}

function cutShort(prng: Prng, targets: readonly ServerIndex[]): Drawn {
  const damage = { kind: 'truncate', file: { kind: 'wal' }, bytes: prng.between(1, prng.pick([64, 1_024])) } as const;
  return fault({ kind: 'damage', servers: [prng.pick(targets)], damage }, null, prng);
}

function empty(prng: Prng, targets: readonly ServerIndex[]): Drawn {
  return fault({ kind: 'wipe', servers: [prng.pick(targets)] }, prng.float() * 300, prng);
}
