import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { reportLines } from '../../src/faults/report.ts';
import { runScriptInSimulator, type SimulatedScript } from '../../src/sim/script-cluster.ts';

const SCRIPTS = join(import.meta.dirname, '../scripts');

function run(text: string, seed = 1): SimulatedScript {
  const ran = runScriptInSimulator(text, seed);
  if (!ran.ok) throw new Error(ran.error.message);
  return ran.value;
}

describe('a script that tells a story', () => {
  test.each(readdirSync(SCRIPTS))('%s ends as it expects', (file) => {
    const { report } = run(readFileSync(join(SCRIPTS, file), 'utf8'));

    expect(report.passed, reportLines(report).join('\n')).toBe(true);
    expect(report.wrong).toBe(0);
  });

  test.each(readdirSync(SCRIPTS))('%s has at most 15 lines, and the first says what it shows', (file) => {
    const lines = readFileSync(join(SCRIPTS, file), 'utf8').trimEnd().split('\n');

    expect(lines.length).toBeLessThanOrEqual(15);
    expect(lines[0]).toMatch(/^# [A-Z].{20}/);
  });
});

describe('a script in virtual time', () => {
  const text = [
    'LOAD w clients 4 rate 200 mix get:40,set:40,bulk:10,mget:10 keys 10',
    'at 500ms HANG one FOR 1s AS old',
    'at 600ms DROP 5% FOR 500ms',
    'after 1s POWER old FOR 200ms',
    'at end EXPECT linearizable',
  ].join('\n');

  test('repeats event by event from its seed', () => {
    const first = run(text, 5);

    const second = run(text, 5);

    expect(second.hash).toBe(first.hash);
    expect(second.report).toEqual(first.report);
  });

  test('runs differently from another seed', () => {
    expect(run(text, 5).hash).not.toBe(run(text, 6).hash);
  });

  test('says which server was drawn, and how long nobody was answered', () => {
    const { report } = run('LOAD w clients 4 rate 200 mix set:1 keys 10\nat 500ms HANG all FOR 300ms', 5);

    const [fault] = report.faults;

    expect(fault?.statement).toBe('HANG s1,s2,s3 FOR 300ms');
    expect(fault?.unavailableMs).toBeGreaterThan(250);
    expect(fault?.unavailableMs).toBeLessThan(700);
  });

  // N-01, N-06
  test('shows what flaky servers leave out as lost until they read their logs, also past a checkpoint', () => {
    const flaky = [
      'SEED 3',
      'LOAD w clients 4 rate 2000 mix set:80,bulk:20 keys 30 FOR 1s',
      'FLAKY all 0.5 AS half',
      'WAIT 1100ms',
      'HEAL half',
    ];

    const before = run(flaky.join('\n'));
    const after = run([...flaky, 'RESTART all', 'WAIT 1s'].join('\n'));

    expect(before.report.lost + before.report.wrong).toBeGreaterThan(0);
    expect(before.report.notes.join('\n')).toMatch(/^wrong: key\d+: /);
    expect(after.report).toMatchObject({ passed: true, lost: 0, wrong: 0 });
  });

  test('has no packets: slices are refused with their line, before anything begins', () => {
    expect(runScriptInSimulator('CRASH s1\nat 1s CLIENT slice 3', 1)).toMatchObject({
      ok: false,
      error: { code: 'BADFAULT', message: expect.stringMatching(/^2:1: packets are not simulated/) },
    });
  });

  test('names every point when one is not known, with line and column, before anything begins', () => {
    expect(runScriptInSimulator('CRASH s1\nat 1s POINT walBeforeSync panic', 1)).toMatchObject({
      ok: false,
      error: {
        code: 'BADFAULT',
        message: expect.stringMatching(
          /^2:13: expected before- or after- and one of segment-create, .*wal-sync.*send-durable/,
        ),
      },
    });
    expect(runScriptInSimulator('POINT before-send-durable s1 error EIO', 1)).toMatchObject({
      error: { message: '1:30: expected one of panic, sleep, got error' },
    });
  });

  test('tells when a fault has acted as often as it was to', () => {
    const { report } = run(
      'LOAD w clients 2 rate 100 mix set:1 keys 5\nWRITE FAIL s1 EIO NTH 3+2 TIMES 2 AS twice\non healed twice NOTE over\nWAIT 2s',
    );

    expect(report.notes).toEqual(['over']);
    expect(report.faults[0]?.untilMs).toBeLessThan(2_000);
  });

  test('fails when something that it expects does not come', () => {
    const { report } = run('CRASH s1\nEXPECT state s1 = up within 300ms\nEXPECT state s2 = up');

    expect(report.passed).toBe(false);
    expect(report.expectations.map(({ line, passed, found }) => [line, passed, found])).toEqual([
      [2, false, 's1 down'],
      [3, true, 's2 up'],
    ]);
  });

  test('heals rot of a share of a log from the other copies', () => {
    const { report } = run(
      'CLUSTER servers 3 replicas 3\nLOAD w clients 4 rate 200 mix set:1 keys 9 FOR 1s\nat 500ms BITFLIP s2 wal 1%\nRESTART s2\nat end EXPECT converged\nat end EXPECT lost = 0',
    );

    expect(report).toMatchObject({
      passed: true,
      faults: [{ statement: expect.stringMatching(/^BITFLIP s2 wal 1% SEED/) }],
    });
  });

  test('fails when there is no file to damage', () => {
    const { report } = run('BITFLIP s1 snap 1');

    expect(report).toMatchObject({
      passed: false,
      faults: [],
      expectations: [{ found: 'BADFAULT s1 has no such file' }],
    });
  });

  test('fails when a fault cannot be, and goes on', () => {
    const { report } = run('partition majority | majority\nEXPECT state all = up');

    expect(report.expectations.map(({ passed, found }) => [passed, found])).toEqual([
      [false, 'BADFAULT 2 servers are wanted where 1 are left'],
      [true, 's1 up, s2 up, s3 up'],
    ]);
  });

  test('waits for faults that heal by themselves, and heals the others', () => {
    const { report } = run('HANG s1 FOR 2s AS a\nCRASH s2 AS b');

    const [first, second] = report.faults;

    expect(report.passed).toBe(true);
    expect(first?.untilMs).toBeGreaterThanOrEqual(2_000);
    expect(second?.untilMs).toBeGreaterThanOrEqual(2_000);
    expect(report.healedMs).toBeGreaterThan(0);
  });

  test('reacts to what happens, once', () => {
    const { report } = run(
      [
        'on state s1 down CRASH s2 AS second FOR 1s',
        'on fault second EXPECT state s2 = down within 500ms',
        'when state s2 = down NOTE two are down',
        'on fault f9 CRASH s3',
        'CRASH s1 FOR 1s',
      ].join('\n'),
    );

    expect(report.faults.map(({ statement }) => statement)).toEqual(['CRASH s1 FOR 1s', 'CRASH s2 FOR 1s AS second']);
    expect(report.expectations.every(({ passed }) => passed)).toBe(true);
    expect(report.notes).toEqual(['two are down', 'never happened: on fault f9 CRASH s3']);
  });

  test('tells what servers did to their disks and sent', () => {
    const { report } = run(
      [
        'LOAD w clients 4 rate 400 mix set:1 keys 10 FOR 2s',
        'on fsync s1 #20 CRASH s1 FOR 100ms AS twentieth',
        'on segment-cut s1 CRASH s1 FOR 100ms AS next',
        'on point after-send-durable #300 HANG s2 FOR 50ms AS told',
        'at 1s LOAD more clients 8 rate 4000 mix set:1 keys 10 FOR 2s',
        'on snapshot one NOTE a checkpoint',
        'on fsync next NOTE its next life writes',
        'on point before-checkpoint-remove #1000000 NOTE too many',
      ].join('\n'),
    );

    expect(report.faults.map(({ id }) => id).slice(0, 2)).toEqual(['twentieth', 'next']);
    expect(report.faults.map(({ id }) => id)).toContain('told');
    expect(report.notes).toEqual([
      'its next life writes',
      'a checkpoint',
      'never happened: on point before-checkpoint-remove #1000000 NOTE too many',
    ]);
  });

  test('counts lines without a time from the one above', () => {
    const { report } = run(
      ['at 1s CRASH s1 AS first', 'WAIT 500ms', 'RESTART s1', 'after 250ms CRASH s2 AS second'].join('\n'),
    );

    expect(report.faults.map(({ id, atMs }) => [id, Math.round(atMs)])).toEqual([
      ['first', 1_000],
      ['second', 1_750],
    ]);
  });

  test('judges a whole span by what ended within it', () => {
    const { report } = run(
      [
        'LOAD w clients 4 rate 100 mix get:1 keys 10',
        'at 1s POWER all FOR 500ms',
        'at 1s EXPECT ok = 100% during 1s',
        'at 3s EXPECT ok = 100% during 1s',
        'at 3s EXPECT p99(get) < 50ms during 1s',
        'at 3s EXPECT errors UNAVAILABLE = 0 during 1s',
        'at end EXPECT errors > 0',
      ].join('\n'),
    );

    expect(report.expectations.map(({ line, passed }) => [line, passed])).toEqual([
      [3, false],
      [4, true],
      [5, true],
      [6, true],
      [7, true],
    ]);
  });

  test.each([
    ['explode s1', '1:1: expected one of LOAD'],
    ['CLUSTER mode leader\nHANG leader', '1:1: mode leader is not simulated yet'],
    ['CRASH s1\nEXPECT rss < 1gb', '2:1: memory is not simulated'],
  ])('%j is refused before anything begins', (script, message) => {
    const ran = runScriptInSimulator(script, 1);

    expect(ran.ok ? 'ran' : `${ran.error.code} ${ran.error.message}`).toContain(`BADFAULT ${message}`);
  });

  test('may have thousands of lines', () => {
    const { report } = run(`${'NOTE again\n'.repeat(5_000)}EXPECT state all = up`);

    expect([report.passed, report.notes.length]).toEqual([true, 5_000]);
  });
});
