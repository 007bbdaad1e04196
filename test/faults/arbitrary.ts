/** Random statements of the fault language, for properties of its parser and printer. */
import * as fc from 'fast-check';
import type { Surroundings } from '../../src/faults/cursor.ts';
import type {
  Fault,
  FaultOptions,
  FaultStatement,
  FileSelector,
  LinkSelector,
  ScriptLine,
  Selector,
} from '../../src/faults/syntax.ts';

/** A cluster in which every role exists, and one name. */
export const AROUND: Surroundings = { servers: 5, mode: 'leader', names: new Set(['old']) };

const name = fc.constantFrom('old', 's1', 's2', 's5');
const part = fc.oneof(
  name.map((text) => ({ kind: 'name', name: text }) as const),
  fc.constantFrom('leader', 'one', 'minority', 'majority', 'all').map((kind) => ({ kind }) as const),
  fc.option(fc.integer({ min: 1, max: 5 })).map((nth) => ({ kind: 'follower', nth }) as const),
  fc.integer({ min: 1, max: 5 }).map((count) => ({ kind: 'random', count }) as const),
);
const servers: fc.Arbitrary<Selector> = fc.array(part, { minLength: 1, maxLength: 3 });
/** Servers before a number: `follower 2` would take it. */
const closedServers = servers.map((list): Selector => [...list, { kind: 'all' }]);
const group: fc.Arbitrary<Selector> = fc.array(fc.oneof(part, fc.constant({ kind: 'broker' } as const)), {
  minLength: 1,
  maxLength: 3,
});
const link: fc.Arbitrary<LinkSelector> = fc.oneof(
  fc.constant({ kind: 'every' } as const),
  group.map((selector) => ({ kind: 'around', selector }) as const),
  fc.record({ kind: fc.constant('between' as const), from: group, to: group, bothWays: fc.boolean() }),
);
const count = fc.integer({ min: 1, max: 1_000 });
const ms = fc.oneof(
  fc.integer({ min: 0, max: 604_800_000 }),
  fc.integer({ min: 0, max: 5_000_000 }).map((us) => us / 1_000),
);
const positiveMs = ms.filter((some) => some > 0);
const percent = fc.integer({ min: 0, max: 10_000 }).map((hundredths) => hundredths / 100);
const file: fc.Arbitrary<FileSelector> = fc.oneof(
  fc.constantFrom('wal', 'snap', 'index', 'meta').map((kind) => ({ kind }) as const),
  fc
    .string({ minLength: 1 })
    .filter((text) => !/[\r\n\u2028\u2029]/.test(text))
    .map((text) => ({ kind: 'named', name: text }) as const),
);

export const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(
      'crash',
      'hang',
      'oom',
      'wipe',
      'sync-fail',
      'read-fail',
      'torn-write',
      'disk-full',
      'disk-stall',
      'misdirect',
      'lose-write',
      'isolate',
    ),
    servers,
  }),
  fc.record({ kind: fc.constant('slow' as const), servers, factor: count }),
  fc.record({ kind: fc.constantFrom('throw', 'flap'), servers: closedServers, count }),
  fc.record({
    kind: fc.constant('flaky' as const),
    servers: closedServers,
    probability: fc.constantFrom(0, 0.01, 0.5, 1),
  }),
  fc.record({ kind: fc.constant('power' as const), servers, survivors: fc.constantFrom('none', 'prefix', 'random') }),
  fc.record({ kind: fc.constant('write-fail' as const), servers, code: fc.constantFrom('EIO', 'EROFS') }),
  fc.record({
    kind: fc.constant('disk-slow' as const),
    servers,
    by: fc.oneof(
      ms.map((delayMs) => ({ kind: 'delay', delayMs }) as const),
      count.map((factor) => ({ kind: 'factor', factor }) as const),
    ),
  }),
  fc.record({
    kind: fc.constant('bitflip' as const),
    servers,
    file,
    bits: fc.oneof(
      count.map((n) => ({ kind: 'count', count: n }) as const),
      percent.map((p) => ({ kind: 'percent', percent: p }) as const),
    ),
  }),
  fc.record({ kind: fc.constant('truncate' as const), servers, file, bytes: count }),
  fc.record({
    kind: fc.constant('skew' as const),
    servers,
    byMs: fc.oneof(
      ms,
      ms.map((by) => -by || 0),
    ),
  }),
  fc.record({ kind: fc.constant('drift' as const), servers: closedServers, rate: fc.constantFrom(0.98, 1.01, 2) }),
  fc.record({ kind: fc.constant('strobe' as const), servers, byMs: ms, everyMs: positiveMs }),
  fc.record({ kind: fc.constant('partition' as const), groups: fc.array(group, { minLength: 2, maxLength: 3 }) }),
  fc.record({ kind: fc.constantFrom('ring', 'swizzle') }),
  fc.record({ kind: fc.constantFrom('cut', 'clog'), link }),
  fc.record({ kind: fc.constantFrom('drop', 'dup', 'reorder'), link, percent }),
  fc.record({
    kind: fc.constant('delay' as const),
    link,
    delayMs: ms,
    jitterMs: ms,
    distribution: fc.constantFrom(null, 'const', 'uniform', 'normal', 'exp'),
  }),
  fc.record({ kind: fc.constant('rate' as const), link, bytesPerSecond: count }),
  fc.constantFrom(
    { kind: 'client', does: { act: 'rst' } } as const,
    { kind: 'client', does: { act: 'slice', bytes: 3 } } as const,
  ),
  fc.record({
    kind: fc.constant('point' as const),
    name: fc.constantFrom('before-wal-sync', 'after-checkpoint-rename'),
    servers,
    act: fc.constantFrom(
      { kind: 'sleep', forMs: 5 } as const,
      { kind: 'error', code: 'EIO' } as const,
      { kind: 'panic' } as const,
    ),
  }),
);

const NO_OPTIONS: FaultOptions = { forMs: null, percent: null, nth: null, times: null, name: null, seed: null };
const named = fc.record({
  name: fc.constantFrom(null, 'old', 'it'),
  seed: fc.option(fc.integer({ min: 0, max: 0xffff_ffff })),
});

export const faultStatement: fc.Arbitrary<FaultStatement> = fc.oneof(
  fc.record({ kind: fc.constant('fault' as const), fault, options: named.map((some) => ({ ...NO_OPTIONS, ...some })) }),
  fc.record({
    kind: fc.constant('fault' as const),
    fault: fc.constantFrom<Fault>({ kind: 'write-fail', servers: [{ kind: 'one' }], code: 'EDQUOT' }),
    options: fc.record({
      forMs: fc.option(ms),
      percent: fc.option(percent),
      nth: fc.option(fc.record({ first: count, every: fc.option(count) })),
      times: fc.option(count),
      name: fc.constantFrom(null, 'it'),
      seed: fc.constant(null),
    }),
  }),
  fc.record({ kind: fc.constantFrom('restart', 'resume'), servers }),
  fc.constantFrom<FaultStatement>(
    { kind: 'list' },
    { kind: 'points' },
    { kind: 'help', topic: null },
    { kind: 'help', topic: 'fsync fail' },
  ),
  fc
    .oneof(
      fc.constant({ kind: 'all' } as const),
      fc.constantFrom('partition', 'disk-full', 'dup').map((kind) => ({ kind: 'of-kind', fault: kind }) as const),
      fc
        .constantFrom('f7', 'old', 's2', 'someone')
        .map((text): { kind: 'of'; selector: Selector } => ({ kind: 'of', selector: [{ kind: 'name', name: text }] })),
    )
    .map((what): FaultStatement => ({ kind: 'heal', what })),
);

const check = fc.oneof(
  servers.map((is) => ({ kind: 'leader', is }) as const),
  fc.constantFrom(
    { kind: 'no-leader' } as const,
    { kind: 'leader', is: null } as const,
    { kind: 'linearizable' } as const,
    { kind: 'converged' } as const,
  ),
  fc.record({
    kind: fc.constant('state' as const),
    of: servers,
    states: fc.constantFrom(['up'] as const, ['up', 'recovering'] as const),
  }),
  fc.record({
    kind: fc.constant('reply' as const),
    to: fc.constantFrom('GET key1', 'PUT a "b" \\ # c'),
    pattern: fc.constantFrom('*', '# "x"'),
  }),
  fc.record({ kind: fc.constant('ok' as const), compare: fc.constantFrom('<=', '>=', '!=', '<', '>', '='), percent }),
  fc.record({
    kind: fc.constant('errors' as const),
    code: fc.constantFrom(null, 'TIMEOUT'),
    compare: fc.constant('=' as const),
    count,
  }),
  fc.record({
    kind: fc.constant('latency' as const),
    quantile: fc.constantFrom('p50', 'p99', 'max'),
    operation: fc.constantFrom('get', 'all'),
    compare: fc.constant('<' as const),
    ms,
  }),
  fc.record({
    kind: fc.constantFrom('lost', 'partial-bulks', 'copies', 'unhandled'),
    compare: fc.constant('=' as const),
    count,
  }),
  fc.record({ kind: fc.constant('rss' as const), compare: fc.constant('<' as const), bytes: count }),
  fc.record({
    kind: fc.constant('mailbox' as const),
    of: fc.option(servers.map((list): Selector => [...list, { kind: 'all' }])),
    compare: fc.constant('<' as const),
    count,
  }),
  fc.record({ kind: fc.constant('log' as const), pattern: fc.constantFrom('*', 'a "b"') }),
);

const anyLine: fc.Arbitrary<Omit<ScriptLine, 'line'>> = fc.record({
  when: fc.oneof(
    fc.constantFrom({ kind: 'next' } as const, { kind: 'at-end' } as const),
    fc.record({ kind: fc.constantFrom('at', 'after'), ms }),
    fc.record({
      kind: fc.constant('every' as const),
      ms: positiveMs,
      jitterPercent: percent,
      times: fc.option(count),
    }),
    fc.record({
      kind: fc.constant('on' as const),
      event: fc.oneof(
        fc.constantFrom({ kind: 'leader-elected' } as const, { kind: 'fault', name: 'old' } as const),
        fc.record({ kind: fc.constant('state' as const), server: servers, state: fc.constant('up' as const) }),
        fc.record({ kind: fc.constant('fsync' as const), server: servers }),
      ),
      nth: count,
    }),
    check.map((some) => ({ kind: 'when', check: some }) as const),
  ),
  statement: fc.oneof(
    faultStatement,
    fc.record({
      kind: fc.constant('expect' as const),
      check,
      span: fc.oneof(
        fc.constantFrom({ kind: 'now' } as const, { kind: 'at-end' } as const),
        fc.record({ kind: fc.constantFrom('within', 'during'), ms }),
      ),
    }),
    fc.record({ kind: fc.constant('wait' as const), ms }),
    fc.record({ kind: fc.constant('set' as const), knob: fc.constantFrom('patience', 'liveness'), ms }),
    fc.constantFrom(
      { kind: 'assert-healed' } as const,
      { kind: 'end' } as const,
      { kind: 'note', text: 'why # so' } as const,
    ),
    fc.record({
      kind: fc.constant('phase' as const),
      phase: fc.constant('liveness' as const),
      core: fc.option(servers),
    }),
  ),
});

export const scriptLine = anyLine.filter(
  ({ when, statement }) => when.kind !== 'at-end' || (statement.kind === 'expect' && !('ms' in statement.span)),
);
