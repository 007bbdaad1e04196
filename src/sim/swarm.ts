/**
 * One seed drawn out: a cluster of some shape, clients of some patience, and a mix of faults in which most kinds are
 * missing, so that the rare ones meet (swarm testing, Groce et al. 2012; rates of reliability.md 3.9). What is drawn is
 * data, to be played, shrunk and printed.
 */
import { Prng } from '../lib/prng.ts';
import { RARE_SITES, type RareSite } from '../lib/rare.ts';
import { allServers, type ServerIndex } from '../model/ids.ts';
import type { ServerState } from '../model/status.ts';
import { type Budget, type Happening, type Scenario, serversOf } from './scenario.ts';
import type { Aim, Role } from './standing.ts';
import { asStorm } from './storms.ts';
import {
  CRASHES,
  DAMAGE,
  type Draw,
  type Drawn,
  fault,
  type Kind,
  LIES,
  LINKS,
  someMs,
  survivorsOf,
} from './swarm-kinds.ts';

/** Kinds of faults of a seed, at least, and how many of a hundred seeds have no faults at all. */
export const KINDS_MIN = 5;
export const CALM_PERCENT = 2;

const SHAPES = [
  [1, 1],
  [2, 1],
  [2, 2],
  [3, 2],
  [3, 2],
  [3, 3],
  [4, 2],
  [5, 3],
  [5, 5],
  [6, 2],
  [7, 4],
] as const;

/** Everything that the seed decides. */
export function drawScenario(seed: number): Scenario {
  return asStorm(drawMix(seed));
}

/** A mix of faults of many kinds, or of none. */
function drawMix(seed: number): Scenario {
  const prng = new Prng(seed);
  const [servers, replicas] = prng.pick(SHAPES);
  const isCalm = prng.chance(CALM_PERCENT / 100);
  const budget = isCalm ? 'crashes' : drawBudget(prng, replicas);
  const durationMs = prng.pick([2_500, 6_000, 12_000]);
  return {
    seed,
    config: {
      servers,
      replicas,
      mode: 'replicated',
      durability: 'fsync',
      putMode: prng.chance(0.8) ? 'upsert' : 'insert',
      deleteMode: prng.chance(0.5) ? 'strict' : 'available',
    },
    knobs: {
      checkpointBytes: prng.pick([1_000, 8_000, 50_000, 16_000_000]),
      segmentBytes: prng.pick([16 * 1024, 64 * 1024, 64 * 1024, 256 * 1024]),
      linkMs: prng.pick([0.2, 2, 10]),
      syncMs: prng.pick([0, 1, 10]),
      turnMs: prng.pick([0, 0.5, 5]),
      lateMs: prng.pick([0, 0, 5, 50]),
      clockRate: prng.pick([1, 1, 0.98, 1.02]),
      // Of its own source: what else is drawn stays as it was.
      epochMs: new Prng(seed).fork(1).pick([2, 2, 50, 300]),
      rare: drawRare(new Prng(seed).fork(2), budget),
    },
    workload: {
      clients: prng.between(1, 8),
      registers: prng.between(2, 12),
      family: prng.between(2, 5),
      thinkMs: prng.pick([20, 100, 400]),
      fleeting: prng.pick([0, 0, 2, 4]),
      updates: prng.pick([0, 1, 1, 3]),
    },
    budget,
    durationMs,
    happenings: isCalm ? [] : drawHappenings(prng, { servers, replicas, budget, durationMs }),
  };
}

/** Sites of rare behaviour that are active: none in a fifth of the seeds, each in a quarter of the others. */
function drawRare(prng: Prng, budget: Budget): RareSite[] {
  if (prng.chance(0.2)) return [];
  // What can put a healthy server out of sync is a fault: beside one that loses its disk it would be one too many.
  const allowed = RARE_SITES.filter((site) => budget !== 'damage' || !PUTTING_OUT.includes(site));
  return allowed.filter(() => prng.chance(0.25));
}

const PUTTING_OUT: readonly RareSite[] = [
  'broker: a heartbeat is left out',
  'broker: a server is put out after a short silence',
  'broker: a starting server is put out early',
  'replica: a pong is left out',
  'replica: the end of a turn passes by',
];

function drawBudget(prng: Prng, replicas: number): Budget {
  const dice = prng.float();
  if (dice < 0.45) return 'crashes';
  return dice < 0.8 && replicas > 1 ? 'damage' : 'beyond';
}

function drawHappenings(
  prng: Prng,
  shape: {
    readonly servers: number;
    readonly replicas: number;
    readonly budget: Budget;
    readonly durationMs: number;
  },
): Happening[] {
  const { servers, replicas, budget, durationMs } = shape;
  const all = allServers(servers);
  const known = [...CRASHES, ...LINKS, ...(budget === 'crashes' ? [] : DAMAGE), ...(budget === 'damage' ? LIES : [])];
  const count = prng.between(KINDS_MIN, prng.pick([KINDS_MIN + 1, 12, known.length]));
  // Damage is what its budget is for.
  const damage =
    budget === 'crashes' ? [] : prng.shuffle(budget === 'damage' ? [...DAMAGE, ...LIES] : DAMAGE).slice(0, 2);
  // There are many calls that a server can die at.
  const often = known.filter(({ name }) => name === 'crash-disk');
  const mix = [...new Set([...damage, ...prng.shuffle([...known, ...often, ...often])])].slice(0, count);
  const kinds = drawOrder(prng, mix, drawTimes(prng, durationMs));
  const aimed = prng.pick([0.2, 0.5, 0.8]);
  const calmMs = budget === 'damage' ? durationMs / prng.between(1, 3) : Number.POSITIVE_INFINITY;
  const happenings: Happening[] = [];
  let targets = budget === 'damage' ? prng.shuffle(all).slice(0, prng.between(1, replicas - 1)) : all;
  let nextCalmMs = calmMs;
  for (const { atMs, kind } of kinds) {
    if (atMs > nextCalmMs) {
      happenings.push({ atMs, kind: 'calm', reread: targets });
      targets = prng.shuffle(all).slice(0, prng.between(1, replicas - 1));
      nextCalmMs += calmMs;
    }
    const draw: Draw = { prng, servers, replicas, budget, targets };
    const drawn = kind.draw(draw);
    const aiming = damage.includes(kind) ? Math.max(0.5, aimed) : aimed;
    const { openers, aim } = prng.chance(aiming) ? drawAim(draw, drawn) : NOT_AIMED;
    for (const opener of openers) happenings.push({ atMs, ...opener } as Happening);
    happenings.push((aim === null ? { atMs, ...drawn } : { atMs, aim, ...drawn }) as Happening);
    // Some calls come most often at a start.
    if (drawn.kind === 'crash-point' && drawn.point.call !== undefined) {
      happenings.push({ atMs, kind: 'restart', server: drawn.server });
    }
  }
  if (budget === 'damage') happenings.push({ atMs: durationMs, kind: 'calm', reread: targets });
  return happenings;
}

/** When something happens: at random, and as often as it takes for KINDS_MIN kinds. */
function drawTimes(prng: Prng, durationMs: number): number[] {
  const gapMs = prng.pick([150, 500, 1_500]);
  const times: number[] = [];
  for (let atMs = prng.float() * gapMs; atMs < durationMs; atMs += -gapMs * Math.log(1 - prng.float()))
    times.push(atMs);
  while (times.length < KINDS_MIN) times.push(prng.float() * durationMs);
  return times.sort((a, b) => a - b);
}

/** Every kind that has to be there is, somewhere; the rest as it comes. */
function drawOrder(
  prng: Prng,
  mix: readonly Kind[],
  times: readonly number[],
): { readonly atMs: number; readonly kind: Kind }[] {
  const kinds = times.map((_, i) => (i < KINDS_MIN ? (mix[i] as Kind) : prng.pick(mix)));
  const shuffled = prng.shuffle(kinds);
  return times.map((atMs, i) => ({ atMs, kind: shuffled[i] as Kind }));
}

/** How long what brings a server into a state acts: longer than it takes until that is seen. */
const OPENER_MS = 800;

/** States and roles that are waited for, the rarest most often. */
const PLACES: readonly (readonly [Exclude<ServerState, 'draining'>, Role])[] = [
  ['up', 'alone'],
  ...new Array<['suspect', 'together']>(6).fill(['suspect', 'together']),
  ...new Array<['suspect', 'alone']>(9).fill(['suspect', 'alone']),
  ...new Array<['recovering', 'together']>(2).fill(['recovering', 'together']),
  ['recovering', 'alone'],
  ['recovering', 'behind'],
  ...new Array<['down', 'together']>(3).fill(['down', 'together']),
  ['down', 'alone'],
];

type Aimed = { readonly openers: readonly Drawn[]; readonly aim: Aim | null };

const NOT_AIMED: Aimed = { openers: [], aim: null };

/**
 * A moment that is rare by itself, and what brings it about: a server that is suspect, recovers or is down, with the
 * others, behind them, or as the last one in sync; a broker that starts. Nobody is hit who may not be.
 */
function drawAim(draw: Draw, drawn: Drawn): Aimed {
  const { prng, servers, replicas, budget, targets } = draw;
  if (drawn.kind === 'host-clock' || drawn.kind === 'hang-host') {
    return { openers: [blackoutOf(prng)], aim: { kind: 'broker starts' } };
  }
  const all = allServers(servers);
  const hit = serversOf({ atMs: 0, ...drawn } as Happening, targets)[0];
  if (hit === undefined || drawn.kind === 'blackout') return NOT_AIMED;
  const places = PLACES.filter(([, role]) => {
    if (replicas === 1) return role === 'alone';
    // Where damage is allowed its copies are those that may not go.
    return budget !== 'damage' || role !== 'alone';
  });
  const [state, role] = prng.pick(places);
  const others = all.filter((server) => server !== hit && targets.includes(server));
  const openers: Drawn[] = [];
  if (role === 'alone' && others.length > 0) {
    openers.push(fault({ kind: 'crash', servers: others }, 3 * OPENER_MS, prng));
  }
  switch (state) {
    case 'up':
      break;
    case 'suspect':
      openers.push(silence(prng, hit));
      break;
    case 'recovering':
      openers.push(role === 'together' ? blackoutOf(prng) : { kind: 'restart', server: hit });
      break;
    case 'down':
      openers.push(fault({ kind: 'crash', servers: [hit] }, 100 + someMs(prng, 2_000), prng));
      break;
    default:
      state satisfies never;
  }
  return { openers, aim: { kind: 'server', state, role } };
}

/** Nothing comes from the server for a while. */
function silence(prng: Prng, server: ServerIndex): Drawn {
  if (prng.chance(0.5)) return fault({ kind: 'hang', servers: [server], forMs: OPENER_MS }, OPENER_MS, prng);
  const links = [{ from: server, to: 'broker' }] as const;
  return fault({ kind: 'link', links, rule: { kind: 'clog' } }, OPENER_MS, prng);
}

function blackoutOf(prng: Prng): Drawn {
  const blackout = {
    survivors: prng.chance(0.5) ? survivorsOf(prng) : null,
    offMs: someMs(prng, 100),
    losesEpochFile: false,
  };
  return { kind: 'blackout', blackout, absent: [], absentMs: 0 };
}
