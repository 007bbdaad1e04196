import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FaultAction } from '../../src/faults/action.ts';
import { ActiveFaults, type ActiveFaultsHost } from '../../src/faults/active-faults.ts';
import { POINTS } from '../../src/faults/point-names.ts';
import { Prng } from '../../src/lib/prng.ts';
import { DelayQueue } from '../../src/routing/delay-queue.ts';

/** A host that writes down what it is asked, in virtual time. */
class Stage implements ActiveFaultsHost {
  readonly mode = 'leader';
  readonly acting = new Set<FaultAction>();
  readonly log: string[] = [];
  readonly queue = new DelayQueue<() => void>();
  nowMs = 0;
  lacking: string | null = null;
  readonly actions = {
    begin: (action: FaultAction) => {
      this.acting.add(action);
      return () => void this.acting.delete(action);
    },
    restart: (servers: readonly number[]) => void this.log.push(`restart ${servers.join()}`),
    passed: (server: number) => Int32Array.from(POINTS, (name) => (name === 'after-wal-sync' ? server : 0)),
  };

  now(): number {
    return this.nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    let isOff = false;
    this.queue.add(this.nowMs + delayMs, () => {
      if (!isOff) run();
    });
    return () => {
      isOff = true;
    };
  }

  view() {
    return { servers: 5, leader: 2 as never };
  }

  lacks(): string | null {
    return this.lacking;
  }

  startAll(): void {
    this.log.push('start all');
  }

  onNotice({ kind, fault }: Parameters<ActiveFaultsHost['onNotice']>[0]): void {
    this.log.push(`${kind} ${fault.id}`);
  }

  run(untilMs: number): void {
    for (;;) {
      const dueMs = this.queue.nextDueMs();
      if (dueMs > untilMs) break;
      this.nowMs = dueMs;
      this.queue.take(dueMs)?.();
    }
    this.nowMs = untilMs;
  }
}

function open(seed = 1): { stage: Stage; faults: ActiveFaults; say: (line: string) => string } {
  const stage = new Stage();
  const faults = new ActiveFaults(stage, new Prng(seed));
  const say = (line: string): string => {
    const said = faults.say(line);
    return said.ok ? said.value.text : `${said.error.code} ${said.error.message}`;
  };
  return { stage, faults, say };
}

describe('the faults that act now', () => {
  test('are begun and healed by what they are called', () => {
    const { stage, say } = open();

    const answers = ['crash s2', 'hang s1 AS old', 'heal old', 'heal f1', 'heal f1'].map(say);

    expect(answers).toEqual(['f1 CRASH s2', 'old HANG s1 AS old', 'healed 1', 'healed 1', 'healed 0']);
    expect(stage.acting.size).toBe(0);
  });

  test('heal by themselves after FOR', () => {
    const { stage, faults, say } = open();
    say('disk-full s2 FOR 2s');

    stage.run(1_999);
    const before = faults.list().length;
    stage.run(2_000);

    expect([before, faults.list().length]).toEqual([1, 0]);
    expect(stage.log).toEqual(['begun f1', 'healed f1']);
  });

  test('are replaced by a second identical one, whose time counts', () => {
    const { stage, faults, say } = open();
    say('delay s2 5ms FOR 1s');
    stage.run(900);

    say('delay s2 5ms FOR 1s SEED 9');
    stage.run(1_500);

    expect(faults.list().map(({ id, until }) => [id, until])).toEqual([['f2', 1_900]]);
    expect(stage.acting.size).toBe(1);
  });

  test('heal by kind, by server and all together', () => {
    const { stage, faults, say } = open();
    for (const line of ['crash s1', 'drop s2 5%', 'hang s2', 'cut s4 -> s5', 'disk full s3']) say(line);

    expect(say('heal disk full')).toBe('healed 1');
    expect(say('heal s2')).toBe('healed 2');
    expect(say('heal')).toBe('healed 2');
    expect(faults.list()).toEqual([]);
    expect(stage.log.at(-1)).toBe('start all');
  });

  test('say whom a selector picked, and a name means them from then on', () => {
    const { say } = open();

    const answer = say('hang leader AS old');

    expect(answer).toBe('old HANG s3 AS old');
    expect(say('crash old')).toBe('f1 CRASH s3');
  });

  test('print every number that was drawn, and repeat with SEED', () => {
    const first = open(1).say('partition minority | majority');

    const seed = /SEED (\d+)$/.exec(first)?.[1];
    const again = open(2).say(`partition minority | majority SEED ${seed}`);

    expect(first).toMatch(/^f1 PARTITION s\d s\d \| s\d s\d s\d SEED \d+$/);
    expect(again).toBe(first);
  });

  test('cut both ways between groups and leave who is in none alone', () => {
    const { stage, say } = open();

    say('cut s1 | s2 broker');

    const [action] = stage.acting;
    expect(action).toEqual({
      kind: 'link',
      rule: { kind: 'cut' },
      links: [
        { from: 0, to: 1 },
        { from: 0, to: 'broker' },
        { from: 1, to: 0 },
        { from: 'broker', to: 0 },
      ],
    });
  });

  test('of a restarted server are over, those of links and disks stay', () => {
    const { stage, faults, say } = open();
    for (const line of ['crash s1', 'hang s2', 'disk full s1', 'cut s1']) say(line);

    const answer = say('restart s1');

    expect(answer).toBe('restarted s1');
    expect(faults.list().map(({ kind }) => kind)).toEqual(['hang', 'disk-full', 'cut']);
    expect(stage.log).toContain('restart 0');
  });

  test('are listed as one line of JSON', () => {
    const { say } = open();
    say('crash s2 FOR 3s');

    expect(JSON.parse(say('list'))).toEqual([
      { id: 'f1', kind: 'crash', statement: 'CRASH s2 FOR 3s', servers: ['s2'], since: 0, until: 3_000 },
    ]);
  });

  test('say which named points each server passed', () => {
    const { say } = open();

    expect(JSON.parse(say('points'))).toEqual({
      s1: {},
      s2: { 'after-wal-sync': 1 },
      s3: { 'after-wal-sync': 2 },
      s4: { 'after-wal-sync': 3 },
      s5: { 'after-wal-sync': 4 },
    });
  });

  test('swizzle clogs one server after the other and ends by itself', () => {
    const { stage, faults, say } = open(4);
    say('swizzle');

    const acting: number[] = [];
    for (let ms = 250; ms <= 10_000; ms += 250) {
      stage.run(ms);
      acting.push(stage.acting.size);
    }

    expect(Math.max(...acting)).toBeGreaterThan(0);
    expect(acting.at(-1)).toBe(0);
    expect(faults.list()).toEqual([]);
  });

  test.each([
    ['partition s1 | s1 s2', 'BADFAULT s1 is in two groups'],
    ['partition majority | majority', 'BADFAULT 3 servers are wanted where 2 are left'],
    ['flip-bit s1 index 3', 'BADFAULT there is no index file: indexes are made anew when a server starts'],
    ['cut s1 -> s1', 'BADFAULT s1 is in two groups'],
  ])('%s: %s', (line, answer) => {
    const { stage, say } = open();

    expect(say(line)).toBe(answer);
    expect(stage.acting.size).toBe(0);
  });

  test('are refused where the host has no such thing', () => {
    const { stage, say } = open();
    stage.lacking = 's1 is a process of its own';

    expect(say('crash s1')).toBe('BADFAULT s1 is a process of its own');
  });

  test('leave nothing behind once all is healed, whatever was said', () => {
    const line = fc.constantFrom(
      'crash one',
      'crash s1 AS a',
      'hang random 2 FOR 1s',
      'swizzle',
      'ring FOR 2s',
      'drop 5%',
      'restart all',
      'heal s1',
      'heal a',
      'resume all',
      'power',
      'flip-bit s2',
      'wipe s3 FOR 500ms',
      'isolate minority AS a',
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(line, fc.nat(3_000))), fc.integer(), (lines, seed) => {
        const { stage, faults, say } = open(seed);
        for (const [text, ms] of lines) {
          say(text);
          stage.run(stage.nowMs + ms);
        }

        say('heal');
        stage.run(stage.nowMs + 20_000);

        expect([stage.acting.size, faults.list()]).toEqual([0, []]);
      }),
    );
  });
});
