/**
 * Schedules that broke a promise once, as scripts: who does what when is written down, and the few milliseconds that
 * nobody can write down are gone through one after the other.
 */
import { describe, expect, test } from 'vitest';
import { utf8 } from '../../src/lib/bytes.ts';
import type { Reply } from '../../src/model/commands.ts';
import type { ServerIndex, ServerMask } from '../../src/model/ids.ts';
import { ownersOf, type Placement } from '../../src/routing/placement.ts';
import { heldBy, world as simulated } from './world.ts';

/** A disk on which nothing becomes durable. */
const STALLED_MS = Number.POSITIVE_INFINITY;

describe('a bulk of which an absent server has a part that nobody else has', () => {
  const placement = { servers: 3, replicas: 1 };
  const [a, b] = [keyOf(placement, 0b001), keyOf(placement, 0b010)];

  test.each([1, 2])('stays when it was acknowledged, %i lives of the broker later', (lives) => {
    for (let seed = 1; seed <= 10; seed++) {
      const { bulk, get, darkWithout, settle } = world(placement, seed);
      expect(bulk({ [a]: '1', [b]: '1' }).answer()?.kind).toBe('written');

      const release = darkWithout([0], lives);
      release();
      settle();

      expect([get(a), get(b)], `seed ${seed}`).toEqual(['1', '1']);
    }
  });

  test.each([1, 2])('becomes whole or goes when it was not, %i lives of the broker later', (lives) => {
    for (let seed = 1; seed <= 20; seed++) {
      const { cluster, queue, bulk, get, put, darkWithout, settle } = world(placement, seed);
      put(b, '0');
      cluster.server(1).syncDelayMs = STALLED_MS;
      const asked = bulk({ [a]: '1', [b]: '1' }, 50);
      expect(asked.answer()).toBe(null);

      const release = darkWithout([0], lives, () => {
        cluster.server(1).syncDelayMs = 0;
      });
      const before = get(b);
      release();
      settle();
      queue.run(500);

      expect(before).toBe('0');
      expect([get(a), get(b)], `seed ${seed}`).toEqual([null, '0']);
    }
  });

  test('is decided about also when that server is heard after the others were asked and before they serve', () => {
    let met = 0;
    for (let step = 0; step < 120; step++) {
      const { cluster, queue, bulk, get, put, settle } = world(placement, step);
      put(b, '0');
      cluster.server(1).syncDelayMs = STALLED_MS;
      bulk({ [a]: '1', [b]: '1' }, 50);

      const release = cluster.server(0).hold('its disk is not there');
      cluster.blackout({ survivors: 'none', offMs: 10, losesEpochFile: false });
      cluster.server(1).syncDelayMs = 0;
      queue.run(10 + (step % 40) * 0.25);
      release();
      settle();

      const seen = [get(a), get(b)];
      if (seen[0] === '1') met++;
      expect([seen, step]).toEqual([seen[0] === '1' ? ['1', '1'] : [null, '0'], step]);
    }
    expect(met).toBeGreaterThan(0);
  });
});

describe('a bulk that goes though one of its groups had agreed on it', () => {
  const placement = { servers: 3, replicas: 2 };
  const [f, g] = [keyOf(placement, 0b110), keyOf(placement, 0b101)];

  test('goes from every server that has it', () => {
    let met = 0;
    for (let seed = 1; seed <= 10; seed++) {
      const { cluster, queue, bulk, settle } = world({ ...placement, deleteMode: 'available' }, seed);
      cluster.server(0).syncDelayMs = STALLED_MS;
      expect(bulk({ [f]: '1', [g]: '1' }, 50).answer()).toBe(null);
      // It is put out of the group of f when that had agreed, and out of the other one, which had not.
      const releases = [cluster.server(2).hold('stopped')];
      queue.run(100);
      releases.push(cluster.server(1).hold('its disk is not there'));
      cluster.blackout({ survivors: 'none', offMs: 10, losesEpochFile: false });
      cluster.server(0).syncDelayMs = 0;
      queue.run(1_000);
      // Where the epoch came too late its group waits for the others.
      if (bulk({ [g]: '2' }).answer()?.kind !== 'written') continue;
      met++;

      for (const release of releases) {
        release();
        queue.run(1_000);
      }
      settle();
      queue.run(1_000);

      const owners = [1, 2].map((server) => heldBy(cluster, server).includes(f));
      expect(owners, `seed ${seed}`).toEqual([false, false]);
    }
    expect(met).toBeGreaterThan(2);
  });
});

describe('an acknowledged bulk', () => {
  const placement = { servers: 4, replicas: 2 };
  const [x, z] = [keyOf(placement, 0b0011), keyOf(placement, 0b1001)];

  test('is not lost because an owner that has it by a catch-up alone says that it has nothing so new', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { cluster, queue, bulk, get, hold, darkWithout, settle } = world(
        { ...placement, deleteMode: 'available' },
        seed,
      );
      const releaseLate = hold(3);
      const releaseOther = hold(1);
      expect(bulk({ [x]: '1', [z]: '1' }).answer()?.kind).toBe('written');
      releaseOther();
      queue.runUntil(() => cluster.broker?.view(1 as ServerIndex).state === 'up', 10_000);
      queue.run(500);

      const release = darkWithout([0], 1);
      release();
      queue.run(1_000);
      releaseLate();
      settle();

      expect([get(x), get(z)], `seed ${seed}`).toEqual(['1', '1']);
    }
  });
});

describe('a part of a bulk', () => {
  const placement = { servers: 3, replicas: 1 };
  const [a, b] = [keyOf(placement, 0b001), keyOf(placement, 0b010)];

  test('is not shown before the bulk is whole', () => {
    const { cluster, queue, bulk, ask } = world(placement, 1);
    cluster.server(1).syncDelayMs = STALLED_MS;
    const asked = bulk({ [a]: '1', [b]: '1' }, 50);
    let seen: Reply | null = null;

    cluster.submit({ kind: 'get', key: utf8(a) }, (reply) => {
      seen = reply;
    });
    queue.run(200);
    const early = [seen, asked.answer()];
    cluster.server(1).syncDelayMs = 0;
    cluster.server(1).life?.thread.run(() => cluster.server(1).disk.release());
    queue.run(50);

    expect(early).toEqual([null, null]);
    expect(asked.answer()?.kind).toBe('written');
    expect(seen).toMatchObject({ kind: 'found', found: {} });
    expect(ask({ kind: 'get', key: utf8(b) })).toMatchObject({ kind: 'found', found: {} });
  });

  test('is not shown for sure while the other owner has it in its page cache alone, when the process starts again', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const releases: (() => void)[] = [];
      const { cluster, queue, bulk, get, ask, settle } = world(placement, seed, (line) => {
        // Its hello has said that it has it, and no recovery has made that durable.
        if (line.endsWith(' epoch 3 is kept')) {
          queue.after(0, () => releases.push(cluster.server(0).hold('its disk is not there')));
        }
      });
      cluster.server(0).syncDelayMs = 10_000;
      expect(bulk({ [a]: '1', [b]: '1' }, 50).answer()).toBe(null);
      cluster.blackout({ survivors: null, offMs: 10, losesEpochFile: false });
      queue.run(1_000);

      const shown = ask({ kind: 'get', key: utf8(b) });
      releases.push(cluster.server(1).hold('its disk is not there'));
      cluster.blackout({ survivors: 'none', offMs: 10, losesEpochFile: false });
      cluster.server(0).syncDelayMs = 0;
      for (const release of releases) {
        release();
        queue.run(1_000);
      }
      settle();

      const [ofA, ofB] = [get(a), get(b)];
      expect(ofB, `seed ${seed}`).toBe(ofA);
      expect(shown, `seed ${seed}`).toMatchObject({ kind: 'found', found: {}, notes: { uncertain: true } });
    }
  });
});

describe('a write in flight that one of two absent owners has', () => {
  const placement = { servers: 3, replicas: 2 };

  test('is at both of them when one shows it', () => {
    const key = keyOf(placement, 0b011);
    for (let seed = 1; seed <= 20; seed++) {
      const { cluster, bulk, get, darkWithout, settle } = world(placement, seed);
      cluster.server(1).syncDelayMs = STALLED_MS;
      expect(bulk({ [key]: '1' }, 50).answer()).toBe(null);

      const release = darkWithout([0, 1], 1, () => {
        cluster.server(1).syncDelayMs = 0;
      });
      release();
      settle();

      const held = [0, 1].map((server) => heldBy(cluster, server).includes(key));
      expect([held[0] === held[1], get(key)], `seed ${seed}`).toEqual([true, held[0] === true ? '1' : null]);
    }
  });
});

describe('a write that is acknowledged while a server catches up', () => {
  const placement = { servers: 2, replicas: 2 };

  test('is on that server before it counts as in sync', () => {
    for (let step = 0; step < 60; step++) {
      let onCopied: () => void = () => {};
      const made = world(placement, step, (line) => {
        if (line.endsWith(' s2 > broker joined 5')) onCopied();
      });
      const { cluster, queue, put, get, hold, settle } = made;
      const release = hold(1);
      for (let i = 0; i < 5; i++) put(`k${i}`, 'old');
      const acknowledged = new Map<string, string>();
      let writes = 0;
      const write = (): void => {
        const [key, value] = [`k${writes % 5}`, `new${writes++}`];
        const items = [{ key: utf8(key), value: utf8(value) }];
        cluster.submit({ kind: 'write', items, onExisting: 'overwrite' }, (reply) => {
          if (reply.kind === 'written') acknowledged.set(key, value);
        });
        if (writes < 200) queue.after(0.5, write);
      };
      let isDark = false;
      onCopied = () => {
        // It takes its time from now on, and then it is alone and has what it had synced.
        cluster.server(1).syncDelayMs = 40;
        queue.after(5 + (step % 20) * 4, () => {
          isDark = true;
          cluster.server(0).hold('gone');
          cluster.server(1).kill('power', 'none');
        });
      };
      release();
      write();
      queue.runUntil(() => isDark, 5_000);
      const known = new Map(acknowledged);
      cluster.server(1).syncDelayMs = 0;
      queue.run(3_000);

      for (const [key, value] of known) {
        const reply = made.ask({ kind: 'get', key: utf8(key) });
        if (reply.kind !== 'found' || reply.notes.uncertain) continue;
        const seen = get(key);
        const isAsNew = seen !== null && Number(seen.replace('new', '')) >= Number(value.replace('new', ''));
        expect(isAsNew, `step ${step}: ${key} is ${seen}, ${value} was acknowledged`).toBe(true);
      }
      void settle;
    }
  });
});

/** A key with these owners. */
function keyOf(placement: Placement, owners: number): string {
  for (let i = 0; ; i++) if (ownersOf(placement, utf8(`k${i}`)) === (owners as ServerMask)) return `k${i}`;
}

function world(shape: Parameters<typeof simulated>[0], seed: number, onEvent: ((line: string) => void) | null = null) {
  const base = simulated(shape, seed, onEvent);
  const { cluster, queue } = base;
  /** Asks for a bulk and waits so long for its answer. */
  const bulk = (values: Readonly<Record<string, string>>, waitMs = 1_000): { answer(): Reply | null } => {
    let answer: Reply | null = null;
    const items = Object.entries(values).map(([key, value]) => ({ key: utf8(key), value: utf8(value) }));
    cluster.submit({ kind: 'write', items, onExisting: 'overwrite' }, (reply) => {
      answer = reply;
    });
    queue.runUntil(() => answer !== null, waitMs);
    return { answer: () => answer };
  };
  /** The machine goes dark so often, and comes back without these servers until what it answers is called. */
  const darkWithout = (absent: readonly number[], lives: number, onDark: () => void = () => {}): (() => void) => {
    const releases = absent.map((server) => cluster.server(server).hold('its disk is not there'));
    for (let life = 0; life < lives; life++) {
      cluster.blackout({ survivors: 'none', offMs: 10, losesEpochFile: false });
      onDark();
      queue.run(1_000);
    }
    return () => {
      for (const release of releases) release();
    };
  };
  return { ...base, bulk, darkWithout };
}
