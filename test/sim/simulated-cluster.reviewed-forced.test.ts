/** Schedules around an operator's FORCE that broke a promise once, as scripts. */
import { describe, expect, test } from 'vitest';
import type { ServerIndex } from '../../src/model/ids.ts';
import { BROKER, driven, keyOf, SLOW_MS } from './driven.ts';

describe('a bulk that a forced owner never got', () => {
  const placement = { servers: 4, replicas: 2 };
  const [a, t] = [keyOf(placement, 0b0011), keyOf(placement, 0b1100)];

  /** One group has the bulk; the only owner in sync of the other one lost it, and the owner that was out is back. */
  function halfBulk(seed: number) {
    const base = driven(placement, seed);
    const { cluster, queue, put, write, hang } = base;
    put(a, '1');
    put(t, '1');
    queue.run(500);
    const releaseBehind = cluster.server(3).hold('stopped');
    queue.run(500);
    hang(2);
    write({ [a]: '2', [t]: '2' });
    queue.run(20);
    const releaseTruth = cluster.server(2).hold('stopped', 'none');
    releaseBehind();
    queue.run(1_500);
    // From now on its disk makes nothing durable.
    cluster.server(3).syncDelayMs = SLOW_MS;
    return { ...base, releaseTruth };
  }

  test('is whole though that owner dies before the bulk is on its disk', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { cluster, queue, seen, releaseTruth, settle, divergence } = halfBulk(seed);
      expect(cluster.broker?.force([3 as ServerIndex]).ok).toBe(true);
      queue.run(20);
      cluster.server(3).syncDelayMs = 0;
      cluster.server(3).kill('power loss', 'none');
      queue.run(3_000);
      releaseTruth();
      settle();

      expect([seen(a), seen(t), divergence()], `seed ${seed}`).toEqual([['2'], ['2'], []]);
    }
  });

  test('is whole though the host loses its power before the bulk is on a disk of that owner', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { cluster, queue, seen, powerLoss, releaseTruth, settle, divergence } = halfBulk(seed);
      expect(cluster.broker?.force([3 as ServerIndex]).ok).toBe(true);
      queue.run(20);
      cluster.server(3).syncDelayMs = 0;
      powerLoss();
      queue.run(3_000);
      releaseTruth();
      settle();

      expect([seen(a), seen(t), divergence()], `seed ${seed}`).toEqual([['2'], ['2'], []]);
    }
  });

  test('is whole at that owner, for good, when it lives', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { cluster, queue, seen, powerLoss, untilServing, releaseTruth, settle, divergence } = halfBulk(seed);
      cluster.server(3).syncDelayMs = 0;
      expect(cluster.broker?.force([3 as ServerIndex]).ok).toBe(true);
      queue.run(500);
      const forced = [seen(a), seen(t)];
      powerLoss();
      untilServing();
      const later = [seen(a), seen(t)];
      releaseTruth();
      settle();

      expect([forced, later, divergence()], `seed ${seed}`).toEqual([[['2'], ['2']], [['2'], ['2']], []]);
    }
  });
});

describe('a bulk that a forced owner had agreed to before it was put out', () => {
  const placement = { servers: 4, replicas: 2 };
  const [a, t] = [keyOf(placement, 0b0011), keyOf(placement, 0b1100)];

  test('is whole though the last one in sync with the other group lost it', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { cluster, queue, put, write, seen, hang, untilKept, untilServing, powerLoss, settle, divergence } = driven(
        placement,
        seed,
      );
      put(a, '1');
      put(t, '1');
      queue.run(500);
      const releases = [cluster.server(3).hold('stopped')];
      queue.run(500);
      // Of the one group both owners have it, of the other one nobody.
      hang(2);
      write({ [a]: '2', [t]: '2' });
      queue.run(20);
      const releaseForced = cluster.server(1).hold('stopped');
      untilKept();
      releases.push(cluster.server(0).hold('its disk is not there'));
      powerLoss();
      releaseForced();
      untilServing();

      expect(cluster.broker?.force([1 as ServerIndex]).ok).toBe(true);
      queue.run(500);
      const forced = [seen(a), seen(t)];
      for (const release of releases) release();
      settle();

      expect([forced, seen(a), seen(t), divergence()], `seed ${seed}`).toEqual([[['2'], ['2']], ['2'], ['2'], []]);
    }
  });
});

describe('a deleted key of a bulk that another group of a forced owner lacks', () => {
  const three = { servers: 3, replicas: 2 };
  const [x, y] = [keyOf(three, 0b101), keyOf(three, 0b110)];

  test('does not come back at that owner, nor when it starts again', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const {
        cluster,
        queue,
        put,
        del,
        write,
        seen,
        hang,
        until,
        untilServing,
        checkpoint,
        powerLoss,
        settle,
        divergence,
      } = driven(three, seed);
      put(x, '1');
      put(y, '1');
      until('ping', BROKER, 2);
      queue.run(5);
      const bulk = write({ [x]: '2', [y]: '2' });
      queue.runUntil(() => bulk.answer() !== null, 1_000);
      del(x);
      // One owner does not hear that it is agreed; of the other ones the delete leaves no trace.
      hang(1);
      until('ping', BROKER, 2);
      queue.run(10);
      checkpoint(0);
      checkpoint(2);
      const release = cluster.server(2).hold('its disk is not there');
      powerLoss();
      until('tailEnd', 1, BROKER);
      queue.run(3);
      const releaseOther = cluster.server(1).hold('stopped');
      untilServing();
      release();
      queue.run(2_000);

      expect(cluster.broker?.force([2 as ServerIndex]).ok).toBe(true);
      queue.run(3_000);
      const forced = seen(x);
      cluster.server(2).kill('killed');
      queue.run(2_000);
      releaseOther();
      settle();

      expect([bulk.answer()?.kind, forced, seen(x), divergence()], `seed ${seed}`).toEqual([
        'written',
        [null],
        [null],
        [],
      ]);
    }
  });
});
