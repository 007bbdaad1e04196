/**
 * Storms of one kind: starts of the whole cluster under fire. It goes dark again and again, now and then just as the last
 * server is back; servers come at different times, some are away over several starts, and while the rest says what it
 * remembers, hears what is decided and recovers, one is slow, cut off or dies. A start is over in a moment: faults drawn
 * one by one hardly ever meet it, and never two of them.
 */
import type { Prng } from '../lib/prng.ts';
import { allServers, type ServerIndex } from '../model/ids.ts';
import { type Blow, blow, BLOWS, darkness, drawSetting, holds, inTurn, Schedule, type Setting } from './gusts.ts';
import type { Scenario } from './scenario.ts';
import { type Drawn, fault, survivorsOf } from './swarm-kinds.ts';

const SETTING: Setting = {
  shapes: [
    [2, 1],
    [3, 1],
    [2, 2],
    [3, 2],
    [3, 2],
    [4, 2],
    [3, 3],
    [4, 3],
    [5, 3],
  ],
  durationMs: [2_500, 4_000],
  linkMs: [0.2, 2, 10],
  syncMs: [1, 10],
  // While an epoch is on its way much is decided already, and nothing is sent.
  epochMs: [2, 50, 300, 300],
  clients: [2, 8],
  registers: [2, 8],
  family: [2, 5],
  thinkMs: [20, 100, 400, 400],
};

const AWAY = { powerMs: 1_000, crashMs: 2_500 } as const;

export function asFire(scenario: Scenario, prng: Prng): Scenario {
  const setting = drawSetting(scenario, prng, SETTING);
  return { ...setting, budget: 'crashes', happenings: drawHappenings(prng, setting) };
}

function drawHappenings(prng: Prng, { config: { servers }, durationMs }: Scenario): Scenario['happenings'] {
  const all = allServers(servers);
  const schedule = new Schedule();
  const gapMs = prng.pick([100, 400, 1_000]);
  const next = inTurn(prng.shuffle(SHOTS));
  let absent: readonly ServerIndex[] = [];
  for (let beginMs = 50 + prng.float() * gapMs; beginMs < durationMs; ) {
    const [held] = prng.shuffle(all) as [ServerIndex];
    const holdMs = prng.between(20, 200);
    const isFirst = schedule.isEmpty;
    for (const hold of holds(prng, held, holdMs).slice(0, isFirst ? 2 : prng.between(0, 2))) {
      schedule.at(beginMs, hold);
    }
    const darkMs = beginMs + prng.float() * holdMs;
    const blackout = darkness(prng);
    // Who was away may be away once more: it knows of none of the starts between.
    if (absent.length === 0 || prng.chance(0.5)) {
      // Mostly those that have what the one that was held up lacks.
      const others = prng.chance(0.7) ? all.filter((server) => server !== held) : all;
      absent = prng.chance(0.8) ? prng.shuffle(others).slice(0, prng.between(1, servers - 1)) : [];
    }
    const absentMs = prng.float() * prng.pick([20, 100, 300, 1_000]);
    schedule.at(darkMs, { kind: 'blackout', blackout, absent, absentMs });
    const startMs = darkMs + blackout.offMs;
    for (let count = isFirst ? 2 : prng.between(0, 3); count > 0; count--) {
      const atMs = startMs + prng.float() * prng.pick([10, 100, 400]);
      schedule.at(atMs, shot(prng, next(), prng.pick(all)));
    }
    beginMs = prng.chance(0.5)
      ? startMs + absentMs + prng.float() * prng.pick([30, 150])
      : darkMs + gapMs * (0.5 + prng.float());
  }
  return schedule.inOrder();
}

const SHOTS = [...BLOWS, 'crash', 'hang', 'silence', 'deafness', 'stall', 'dies at a send', 'dies at a call'] as const;

type Shot = (typeof SHOTS)[number];

/** Hits one server of a cluster that starts. */
function shot(prng: Prng, kind: Shot, server: ServerIndex): Drawn {
  const forMs = prng.float() * prng.pick([30, 300, 1_500]);
  const survivors = prng.chance(0.5) ? survivorsOf(prng) : null;
  switch (kind) {
    case 'hang':
      return fault({ kind, servers: [server], forMs }, forMs, prng);
    case 'silence':
      return fault({ kind: 'link', links: [{ from: server, to: 'broker' }], rule: { kind: 'clog' } }, forMs, prng);
    case 'deafness':
      return fault({ kind: 'link', links: [{ from: 'broker', to: server }], rule: { kind: 'clog' } }, forMs, prng);
    case 'stall':
      return fault({ kind: 'disk', servers: [server], fault: { kind } }, forMs, prng);
    case 'dies at a send':
      return { kind: 'crash-point', server, point: { at: 'send', nth: prng.between(1, 8), survivors } };
    case 'dies at a call':
      return { kind: 'crash-point', server, point: { at: 'disk', nth: prng.between(1, 20), survivors } };
    default:
      return blow(prng, kind satisfies Blow, server, AWAY);
  }
}
