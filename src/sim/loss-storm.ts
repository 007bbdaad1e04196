/**
 * Storms of one kind: the owners of the same keys go one after the other, and come back with less. One was held up before,
 * so that it lacks what others have; then they die within moments of each other, or it goes dark, and as far as the budget
 * of the seed allows a disk is emptied, cut short, rotten or unreadable when its server comes back. Who is the truth then is
 * decided while an epoch is on its way.
 */
import type { Prng } from '../lib/prng.ts';
import type { ServerIndex } from '../model/ids.ts';
import { type Blow, blow, BLOWS, holds } from './gusts.ts';
import type { Happening, Scenario } from './scenario.ts';
import { type Drawn, fault, someMs, survivorsOf } from './swarm-kinds.ts';

/** Where a disk may lie there is always another copy. */
const SHAPES = [
  [2, 2],
  [3, 2],
  [3, 2],
  [4, 2],
  [3, 3],
  [3, 3],
  [4, 3],
  [5, 3],
] as const;

const MORE_SHAPES = [...SHAPES, [3, 1], [4, 1]] as const;

type Shape = { readonly servers: number; readonly replicas: number; readonly durationMs: number };

export function asLosses(scenario: Scenario, prng: Prng): Scenario {
  // Beyond what is drawn for crashes nothing rare is forbidden: such a seed may as well lose its disks.
  const budget = scenario.budget === 'damage' ? scenario.budget : prng.pick(['crashes', 'beyond'] as const);
  const [servers, replicas] = prng.pick(budget === 'damage' ? SHAPES : MORE_SHAPES);
  const durationMs = prng.pick([2_500, 5_000]);
  const shape = { servers, replicas, durationMs };
  return {
    ...scenario,
    config: { ...scenario.config, servers, replicas },
    knobs: {
      ...scenario.knobs,
      linkMs: prng.pick([0.2, 2, 10]),
      syncMs: prng.pick([1, 10]),
      epochMs: prng.pick([2, 50, 300, 300]),
    },
    workload: {
      ...scenario.workload,
      clients: prng.between(2, 8),
      registers: prng.between(2, 6),
      family: prng.between(2, 5),
      thinkMs: prng.pick([20, 100, 400]),
    },
    budget,
    durationMs,
    happenings: budget === 'damage' ? drawDamage(prng, shape) : drawDeaths(prng, shape, budget),
  };
}

type At = (atMs: number, drawn: Drawn) => void;

/** All of them go, and nobody else has what is lost with one of them where the budget allows that. */
function drawDeaths(prng: Prng, { servers, durationMs }: Shape, budget: 'crashes' | 'beyond'): Happening[] {
  const happenings: Happening[] = [];
  const at: At = (atMs, drawn) => happenings.push({ atMs, ...drawn } as Happening);
  const gapMs = prng.pick([400, 800, 1_500]);
  const blows = prng.shuffle(BLOWS);
  let turn = 0;
  for (let beginMs = 100 + prng.float() * gapMs; beginMs < durationMs; beginMs += gapMs * (0.5 + prng.float())) {
    const order = prng.shuffle(serversOf(servers));
    const isFirst = happenings.length === 0;
    // The one that is held goes last, or first: it is the truth without what it lacks, or it lacks what is agreed.
    const held = (prng.chance(0.7) ? order.at(-1) : order[0]) as ServerIndex;
    const holdMs = prng.between(50, 500);
    for (const hold of holds(prng, held, holdMs).slice(0, isFirst ? 2 : 1)) at(beginMs, hold);
    // Somebody has just begun to catch up, and may be spared.
    const newcomer = prng.chance(0.5) ? order[1] : undefined;
    if (newcomer !== undefined) at(beginMs + prng.float() * 50, { kind: 'restart', server: newcomer });
    const spared = prng.chance(0.5) ? newcomer : undefined;
    const everyMs = prng.pick([1, 20, 100]);
    const away = { powerMs: prng.pick([20, 200, 1_000]), crashMs: prng.pick([20, 200, 1_000]) };
    const lost = budget === 'beyond' && prng.chance(0.7) ? prng.pick(order) : null;
    let atMs = beginMs + prng.float() * holdMs;
    if (isFirst || prng.chance(0.3)) {
      at(atMs, dark(prng, prng.chance(0.7) ? order.slice(0, -1).filter((server) => server !== lost) : []));
      if (lost !== null) at(beginMs, unreadable(prng, lost, holdMs + 300));
      atMs += prng.float() * 200;
    }
    for (const server of order) {
      const dies = isFirst || prng.chance(0.8);
      if (server === lost) at(atMs, fault({ kind: 'wipe', servers: [server] }, prng.float() * away.crashMs, prng));
      else if (dies && server !== spared) at(atMs, blow(prng, blows[turn++ % blows.length] as Blow, server, away));
      atMs += prng.float() * everyMs;
    }
  }
  return happenings.sort((a, b) => a.atMs - b.atMs);
}

/** Its directory looks damaged to whoever opens it. */
function unreadable(prng: Prng, server: ServerIndex, forMs: number): Drawn {
  return fault({ kind: 'disk', servers: [server], fault: { kind: 'read-fail', probability: 0.2 } }, forMs, prng);
}

/** Fewer than there are copies are hit, and a calm follows before it is others. */
function drawDamage(prng: Prng, { servers, replicas, durationMs }: Shape): Happening[] {
  const happenings: Happening[] = [];
  const at: At = (atMs, drawn) => happenings.push({ atMs, ...drawn } as Happening);
  const blows = prng.shuffle(BLOWS);
  let turn = 0;
  const next = (targets: readonly ServerIndex[]): Drawn =>
    blow(prng, blows[turn++ % blows.length] as Blow, prng.pick(targets), { powerMs: 200, crashMs: 400 });
  for (let atMs = 100 + prng.float() * 500; atMs < durationMs; ) {
    const targets = prng.shuffle(serversOf(servers)).slice(0, prng.between(1, replicas - 1));
    const stepMs = prng.pick([50, 150, 400]);
    const step = (): number => (atMs += prng.float() * stepMs);
    const isFirst = happenings.length === 0;
    for (const hold of holds(prng, prng.pick(targets), stepMs).slice(0, isFirst ? 2 : prng.between(0, 1)))
      at(atMs, hold);
    at(step(), next(targets));
    if (prng.chance(0.7)) at(step(), rot(prng, targets));
    if (isFirst || prng.chance(0.6)) {
      at(step(), dark(prng, prng.chance(0.6) ? targets : []));
    }
    // While they are away, or the others start.
    if (isFirst || prng.chance(0.6)) at(step(), prng.pick([rot, cutShort, empty])(prng, targets));
    if (isFirst || prng.chance(0.6)) at(step(), next(targets));
    at(step() + 200, { kind: 'calm', reread: targets });
    atMs += 200;
  }
  return happenings;
}

function dark(prng: Prng, absent: readonly ServerIndex[]): Drawn {
  const blackout = {
    survivors: prng.chance(0.6) ? survivorsOf(prng) : null,
    offMs: someMs(prng, 50),
    losesEpochFile: false,
  };
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

function serversOf(servers: number): ServerIndex[] {
  return Array.from({ length: servers }, (_, index) => index as ServerIndex);
}
