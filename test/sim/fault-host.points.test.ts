import { describe, expect, test } from 'vitest';
import { POINT_CALLS } from '../../src/faults/point-names.ts';
import { runScriptInSimulator, type SimulatedScript } from '../../src/sim/script-cluster.ts';

function run(lines: readonly string[], seed = 1): SimulatedScript {
  const ran = runScriptInSimulator(lines.join('\n'), seed);
  if (!ran.ok) throw new Error(ran.error.message);
  return ran.value;
}

/** Told by a broker that starts anew, and by keys with a time to live. */
const NEVER_HERE = ['send-tail', 'send-tail-end', 'send-expired'];

const LOAD = 'LOAD w clients 4 rate 200 mix get:40,set:40,bulk:20 keys 20';

describe('a point of the code', () => {
  test('of every name is passed by servers that live through enough', () => {
    const calls = POINT_CALLS.filter((call) => !NEVER_HERE.includes(call));
    const names = calls.flatMap((call) => [`before-${call}`, `after-${call}`]);
    const watches = names.flatMap((name) => [1, 2, 3].map((s) => `POINT ${name} s${s} sleep 0ms TIMES 1`));
    const life = [
      'LOAD w clients 8 rate 800 mix get:20,set:30,bulk:30,delete:20 keys 200',
      'WAIT 1s',
      'HANG s1 FOR 1s',
      'WAIT 1500ms',
      'WIPE s2 FOR 100ms',
      'EXPECT reply "KEYS" = "*"',
      'WAIT 1s',
      'DISK FULL s3 FOR 1s',
      'WAIT 2s',
      'POWER all FOR 100ms',
      'WAIT 2s',
    ];

    const { report } = run([...watches, ...life]);

    // What was not passed is over when all is healed, at the end.
    const endMs = Math.max(...report.faults.map(({ untilMs }) => untilMs ?? 0));
    const passed = new Set<string>();
    for (const { statement, untilMs } of report.faults) {
      const name = /^POINT (\S+)/.exec(statement)?.[1];
      if (name !== undefined && (untilMs ?? endMs) < endMs) passed.add(name);
    }
    expect(names.filter((name) => !passed.has(name))).toEqual([]);
  });

  test('where a server panics ends it once, and nothing that was acknowledged is lost', () => {
    for (const name of ['before-wal-write', 'before-wal-sync', 'after-wal-sync', 'before-send-durable']) {
      const { report } = run([
        LOAD,
        `at 300ms POINT ${name} s1 panic AS it`,
        'on healed it EXPECT state s1 = up within 2s',
        'at 2s EXPECT state s1 = up',
        'at end EXPECT linearizable',
        'at end EXPECT lost = 0',
      ]);

      expect(report, name).toMatchObject({ passed: true, lost: 0, wrong: 0 });
      expect(report.notes, name).toEqual([]);
    }
  });

  test('where every server sleeps makes each write take that much longer', () => {
    for (const name of ['before-wal-sync', 'after-wal-write', 'before-send-durable']) {
      const slow = run([
        'LOAD w clients 1 rate 5 mix set:1 keys 5',
        `POINT ${name} sleep 50ms`,
        'WAIT 2s',
        'EXPECT p50(set) >= 50ms',
      ]);

      expect(slow.report, name).toMatchObject({ passed: true, lost: 0, wrong: 0 });
    }
  });

  test('where a call fails is as if the disk had failed it', () => {
    const { report } = run([
      LOAD,
      'at 300ms POINT before-wal-sync s2 error EIO TIMES 1 AS it',
      'on healed it EXPECT state s2 = up within 2s',
      'at 2s EXPECT state s2 = up',
      'at end EXPECT linearizable',
    ]);

    expect(report).toMatchObject({ passed: true, lost: 0, notes: [] });
  });

  test('is passed as often as NTH says before anything happens', () => {
    const { report } = run([
      'LOAD w clients 1 rate 100 mix set:1 keys 5',
      'POINT before-wal-sync s1 panic NTH 50 AS it',
      'on healed it NOTE over',
      'WAIT 1s',
    ]);

    expect(report.notes).toEqual(['over']);
    expect(report.faults[0]?.untilMs).toBeGreaterThan(300);
  });
});
