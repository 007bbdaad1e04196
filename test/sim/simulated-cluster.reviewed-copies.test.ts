/** Schedules around what a server has by a catch-up or by its recovery that broke a promise once, as scripts. */
import { describe, expect, test } from 'vitest';
import type { ServerIndex } from '../../src/model/ids.ts';
import { BROKER, driven, SLOW_MS } from './driven.ts';

const two = { servers: 2, replicas: 2 };
const three = { servers: 3, replicas: 3 };

describe('a write that was given up', () => {
  test('is not at a server that had it with the pages of a catch-up, when the other owners died', () => {
    for (let seed = 1; seed <= 4; seed++) {
      const { cluster, queue, put, write, seen, hold, clog, until, settle, divergence } = driven(three, seed);
      put('k', 'old');
      queue.run(500);
      const release = hold(2);
      put('a', '1');
      queue.run(500);
      release();
      until('hello', 2, BROKER);
      const unclog = clog('broker', 1 as ServerIndex);
      write({ k: 'new' });
      until('itemsEnd', 0, 2);
      queue.run(5);

      const releaseFirst = cluster.server(0).hold('stopped');
      queue.run(30);
      unclog();
      cluster.server(1).kill('killed');
      queue.run(2_000);
      const early = seen('k');
      releaseFirst();
      settle();

      expect([early.length, seen('k'), divergence()], `seed ${seed}`).toEqual([1, early, []]);
    }
  });

  test('is not at a server that had it with the pages of a catch-up, when one owner died and one hung', () => {
    for (let seed = 1; seed <= 4; seed++) {
      const { cluster, queue, put, write, seen, hold, hang, until, settle, divergence } = driven(three, seed);
      put('k', 'old');
      queue.run(350);
      const release = hold(2);
      put('a', '1');
      queue.run(200);
      release();
      until('welcome', BROKER, 2);
      hang(1);
      write({ k: 'new' });
      until('joined', 2, BROKER);
      queue.run(5);

      const releaseFirst = cluster.server(0).hold('stopped');
      queue.run(2_500);
      const early = seen('k');
      releaseFirst();
      settle();

      expect([early.length, seen('k'), divergence()], `seed ${seed}`).toEqual([1, early, []]);
    }
  });
});

describe('a server whose recovery the broker counted on', () => {
  test('is cut where its own disk ends when it is lost while the cluster starts', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { cluster, queue, put, write, seen, hang, until, processDeath, settle, divergence } = driven(two, seed);
      put('k', 'old');
      queue.run(1_000);
      cluster.server(1).syncDelayMs = SLOW_MS;
      write({ k: 'new' });
      queue.run(100);

      processDeath();
      cluster.server(1).syncDelayMs = 0;
      until('tailEnd', 1, BROKER);
      hang(1);
      queue.run(300);
      const release = cluster.server(0).hold('stopped');
      queue.run(50);
      cluster.server(1).kill('power loss', 'none');
      queue.run(500);
      release();
      settle();

      expect([seen('k').length, divergence()], `seed ${seed}`).toEqual([1, []]);
    }
  });

  test('keeps no other copies when an operator forces another one while it replays', () => {
    const { cluster, queue, put, seen, hold, settle, divergence } = driven(three);
    put('a', '1');
    queue.run(500);
    const releases = [hold(0)];
    put('k', '1');
    queue.run(500);
    releases.push(hold(1));
    put('m', '1');
    queue.run(500);
    releases.push(hold(2));
    releases[0]?.();
    queue.run(1_000);
    cluster.server(1).syncDelayMs = 300;
    releases[1]?.();
    queue.run(160);

    expect(cluster.broker?.force([0 as ServerIndex]).ok).toBe(true);
    cluster.server(1).syncDelayMs = 0;
    queue.run(3_000);
    releases[2]?.();
    settle();

    expect([seen('a'), seen('k'), seen('m'), divergence()]).toEqual([['1'], [null], [null], []]);
  });
});
