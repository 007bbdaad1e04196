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
