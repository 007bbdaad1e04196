/** Schedules around an operator's FORCE that broke a promise once, as scripts. */
import { describe, expect, test } from 'vitest';
import type { ServerIndex } from '../../src/model/ids.ts';
import { driven, keyOf, SLOW_MS } from './driven.ts';

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
