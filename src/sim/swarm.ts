/**
 * One seed drawn out: a cluster of some shape, clients of some patience, and a mix of faults in which most kinds are
 * missing, so that the rare ones meet (swarm testing, Groce et al. 2012; rates of reliability.md 3.9). What is drawn is
 * data, to be played, shrunk and printed.
 */
import type { ClockFault, DirectedLink, FaultAction, Neighbour, Survivors } from '../faults/action.ts';
import { Prng } from '../lib/prng.ts';
import { RARE_SITES, type RareSite } from '../lib/rare.ts';
import type { ServerIndex } from '../model/ids.ts';
import type { LinkRule } from '../routing/link-rules.ts';
import type { Budget, Happening, Scenario } from './scenario.ts';

/** What a fault of each kind may touch: servers that may be hit, chance, and how much is allowed. */
type Draw = {
  readonly prng: Prng;
  readonly servers: number;
  readonly budget: Budget;
  /** Servers that faults may touch now. */
  readonly targets: readonly ServerIndex[];
};

type Drawn = Happening extends infer H ? (H extends { readonly atMs: number } ? Omit<H, 'atMs'> : never) : never;

type Kind = { readonly name: string; readonly draw: (draw: Draw) => Drawn };

const fault = (action: FaultAction, forMs: number | null, prng: Prng): Drawn => ({
  kind: 'fault',
  action,
  forMs,
  seed: prng.uint32(),
});

/** A duration whose order of magnitude is drawn first. */
function someMs(prng: Prng, max: number): number {
  return prng.float() * prng.pick([max / 100, max / 10, max]);
}

function one({ prng, targets }: Draw): readonly ServerIndex[] {
  return [prng.pick(targets)];
}

function some({ prng, targets }: Draw): readonly ServerIndex[] {
  return prng.chance(0.6) ? [prng.pick(targets)] : prng.shuffle(targets).slice(0, prng.between(1, targets.length));
}

/** Off by up to ±288 s, most often by little; or up to 2 % fast or slow; or to and fro. */
function drawClock(prng: Prng): ClockFault {
  const byMs = Math.min(288_000, -prng.pick([10, 1_000, 60_000]) * Math.log(1 - prng.float())) * prng.pick([-1, 1]);
  switch (prng.below(3)) {
    case 0:
      return { kind: 'skew', byMs };
    case 1:
      return { kind: 'drift', rate: 0.98 + prng.float() * 0.04 };
    default:
      return { kind: 'strobe', byMs, everyMs: 1 + prng.float() * 1_000 };
  }
}

const survivors = (prng: Prng): Survivors => prng.pick(['none', 'prefix', 'random'] as const);

/** Faults that leave what a disk holds as it is. */
const CRASHES: readonly Kind[] = [
  kind('crash', (draw) => fault({ kind: 'crash', servers: some(draw) }, someMs(draw.prng, 4_000), draw.prng)),
  kind('kill', (draw) => fault({ kind: 'oom', servers: some(draw) }, null, draw.prng)),
  kind('restart', (draw) => ({ kind: 'restart', server: draw.prng.pick(draw.targets) })),
  kind('hang', (draw) => {
    const forMs = someMs(draw.prng, 4_000);
    return fault({ kind: 'hang', servers: some(draw), forMs }, forMs, draw.prng);
  }),
  kind('slow', (draw) =>
    fault(
      { kind: 'slow', servers: one(draw), factor: draw.prng.pick([3, 30, 300]) },
      someMs(draw.prng, 3_000),
      draw.prng,
    ),
  ),
  kind('throw', (draw) => fault({ kind: 'throw', servers: one(draw), count: 1 }, null, draw.prng)),
  kind('flap', (draw) => fault({ kind: 'flap', servers: one(draw), count: draw.prng.between(2, 5) }, 2_000, draw.prng)),
  kind('power', (draw) =>
    fault({ kind: 'power', servers: some(draw), survivors: survivors(draw.prng) }, someMs(draw.prng, 3_000), draw.prng),
  ),
  kind('blackout', (draw) => {
    const { prng } = draw;
    return {
      kind: 'blackout',
      blackout: {
        survivors: prng.chance(0.8) ? survivors(prng) : null,
        offMs: someMs(prng, 500),
        losesEpochFile: draw.budget === 'crashes' && prng.chance(0.1),
      },
      absent: prng.chance(0.5) ? some(draw) : [],
      absentMs: someMs(prng, 3_000),
    };
  }),
  kind('crash-point', (draw) => {
    const { prng } = draw;
    const point = {
      at: prng.pick(['disk', 'send'] as const),
      nth: prng.between(1, prng.pick([3, 30, 300])),
      survivors: prng.chance(0.5) ? survivors(prng) : null,
    };
    return { kind: 'crash-point', server: prng.pick(draw.targets), point };
  }),
  kind('hang-host', ({ prng }) => ({ kind: 'hang-host', forMs: someMs(prng, 2_000) })),
  kind('clock', (draw) =>
    fault({ kind: 'clock', servers: some(draw), fault: drawClock(draw.prng) }, someMs(draw.prng, 5_000), draw.prng),
  ),
  kind('host-clock', ({ prng }) => ({ kind: 'host-clock', fault: drawClock(prng), forMs: someMs(prng, 5_000) })),
  kind('sync-fail', (draw) =>
    fault(
      { kind: 'disk', servers: one(draw), fault: { kind: 'sync-fail', count: draw.prng.pick([1, 1, 3]) } },
      2_000,
      draw.prng,
    ),
  ),
  kind('write-fail', (draw) => {
    const { prng } = draw;
    const code = prng.pick(['EIO', 'EDQUOT', 'EROFS'] as const);
    const disk = { kind: 'write-fail', code, probability: prng.pick([0.02, 0.3, 1]) } as const;
    return fault({ kind: 'disk', servers: one(draw), fault: disk }, someMs(prng, 2_000), prng);
  }),
  kind('torn-write', (draw) =>
    fault({ kind: 'disk', servers: one(draw), fault: { kind: 'torn-write' } }, null, draw.prng),
  ),
  kind('full', (draw) =>
    fault({ kind: 'disk', servers: one(draw), fault: { kind: 'full' } }, someMs(draw.prng, 5_000), draw.prng),
  ),
  kind('slow-disk', (draw) => {
    const { prng } = draw;
    const slow = { kind: 'slow', delayMs: someMs(prng, 1_000), factor: prng.pick([1, 10]) } as const;
    return fault({ kind: 'disk', servers: one(draw), fault: slow }, someMs(prng, 4_000), prng);
  }),
  kind('stall', (draw) =>
    fault({ kind: 'disk', servers: one(draw), fault: { kind: 'stall' } }, someMs(draw.prng, 4_000), draw.prng),
  ),
];

/** Faults of links; those that lose nothing and those that do. */
const LINKS: readonly Kind[] = [
  link('cut', () => ({ kind: 'cut' }), 3_000),
  link('clog', () => ({ kind: 'clog' }), 3_000),
  link('drop', ({ prng }) => ({ kind: 'drop', probability: prng.pick([0.02, 0.1, 0.3]) }), 4_000),
  link(
    'duplicate',
    ({ prng }) => ({ kind: 'duplicate', probability: prng.pick([0.1, 0.5]), withinMs: someMs(prng, 500) }),
    4_000,
  ),
  link(
    'reorder',
    ({ prng }) => ({ kind: 'reorder', probability: prng.pick([0.1, 0.3]), withinMs: someMs(prng, 200) }),
    4_000,
  ),
  link(
    'delay',
    ({ prng }) => ({
      kind: 'delay',
      delayMs: someMs(prng, 300),
      jitterMs: someMs(prng, 100),
      distribution: prng.pick(['const', 'uniform', 'normal', 'exp'] as const),
    }),
    4_000,
  ),
  link('rate', ({ prng }) => ({ kind: 'rate', bytesPerSecond: prng.pick([2_000, 20_000, 200_000]) }), 3_000),
];

/** What is damaged and can be told from what was never written. */
const DAMAGE: readonly Kind[] = [
  kind('wipe', (draw) => fault({ kind: 'wipe', servers: one(draw) }, someMs(draw.prng, 3_000), draw.prng)),
  kind('flip', (draw) => {
    const { prng } = draw;
    const file = { kind: prng.pick(['wal', 'wal', 'checkpoint'] as const) };
    return fault({ kind: 'damage', servers: one(draw), damage: { kind: 'flip', file, bits: 1 } }, null, prng);
  }),
  kind('read-fail', (draw) => {
    const read = { kind: 'read-fail', probability: draw.prng.pick([0.01, 0.2]) } as const;
    return fault({ kind: 'disk', servers: one(draw), fault: read }, someMs(draw.prng, 3_000), draw.prng);
  }),
];

/** What can look like a write that never came: only another copy tells. */
const LIES: readonly Kind[] = [
  kind('misdirect', (draw) =>
    fault({ kind: 'disk', servers: one(draw), fault: { kind: 'misdirect' } }, null, draw.prng),
  ),
  kind('lose-write', (draw) =>
    fault({ kind: 'disk', servers: one(draw), fault: { kind: 'lose-write' } }, null, draw.prng),
  ),
  kind('truncate', (draw) => {
    const { prng } = draw;
    const damage = { kind: 'truncate', file: { kind: 'wal' }, bytes: prng.between(1, prng.pick([64, 4_096, 65_536])) };
    return fault({ kind: 'damage', servers: one(draw), damage: damage as never }, null, prng);
  }),
];

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
  const prng = new Prng(seed);
  const [servers, replicas] = prng.pick(SHAPES);
  const budget = drawBudget(prng, replicas);
  const durationMs = prng.pick([3_000, 8_000, 15_000]);
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
      rare: drawRare(new Prng(seed).fork(2)),
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
    happenings: drawHappenings(prng, { servers, replicas, budget, durationMs }),
  };
}

/** Sites of rare behaviour that are active: none in a third of the seeds, each in a quarter of the others. */
function drawRare(prng: Prng): RareSite[] {
  return prng.chance(1 / 3) ? [] : RARE_SITES.filter(() => prng.chance(0.25));
}

function drawBudget(prng: Prng, replicas: number): Budget {
  const dice = prng.float();
  if (dice < 0.55) return 'crashes';
  return dice < 0.85 && replicas > 1 ? 'damage' : 'beyond';
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
  const all = Array.from({ length: servers }, (_, index) => index as ServerIndex);
  const known = [...CRASHES, ...LINKS, ...(budget === 'crashes' ? [] : DAMAGE), ...(budget === 'damage' ? LIES : [])];
  const mix = prng.shuffle(known).slice(0, prng.between(1, prng.pick([2, 5, known.length])));
  const gapMs = prng.pick([100, 400, 1_500]);
  const calmMs = budget === 'damage' ? durationMs / prng.between(1, 3) : Number.POSITIVE_INFINITY;
  const happenings: Happening[] = [];
  let targets = budget === 'damage' ? prng.shuffle(all).slice(0, prng.between(1, replicas - 1)) : all;
  let nextCalmMs = calmMs;
  for (let atMs = prng.float() * gapMs; atMs < durationMs; atMs += -gapMs * Math.log(1 - prng.float())) {
    if (atMs > nextCalmMs) {
      happenings.push({ atMs, kind: 'calm', reread: targets });
      targets = prng.shuffle(all).slice(0, prng.between(1, replicas - 1));
      nextCalmMs += calmMs;
    }
    happenings.push({ atMs, ...prng.pick(mix).draw({ prng, servers, budget, targets }) } as Happening);
  }
  if (budget === 'damage') happenings.push({ atMs: durationMs, kind: 'calm', reread: targets });
  return happenings;
}

function kind(name: string, draw: Kind['draw']): Kind {
  return { name, draw };
}

/** A rule on some links of the targets: one direction, a pair, everything of one server, or between two sides. */
function link(name: string, rule: (draw: Draw) => LinkRule, forMs: number): Kind {
  return kind(name, (draw) =>
    fault({ kind: 'link', links: drawLinks(draw), rule: rule(draw) }, someMs(draw.prng, forMs), draw.prng),
  );
}

function drawLinks({ prng, servers, targets }: Draw): DirectedLink[] {
  const all: Neighbour[] = ['broker', ...Array.from({ length: servers }, (_, index) => index as ServerIndex)];
  const self = prng.pick(targets);
  const others = all.filter((name) => name !== self);
  const both = (a: Neighbour, b: Neighbour): DirectedLink[] => [
    { from: a, to: b },
    { from: b, to: a },
  ];
  switch (prng.below(4)) {
    case 0: {
      const [link1, link2] = both(self, prng.pick(others)) as [DirectedLink, DirectedLink];
      return [prng.chance(0.5) ? link1 : link2];
    }
    case 1:
      return both(self, prng.pick(others));
    case 2:
      return others.flatMap((other) => both(self, other));
    default: {
      const side = targets.filter(() => prng.chance(0.5));
      const rest = all.filter((name) => name === 'broker' || !side.includes(name));
      const cut = side.flatMap((a) => rest.flatMap((b) => both(a, b)));
      return cut.length > 0 ? cut : both(self, 'broker');
    }
  }
}
