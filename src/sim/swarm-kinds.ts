/**
 * The kinds of faults that a seed is drawn from, and how each is drawn: whom it hits, how hard and for how long (rates of
 * reliability.md 3.9).
 */
import type { ClockFault, DirectedLink, FaultAction, Neighbour, Survivors } from '../faults/action.ts';
import { everybody } from '../faults/links.ts';
import type { Prng } from '../lib/prng.ts';
import type { ServerIndex } from '../model/ids.ts';
import type { LinkRule } from '../routing/link-rules.ts';
import type { Budget, Happening } from './scenario.ts';

/** What a fault of each kind may touch: servers that may be hit, chance, and how much is allowed. */
export type Draw = {
  readonly prng: Prng;
  readonly servers: number;
  readonly replicas: number;
  readonly budget: Budget;
  /** Servers that faults may touch now. */
  readonly targets: readonly ServerIndex[];
};

export type Drawn = Happening extends infer H ? (H extends { readonly atMs: number } ? Omit<H, 'atMs'> : never) : never;

export type Kind = { readonly name: string; readonly draw: (draw: Draw) => Drawn };

export const fault = (action: FaultAction, forMs: number | null, prng: Prng): Drawn => ({
  kind: 'fault',
  action,
  forMs,
  seed: prng.uint32(),
});

/** A duration whose order of magnitude is drawn first. */
export function someMs(prng: Prng, max: number): number {
  return prng.float() * prng.pick([max / 100, max / 10, max]);
}

function one({ prng, targets }: Draw): readonly ServerIndex[] {
  return [prng.pick(targets)];
}

function some({ prng, targets }: Draw): readonly ServerIndex[] {
  return prng.chance(0.6) ? [prng.pick(targets)] : prng.shuffle(targets).slice(0, prng.between(1, targets.length));
}

const CLOCKS = ['skew', 'drift', 'strobe'] as const;

/** Off by up to ±288 s, most often by little; or up to 2 % fast or slow; or to and fro. */
function drawClock(prng: Prng, kind: ClockFault['kind']): ClockFault {
  const byMs = Math.min(288_000, -prng.pick([10, 1_000, 60_000]) * Math.log(1 - prng.float())) * prng.pick([-1, 1]);
  switch (kind) {
    case 'skew':
      return { kind, byMs };
    case 'drift':
      return { kind, rate: 0.98 + prng.float() * 0.04 };
    case 'strobe':
      return { kind, byMs, everyMs: 1 + prng.float() * 1_000 };
    default:
      return kind satisfies never;
  }
}

export const survivorsOf = (prng: Prng): Survivors => prng.pick(['none', 'prefix', 'random'] as const);

/** Calls to the disk that a server can be made to die at. */
export const DISK_CALLS = [
  'open',
  'read',
  'write',
  'sync',
  'rename',
  'remove',
  'list',
  'truncate',
  'syncDirectory',
] as const;

/** How they are drawn: those most often that a server makes only when a segment or a checkpoint ends. */
const CALLS_DRAWN = [...DISK_CALLS, 'remove', 'truncate', 'truncate'] as const;

/** Faults that leave what a disk holds as it is. */
export const CRASHES: readonly Kind[] = [
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
    fault(
      { kind: 'power', servers: some(draw), survivors: survivorsOf(draw.prng) },
      someMs(draw.prng, 3_000),
      draw.prng,
    ),
  ),
  kind('blackout', (draw) => {
    const { prng } = draw;
    return {
      kind: 'blackout',
      blackout: {
        survivors: prng.chance(0.8) ? survivorsOf(prng) : null,
        offMs: someMs(prng, 500),
        losesEpochFile: draw.budget === 'crashes' && prng.chance(0.2),
      },
      absent: prng.chance(0.5) ? some(draw) : [],
      absentMs: someMs(prng, 3_000),
    };
  }),
  kind('crash-disk', ({ prng, targets }) => {
    // Calls that are few among the others are asked for by name.
    const which = prng.chance(0.8)
      ? { call: prng.pick(CALLS_DRAWN), nth: prng.between(1, prng.pick([1, 1, 4])) }
      : { nth: prng.between(1, prng.pick([3, 30, 300])) };
    const survivors = prng.chance(0.5) ? survivorsOf(prng) : null;
    return { kind: 'crash-point', server: prng.pick(targets), point: { at: 'disk', ...which, survivors } };
  }),
  kind('crash-send', ({ prng, targets }) => {
    const survivors = prng.chance(0.5) ? survivorsOf(prng) : null;
    const nth = prng.between(1, prng.pick([3, 30, 300]));
    return { kind: 'crash-point', server: prng.pick(targets), point: { at: 'send', nth, survivors } };
  }),
  kind('hang-host', ({ prng }) => ({ kind: 'hang-host', forMs: someMs(prng, 2_000) })),
  ...CLOCKS.flatMap((name) => [
    kind(`clock-${name}`, (draw) => {
      const clock = { kind: 'clock', servers: some(draw), fault: drawClock(draw.prng, name) } as const;
      return fault(clock, someMs(draw.prng, 5_000), draw.prng);
    }),
    kind(`host-clock-${name}`, ({ prng }) => ({
      kind: 'host-clock',
      fault: drawClock(prng, name),
      forMs: someMs(prng, 5_000),
    })),
  ]),
  kind('sync-fail', (draw) => {
    const disk = { kind: 'sync-fail', count: draw.prng.pick([1, 1, 3]) } as const;
    return fault({ kind: 'disk', servers: one(draw), fault: disk }, 2_000, draw.prng);
  }),
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
    fault({ kind: 'disk', servers: one(draw), fault: { kind: 'full' } }, 500 + someMs(draw.prng, 5_000), draw.prng),
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
export const LINKS: readonly Kind[] = [
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
export const DAMAGE: readonly Kind[] = [
  kind('wipe', (draw) => fault({ kind: 'wipe', servers: one(draw) }, someMs(draw.prng, 3_000), draw.prng)),
  kind('flip', (draw) => {
    const { prng, budget } = draw;
    // Rot in the newest records of a log, which no mark covers yet, equals a torn tail: only another copy tells.
    const kinds = budget === 'beyond' ? (['checkpoint'] as const) : (['wal', 'wal', 'checkpoint'] as const);
    const file = { kind: prng.pick(kinds) };
    return fault({ kind: 'damage', servers: one(draw), damage: { kind: 'flip', file, bits: 1 } }, null, prng);
  }),
  kind('read-fail', (draw) => {
    const read = { kind: 'read-fail', probability: draw.prng.pick([0.01, 0.2]) } as const;
    return fault({ kind: 'disk', servers: one(draw), fault: read }, someMs(draw.prng, 3_000), draw.prng);
  }),
];

/** What can look like a write that never came: only another copy tells. */
export const LIES: readonly Kind[] = [
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
  const all = everybody(servers);
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
