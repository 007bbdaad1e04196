import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatLine, formatScript } from '../../src/faults/format-script.ts';
import { DEFAULT_SHAPE, parseScript } from '../../src/faults/parse-script.ts';
import { scriptLine } from './arbitrary.ts';

const PAUSED_LEADER = `# A paused leader must not answer from the past.
SEED 42
CLUSTER servers 3 replicas 3 mode leader
LOAD w clients 8 rate 400 mix get:50,set:45,bulk:5 keys 20
at 2s    HANG leader FOR 8s AS old
at 2s    EXPECT leader within 1s
at 6s    EXPECT ok >= 99% during 2s
after 10s EXPECT state old = up|recovering within 2s
on leader-elected #2 CRASH leader
when state s1 = down RESTART s1
every 3s jitter 10% times 20 POWER all random
at end   EXPECT linearizable
at end   EXPECT lost = 0
`;

describe('a script', () => {
  test('has a cluster, a seed and statements with their times', () => {
    const parsed = parseScript(PAUSED_LEADER, null);

    expect(parsed.ok ? { ...parsed.value, lines: parsed.value.lines.length } : parsed).toEqual({
      servers: 3,
      replicas: 3,
      mode: 'leader',
      seed: 42,
      lines: 10,
    });
    if (!parsed.ok) return;
    expect(parsed.value.lines.map(({ line, when, statement }) => `${line} ${formatLine(when, statement)}`)).toEqual([
      '4 LOAD w clients 8 rate 400 mix get:50,set:45,bulk:5 keys 20',
      '5 at 2s HANG leader FOR 8s AS old',
      '6 at 2s EXPECT leader within 1s',
      '7 at 6s EXPECT ok >= 99% during 2s',
      '8 after 10s EXPECT state old = up|recovering within 2s',
      '9 on leader-elected #2 CRASH leader',
      '10 when state s1 = down RESTART s1',
      '11 every 3s jitter 10% times 20 POWER all random',
      '12 at end EXPECT linearizable',
      '13 at end EXPECT lost = 0',
    ]);
  });

  test('runs on three servers with two copies when it does not say', () => {
    const parsed = parseScript('\r\n at 500ms crash s1 # down\r\n', null);

    expect(parsed.ok && parsed.value).toMatchObject({ ...DEFAULT_SHAPE, seed: null });
  });

  test.each([
    ['crash s1\nexplode s1', /^2:1: expected one of LOAD, /],
    ['at 2s HANG leader', /^1:12: expected servers: nobody leads in mode replicated/],
    ['EXPECT leader', /^1:8: expected something else: nobody leads in mode replicated/],
    ['CLUSTER servers 5\ncrash s5\ncrash s6', /^3:7: .*got s6/],
    ['EXPECT state old = up', /^1:14: .*got old/],
    ['crash s1\nSEED 4', /^2:1: expected SEED before every other statement/],
    ['at 1s SEED 4', /^1:7: expected SEED before every other statement/],
    ['STOP w', /^1:6: expected the name of a load: there is none yet, got w/],
    ['LOAD w clients 1 rate 1 mix fly:3 keys 2', /^1:29: expected a share such as get:50/],
    ['CLUSTER servers 2 replicas 3', /^1:9: expected at most 2 replicas/],
    ['EXPECT lost ~ 3', /^1:13: expected one of <=/],
    ['EXPECT errors NOSUCH = 3', /^1:15: /],
    ['at soon crash s1', /^1:4: expected a time/],
    ['EXPECT converged sometimes', /^1:18: expected the end/],
    ['at end CRASH s1', /^1:8: expected EXPECT: nothing else is done at end$/],
    ['at end EXPECT state s1 = up within 5s', /^1:8: expected no time: at end is judged once/],
    ['every 0s crash s1', /^1:7: expected a time above 0$/],
    ['crash s1 AS old\non healed odl RESTART s1', /^2:11: expected a name that AS gave before, .*got odl$/],
    ['at \u001b[2J\u0007', /^1:4: expected a time .*got \ufffd\[2J\ufffd$/],
    [`crash ${'s'.repeat(100)}`, /^1:7: .*got s{60}…$/],
  ])('%j is refused with its line and column', (text, message) => {
    const parsed = parseScript(text, null);

    expect(parsed.ok ? 'accepted' : parsed.error.code).toBe('BADFAULT');
    if (!parsed.ok) expect(parsed.error.message).toMatch(message);
  });

  test('may not ask for another cluster than the one that runs', () => {
    const parsed = parseScript('CLUSTER servers 5', DEFAULT_SHAPE);

    expect(parsed.ok ? '' : parsed.error.message).toBe(
      '1:9: expected the cluster that runs: servers 3 replicas 2 mode replicated',
    );
  });

  test('is read again from its print', () => {
    fc.assert(
      fc.property(fc.array(scriptLine, { maxLength: 5 }), (lines) => {
        const script = {
          servers: 5,
          replicas: 5,
          mode: 'leader' as const,
          seed: null,
          lines: [{ when: { kind: 'next' } as const, statement: CRASH_AS_OLD }, ...lines].map((line, at) => ({
            line: at + 2,
            ...line,
          })),
        };
        const printed = formatScript(script);

        expect(parseScript(printed, null), printed).toEqual({ ok: true, value: script });
      }),
      { numRuns: 1_000 },
    );
  });

  test('may be anything: it is refused in one line', () => {
    const words = fc.constantFrom(
      'at',
      '2s',
      'crash',
      's1',
      'EXPECT',
      'ok',
      '>=',
      'within',
      'LOAD',
      'w',
      'clients',
      '3',
      'on',
      'state',
      '\n',
      '#2',
      'when',
      'end',
      'NOTE',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words).map((list) => list.join(' ')),
        ),
        (text) => {
          const parsed = parseScript(text, null);

          expect(parsed.ok ? '1:1: expected ' : parsed.error.message).toMatch(/^\d+:\d+: expected /);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

const CRASH_AS_OLD = {
  kind: 'fault',
  fault: { kind: 'crash', servers: [{ kind: 'name', name: 's1' }] },
  options: { forMs: null, percent: null, nth: null, times: null, name: 'old', seed: null },
} as const;
