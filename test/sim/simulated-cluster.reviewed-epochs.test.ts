/** Schedules around epochs that are not durable yet that broke a promise once, as scripts. */
import { describe, expect, test } from 'vitest';
import type { ServerIndex } from '../../src/model/ids.ts';
import { BROKER, driven, keyOf } from './driven.ts';

const three = { servers: 3, replicas: 2 };

describe('what was acknowledged, when the one that came back first lost its disk', () => {
  const k = keyOf(three, 0b011);

  test.each(['wiped', 'damaged'])('is there when the other owner comes back: %s', (how) => {
    for (let seed = 1; seed <= 5; seed++) {
      const { cluster, queue, put, seen, until, wipe, rot, powerLoss, untilServing, settle, divergence } = driven(
        three,
        seed,
      );
      put(k, '1');
      queue.run(500);
      const releases = [0, 1].map((server) => cluster.server(server).hold('its disk is not there'));
      powerLoss();
      untilServing();
      // The epoch that puts the other owner out is long on its way.
      cluster.server(2).syncDelayMs = 300;
      releases[0]?.();
      until('tailEnd', 0, BROKER);
      queue.run(5);
      if (how === 'wiped') wipe(0 as ServerIndex);
      else rot(0 as ServerIndex);
      queue.run(100);
      cluster.server(2).syncDelayMs = 0;
      releases[1]?.();
      settle();

      expect([seen(k), divergence()], `seed ${seed}`).toEqual([['1'], []]);
    }
  });
});

describe('a bulk that others served without', () => {
  const [a, t] = [keyOf(three, 0b011), keyOf(three, 0b110)];

  test('goes from an owner that is in sync again because the other one lost its disk', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { cluster, queue, put, write, seen, hang, until, wipe, powerLoss, untilServing, settle, divergence } =
        driven(three, seed);
      put(a, '1');
      put(t, '1');
      queue.run(500);
      hang(0, 2);
      write({ [a]: '2', [t]: '2' });
      queue.run(30);
      const releases = [0, 1].map((server) => cluster.server(server).hold('its disk is not there'));
      powerLoss();
      untilServing();
      // The epoch that puts the other owner out is long on its way.
      cluster.server(2).syncDelayMs = 400;
      releases[0]?.();
      until('tailEnd', 0, BROKER);
      queue.run(5);
      releases[1]?.();
      until('hello', 1, BROKER);
      queue.run(5);
      wipe(0 as ServerIndex);
      queue.run(100);
      cluster.server(2).syncDelayMs = 0;
      settle();

      expect([seen(a), seen(t), divergence()], `seed ${seed}`).toEqual([['1'], ['1'], []]);
    }
  });
});

describe('an acknowledged delete beside a bulk that comes back while its owners are put in sync', () => {
  const seven = { servers: 7, replicas: 3 };
  const [a, x, t] = [keyOf(seven, 0b000_0111), keyOf(seven, 0b000_0111, 1), keyOf(seven, 0b011_1000)];

  test('stays when one of them dies before the epoch that puts it in sync is durable', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { cluster, queue, put, write, del, seen, until, untilServing, checkpoint, powerLoss, settle, divergence } =
        driven(seven, seed);
      put(x, '1');
      put(t, '1');
      until('ping', BROKER, 3);
      const bulk = write({ [a]: '2', [t]: '2' });
      queue.runUntil(() => bulk.answer() !== null, 1_000);
      // The owners of the other group go before they are told that it is agreed.
      const releases = [5, 4].map((server) => cluster.server(server).hold('stopped'));
      queue.run(40);
      const releaseBulk = cluster.server(3).hold('stopped');
      queue.run(400);
      powerLoss();
      untilServing();
      del(x);
      queue.run(500);
      checkpoint(2);
      queue.run(500);

      // Two of three catch up; the epoch that puts them in sync is long on its way.
      const releaseJoining = [1, 2].map((server) => cluster.server(server).hold('stopped'));
      queue.run(500);
      for (const release of releaseJoining) release();
      until('welcome', BROKER, 2);
      queue.run(5);
      cluster.server(6).syncDelayMs = 500;
      queue.run(100);
      releases.push(cluster.server(0).hold('stopped'));
      releaseBulk();
      until('tailEnd', 3, BROKER);
      queue.run(5);
      cluster.server(1).kill('killed');
      queue.run(50);
      cluster.server(6).syncDelayMs = 0;
      queue.run(2_000);
      for (const release of releases) release();
      settle();

      expect([bulk.answer()?.kind, seen(x), seen(a), seen(t), divergence()], `seed ${seed}`).toEqual([
        'written',
        [null],
        ['2'],
        ['2'],
        [],
      ]);
    }
  });
});

describe('what was acknowledged, when the host lost its epoch file', () => {
  const k = keyOf(three, 0b101);

  test('is there when only an empty server is heard for long, and the others come back', () => {
    const { cluster, queue, put, seen, settle, divergence } = driven(three);
    put(k, '1');
    queue.run(500);
    const releases = [0, 1].map((server) => cluster.server(server).hold('its disk is not there'));
    const release = cluster.server(2).hold('wiped');
    cluster.server(2).disk.erase();
    cluster.blackout({ survivors: 'none', offMs: 10, losesEpochFile: true });
    release();
    queue.run(60_000);
    for (const each of releases) each();
    settle();

    expect([seen(k), divergence()]).toEqual([['1'], []]);
  });
});
