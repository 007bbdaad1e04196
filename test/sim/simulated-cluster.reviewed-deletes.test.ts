/** Schedules around acknowledged deletes that broke a promise once, as scripts. */
import { describe, expect, test } from 'vitest';
import type { ServerIndex } from '../../src/model/ids.ts';
import { utf8 } from '../../src/lib/bytes.ts';
import { BROKER, driven, keyOf, SLOW_MS } from './driven.ts';

const two = { servers: 2, replicas: 2 };
const three = { servers: 3, replicas: 3 };

describe('a deleted key', () => {
  test.each([
    { when: 'lost with the host, and comes when the others serve', outMs: 0, isThere: false },
    { when: 'put out before the host went, and is there when that starts', outMs: 300, isThere: true },
    { when: 'put out before the host went, and comes when the others serve', outMs: 300, isThere: false },
  ])('does not come back with a log that was cut short, of a server that was $when', ({ outMs, isThere }) => {
    const { cluster, queue, put, del, seen, disk, checkpoint, powerLoss, untilServing, settle, divergence } =
      driven(two);
    put('k', '1');
    put('l', '1');
    queue.run(350);
    const heal = disk(1 as ServerIndex, { kind: 'lose-write' });
    del('k');
    queue.run(500);
    heal();
    checkpoint(0);

    const release = cluster.server(1).hold('stopped', 'none');
    queue.run(outMs);
    powerLoss();
    if (!isThere) untilServing();
    release();
    settle();

    expect([seen('k'), seen('l'), divergence()]).toEqual([[null], ['1'], []]);
  });

  test('does not come back where nothing is synced and the power of one machine is lost', () => {
    const { cluster, queue, put, del, seen, checkpoint, settle, divergence } = driven({ ...two, durability: 'os' });
    put('k', '1');
    put('l', '1');
    queue.run(350);
    cluster.server(1).restart();
    settle();
    del('k');
    queue.run(450);
    checkpoint(0);

    const release = cluster.server(1).hold('power loss', 'none');
    queue.run(350);
    put('l', '2');
    release();
    settle();

    expect([seen('k'), seen('l'), divergence()]).toEqual([[null], ['2'], []]);
  });

  test('does not come back with a server that had its delete in its page cache alone when the process died', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { cluster, queue, put, askForDelete, seen, hang, until, processDeath, settle, divergence } = driven(
        two,
        seed,
      );
      put('k', '1');
      queue.run(1_000);
      cluster.server(1).syncDelayMs = SLOW_MS;
      askForDelete('k');
      queue.run(100);

      processDeath();
      cluster.server(1).syncDelayMs = 0;
      until('tailEnd', 1, BROKER);
      hang(1);
      queue.run(400);
      cluster.server(1).kill('power loss', 'none');
      settle();

      expect([seen('k'), divergence()], `seed ${seed}`).toEqual([[null], []]);
    }
  });

  test('does not come back with a late page of a catch-up that was given up', () => {
    const { cluster, queue, put, del, seen, hold, ask, clog, disk, settle, divergence } = driven(three);
    put('a', '1');
    queue.run(500);
    const releaseTarget = hold(2);
    put('k', '1');
    queue.run(500);
    const releaseOther = hold(0);
    const unclog = clog(1 as ServerIndex, 2 as ServerIndex);
    releaseTarget();
    queue.run(1_500);
    releaseOther();
    queue.run(1_500);
    // Without room it gives up what it waits for; with room again it catches up from the other one.
    const makeRoom = disk(2 as ServerIndex, { kind: 'full' });
    for (let i = 0; i < 40; i++) {
      const items = [{ key: utf8(`f${i}`), value: new Uint8Array(3_000).fill(97) }];
      ask({ kind: 'write', items, onExisting: 'overwrite' });
    }
    queue.run(500);
    makeRoom();
    queue.run(3_000);
    expect(cluster.broker?.view(2 as ServerIndex).state).toBe('up');

    del('k');
    queue.run(1_000);
    unclog();
    queue.run(2_000);
    settle();

    expect([seen('k'), divergence()]).toEqual([[null], []]);
  });
});

describe('a deleted key of a bulk that is queued again for an owner that comes back', () => {
  const placement = { servers: 4, replicas: 2 };
  const [a, t] = [keyOf(placement, 0b0011), keyOf(placement, 0b1100)];

  test('does not come back when an operator forces an owner that had agreed to both', () => {
    const { cluster, queue, put, write, del, seen, until, checkpoint, untilServing, powerLoss, settle, divergence } =
      driven(placement);
    put(t, '1');
    until('ping', BROKER, 3);
    const bulk = write({ [a]: '2', [t]: '2' });
    queue.runUntil(() => bulk.answer() !== null, 1_000);
    del(a);
    // Both owners of the other group go before they are told that it is agreed.
    const releases = [cluster.server(3).hold('stopped')];
    queue.run(40);
    const releaseHolder = cluster.server(2).hold('stopped');
    queue.run(400);
    powerLoss();
    untilServing();
    queue.run(1_000);
    checkpoint(0);
    queue.run(500);

    cluster.server(2).syncDelayMs = SLOW_MS;
    releaseHolder();
    until('welcome', BROKER, 2);
    const release = cluster.server(0).hold('stopped');
    queue.run(1_000);
    releases.push(cluster.server(1).hold('stopped'));
    queue.run(200);
    release();
    queue.run(2_000);
    expect(cluster.broker?.force([0 as ServerIndex]).ok).toBe(true);
    queue.run(2_000);
    const forced = seen(a);
    cluster.server(2).syncDelayMs = 0;
    cluster.server(2).kill('killed');
    for (const each of releases) each();
    settle();

    expect([bulk.answer()?.kind, forced, seen(a), divergence()]).toEqual(['written', [null], [null], []]);
  });
});

describe('a delete that is ordered while another owner is put in sync', () => {
  test('says that what was acknowledged was there', () => {
    const answers: boolean[] = [];
    for (let seed = 1; seed <= 20; seed++) {
      const { cluster, queue, put, askForDelete, hold, hang, until, untilTable, settle } = driven(two, seed);
      put('k', '1');
      queue.run(350);
      const release = hold(1);
      put('l', '1');
      queue.run(200);
      release();
      until('joined', 1, BROKER);
      hang(0);
      const deleted = askForDelete('k');
      untilTable();
      const releaseFirst = cluster.server(0).hold('stopped');
      queue.run(1_000);
      releaseFirst();
      settle();
      const answer = deleted.answer();
      if (answer?.kind === 'deleted') answers.push(answer.existed);
    }

    expect(answers).not.toEqual([]);
    expect(new Set(answers)).toEqual(new Set([true]));
  });
});
