/** Schedules around bulks over several groups that broke a promise once, as scripts. */
import { describe, expect, test } from 'vitest';
import type { ServerIndex } from '../../src/model/ids.ts';
import type { EventQueue } from '../../src/sim/event-queue.ts';
import { BROKER, driven, keyOf, SLOW_MS } from './driven.ts';

const placement = { servers: 4, replicas: 2 };
const [a, x, t] = [keyOf(placement, 0b0011), keyOf(placement, 0b0011, 1), keyOf(placement, 0b1100)];

describe('an acknowledged delete beside a bulk that one of its groups agreed on long ago', () => {
  test('stays when the bulk is queued again for an owner that comes back, and another owner dies then', () => {
    for (let step = 0; step < 24; step++) {
      const { cluster, queue, put, write, del, seen, until, untilServing, powerLoss, settle, divergence } = driven(
        placement,
        step,
      );
      put(x, '1');
      put(t, '1');
      until('ping', BROKER, 3);
      expect(ended(queue, write({ [a]: '2', [t]: '2' }))?.kind).toBe('written');
      del(x);
      // Both owners of the other group go before they are told that it is agreed.
      const releaseOther = cluster.server(3).hold('stopped');
      queue.run(40);
      const release = cluster.server(2).hold('stopped');
      queue.run(400);
      powerLoss();
      untilServing();

      release();
      until('tailEnd', 2, BROKER);
      queue.run(step * 0.25);
      cluster.server(1).kill('killed');
      queue.run(3_000);
      releaseOther();
      settle();

      expect([seen(x), seen(a), seen(t), divergence()], `step ${step}`).toEqual([[null], ['2'], ['2'], []]);
    }
  });

  test('stays when an owner dies while it recovers, and only the other one has taken a checkpoint since', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const { cluster, queue, put, write, del, seen, hang, until, checkpoint, powerLoss, settle, divergence } = driven(
        placement,
        seed,
      );
      put(x, '1');
      put(t, '1');
      until('ping', BROKER, 3);
      queue.run(5);
      expect(ended(queue, write({ [a]: '2', [t]: '2' }))?.kind).toBe('written');
      del(x);
      hang(2, 3);
      queue.run(250);
      checkpoint(0);

      const release = cluster.server(3).hold('its disk is not there');
      powerLoss();
      until('welcome', BROKER, 1);
      cluster.server(1).kill('killed');
      queue.run(2_500);
      release();
      settle();

      expect([seen(x), seen(a), divergence()], `seed ${seed}`).toEqual([[null], ['2'], []]);
    }
  });
});

describe('a bulk that is taken back', () => {
  test('was not shown as there by a delete of one of its keys', () => {
    const { cluster, queue, put, write, seen, hang, askForDelete, powerLoss, untilServing, settle } = driven(placement);
    put(t, '1');
    queue.run(150);
    hang(2, 3);
    write({ [a]: '2', [t]: '2' });
    queue.run(20);
    const deleted = askForDelete(a);
    queue.run(50);
    const early = deleted.answer();

    const releases = [0, 1].map((server) => cluster.server(server).hold('its disk is not there'));
    powerLoss();
    untilServing();
    for (const release of releases) release();
    settle();

    expect(seen(t)).toEqual(['1']);
    expect(early).toBe(null);
  });

  test('was shown as there by a delete only for as long as nobody knew, when a whole group of it was gone', () => {
    const { cluster, queue, put, write, seen, hang, askForDelete, settle } = driven(placement);
    put(t, '1');
    queue.run(150);
    hang(2, 3);
    write({ [a]: '2', [t]: '2' });
    queue.run(20);
    const releases = [2, 3].map((server) => cluster.server(server).hold('stopped', 'none'));
    queue.run(50);

    const answer = ended(queue, askForDelete(a));
    for (const release of releases) release();
    settle();

    expect(answer).toMatchObject({ kind: 'deleted', existed: true, notes: { uncertain: true } });
    expect(seen(a)).toEqual([null]);
  });

  test('goes from every group though the host dies again in the middle of a start', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { cluster, queue, put, write, seen, hang, untilKept, powerLoss, settle } = driven(placement, seed);
      put(a, '1');
      put(t, '1');
      queue.run(150);
      hang(0, 1);
      write({ [a]: '2', [t]: '2' });
      queue.run(10);
      const releases = [cluster.server(3).hold('stopped')];
      untilKept();

      releases.push(cluster.server(2).hold('its disk is not there'));
      powerLoss();
      untilKept();
      powerLoss();
      for (const release of releases) release();
      queue.run(1_000);
      settle();

      const values = [seen(a), seen(t)];
      expect(values[0], `seed ${seed}`).toEqual(values[1]);
    }
  });
});

describe('a bulk that one group had in both lives of an absence', () => {
  test('is whole when the absent owner of the other group is back', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { cluster, queue, put, write, seen, hang, until, untilKept, powerLoss, processDeath, settle } = driven(
        placement,
        seed,
      );
      put(a, '1');
      put(t, '1');
      queue.run(350);
      const releaseOther = cluster.server(3).hold('stopped');
      queue.run(350);
      // One owner has it in its page cache, the only one of the other group that is left on its disk.
      cluster.server(0).syncDelayMs = 300;
      hang(1);
      write({ [a]: '2', [t]: '2' });
      queue.run(20);
      let release = cluster.server(2).hold('its disk is not there');
      processDeath();
      untilKept();

      powerLoss();
      cluster.server(0).syncDelayMs = 0;
      release();
      until('welcome', BROKER, 2);
      release = cluster.server(2).hold('stopped');
      queue.run(1_000);
      release();
      queue.run(1_500);
      releaseOther();
      settle();

      const values = [seen(a), seen(t)];
      expect(values[0], `seed ${seed}`).toEqual(values[1]);
    }
  });
});

describe('a bulk that does not count, since its owner was put out before it was agreed', () => {
  test('goes though that owner was heard by one life of the broker and absent in the next', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { cluster, queue, put, write, seen, hang, until, untilKept, powerLoss, untilServing, settle, divergence } =
        driven(placement, seed);
      put(a, '1');
      put(t, '1');
      queue.run(350);
      const releases = [cluster.server(3).hold('its disk is not there')];
      queue.run(500);
      // One owner alone makes it durable, and is put out by an epoch that the host keeps and no server.
      cluster.server(0).syncDelayMs = 300;
      hang(2);
      const bulk = write({ [a]: '2', [t]: '2' });
      queue.run(15);
      let release = cluster.server(1).hold('stopped');
      untilKept();
      releases.push(cluster.server(2).hold('its disk is not there'));
      powerLoss();
      cluster.server(0).syncDelayMs = 0;

      release();
      cluster.server(1).syncDelayMs = SLOW_MS;
      until('welcome', BROKER, 1);
      queue.run(3);
      release = cluster.server(1).hold('stopped', 'none');
      untilServing();
      put(x, '1');
      queue.run(500);
      powerLoss();
      cluster.server(1).syncDelayMs = 0;
      untilServing();
      release();
      queue.run(1_000);
      for (const each of releases) each();
      settle();

      expect(bulk.answer()?.kind, `seed ${seed}`).toBe('failed');
      expect([seen(a), seen(t), seen(x), divergence()], `seed ${seed}`).toEqual([['1'], ['1'], ['1'], []]);
    }
  });
});

describe('a bulk that waits for a group of which nobody in sync is left', () => {
  const three = { servers: 3, replicas: 2 };
  const [k, l] = [keyOf(three, 0b011), keyOf(three, 0b110)];

  test('is whole when an operator forces an owner that never got it', () => {
    const { cluster, queue, put, write, seen, clog, settle, divergence } = driven(three);
    put(k, 'old');
    put(l, 'old');
    queue.run(500);
    const release = cluster.server(0).hold('stopped');
    queue.run(1_000);
    const heal = clog(1 as ServerIndex, 0 as ServerIndex);
    put(k, 'old');
    release();
    queue.run(800);
    // What it was sent while it was catching up it loses; the other one never makes it durable.
    cluster.server(1).syncDelayMs = SLOW_MS;
    const releaseBehind = cluster.server(0).hold('stopped');
    queue.run(20);
    write({ [k]: 'new', [l]: 'new' });
    queue.run(100);
    cluster.server(1).syncDelayMs = 0;
    const releaseTruth = cluster.server(1).hold('power loss', 'none');
    releaseBehind();
    queue.run(1_500);

    expect(cluster.broker?.force([0 as ServerIndex]).ok).toBe(true);
    queue.run(1_000);
    const forced = [seen(k), seen(l)];
    heal();
    releaseTruth();
    settle();

    expect(forced[0]).toEqual(forced[1]);
    expect(seen(k)).toEqual(seen(l));
    expect(divergence()).toEqual([]);
  });
});

/** Waits for an answer. */
function ended<Answer>(queue: EventQueue, asked: { answer(): Answer | null }): Answer | null {
  queue.runUntil(() => asked.answer() !== null, 1_000);
  return asked.answer();
}
