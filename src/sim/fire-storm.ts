/**
 * Storms of one kind: starts of the whole cluster under fire. It goes dark again and again, now and then just as the last
 * server is back; servers come at different times, some are away over several starts, and while the rest says what it
 * remembers, hears what is decided and recovers, one is slow, cut off or dies. A start is over in a moment: faults drawn
 * one by one hardly ever meet it, and never two of them.
 */
import type { Prng } from '../lib/prng.ts';
import type { ServerIndex } from '../model/ids.ts';
import { type Blow, blow, BLOWS, holds } from './gusts.ts';
import type { Happening, Scenario } from './scenario.ts';
import { type Drawn, fault, someMs, survivorsOf } from './swarm-kinds.ts';

const SHAPES = [
  [2, 1],
  [3, 1],
  [2, 2],
  [3, 2],
  [3, 2],
  [4, 2],
  [3, 3],
  [4, 3],
  [5, 3],
] as const;

const AWAY = { powerMs: 1_000, crashMs: 2_500 } as const;

export function asFire(scenario: Scenario, prng: Prng): Scenario {
  const [servers, replicas] = prng.pick(SHAPES);
  const durationMs = prng.pick([2_500, 4_000]);
  return {
    ...scenario,
    config: { ...scenario.config, servers, replicas },
    knobs: {
      ...scenario.knobs,
      linkMs: prng.pick([0.2, 2, 10]),
      syncMs: prng.pick([1, 10]),
      // While an epoch is on its way much is decided already, and nothing is sent.
      epochMs: prng.pick([2, 50, 300, 300]),
    },
    workload: {
      ...scenario.workload,
      clients: prng.between(2, 8),
      registers: prng.between(2, 8),
      family: prng.between(2, 5),
      thinkMs: prng.pick([20, 100, 400, 400]),
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
  const gapMs = prng.pick([100, 400, 1_000]);
  const shots = prng.shuffle(SHOTS);
  let turn = 0;
  let absent: readonly ServerIndex[] = [];
  for (let beginMs = 50 + prng.float() * gapMs; beginMs < durationMs; ) {
    const [held] = prng.shuffle(all) as [ServerIndex];
    const holdMs = prng.between(20, 200);
    const isFirst = happenings.length === 0;
    for (const hold of holds(prng, held, holdMs).slice(0, isFirst ? 2 : prng.between(0, 2))) at(beginMs, hold);
    const darkMs = beginMs + prng.float() * holdMs;
    const blackout = {
      survivors: prng.chance(0.6) ? survivorsOf(prng) : null,
      offMs: someMs(prng, 50),
      losesEpochFile: false,
    };
    // Who was away may be away once more: it knows of none of the starts between.
    if (absent.length === 0 || prng.chance(0.5)) {
      // Mostly those that have what the one that was held up lacks.
      const others = prng.chance(0.7) ? all.filter((server) => server !== held) : all;
      absent = prng.chance(0.8) ? prng.shuffle(others).slice(0, prng.between(1, servers - 1)) : [];
    }
    const absentMs = prng.float() * prng.pick([20, 100, 300, 1_000]);
    at(darkMs, { kind: 'blackout', blackout, absent, absentMs });
    const startMs = darkMs + blackout.offMs;
    for (let count = isFirst ? 2 : prng.between(0, 3); count > 0; count--) {
      const atMs = startMs + prng.float() * prng.pick([10, 100, 400]);
      at(atMs, shot(prng, shots[turn++ % shots.length] as Shot, prng.pick(all)));
    }
    beginMs = prng.chance(0.5)
      ? startMs + absentMs + prng.float() * prng.pick([30, 150])
      : darkMs + gapMs * (0.5 + prng.float());
  }
  return happenings.sort((a, b) => a.atMs - b.atMs);
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
