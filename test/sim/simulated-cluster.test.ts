import { describe, expect, test } from 'vitest';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { ok } from '../../src/lib/result.ts';
import type { Reply } from '../../src/model/commands.ts';
import type { ServerIndex } from '../../src/model/ids.ts';
import { SimulatedFaultHost } from '../../src/sim/fault-host.ts';
import { heldBy, world } from './world.ts';

describe('a cluster in virtual time', () => {
  test('gives a server that was out and then lost its disk everything, when all start together', () => {
    const { cluster, put, settle, hold } = world({ servers: 2, replicas: 2 });
    put('early', 'one');
    const release = hold(0);
    put('late', 'two');

    cluster.server(0).disk.erase();
    cluster.blackout({ survivors: 'none', offMs: 10, losesEpochFile: false });
    release();
    settle();

    expect(heldBy(cluster, 0)).toEqual(['early', 'late']);
    expect(heldBy(cluster, 0)).toEqual(heldBy(cluster, 1));
  });

  test('keeps a directory that cannot be read while the other owner of what is in it is not there', () => {
    const { cluster, put, settle } = world({ servers: 2, replicas: 2 });
    const host = new SimulatedFaultHost(cluster);
    put('a', 'one');
    const release = cluster.server(0).hold('stopped');
    const heal = host.begin(
      { kind: 'disk', servers: [1 as ServerIndex], fault: { kind: 'read-fail', probability: 1 } },
      1,
    );
    cluster.blackout({ survivors: 'none', offMs: 10, losesEpochFile: false });
    cluster.queue.run(1_000);

    heal();
    release();
    settle();

    expect(heldBy(cluster, 0)).toEqual(['a']);
    expect(heldBy(cluster, 1)).toEqual(['a']);
  });

  test('does not answer from the last copy of a key when its log ends before what was acknowledged', () => {
    const { cluster, queue, put, ask } = world({ servers: 1, replicas: 1 });
    const host = new SimulatedFaultHost(cluster);
    const servers = [0 as ServerIndex];
    put('a', 'one');
    queue.run(1_000);
    host.begin({ kind: 'disk', servers, fault: { kind: 'lose-write' } }, 1);
    put('a', 'two');

    host.begin({ kind: 'power', servers, survivors: 'none' }, 1)();
    queue.run(1_000);

    expect(ask({ kind: 'get', key: utf8('a') })).toMatchObject({ kind: 'failed', error: { code: 'UNAVAILABLE' } });
    expect(cluster.broker?.view(servers[0] as ServerIndex).lastError).toMatch(/^its log ends at version/);
  });

  test('lets what is sent behind an update of its key see it, though the update is not decided yet', () => {
    const { cluster, put } = world({ servers: 2, replicas: 2 });
    const key = utf8('n');
    const seen: string[] = [];
    put('n', 'one');

    cluster.update({ keys: [key], decide: () => ok([{ key, value: utf8('two') }]) }, () => {});
    cluster.submit({ kind: 'get', key }, (reply) => {
      if (reply.kind === 'found') seen.push(text(reply.found?.value ?? utf8('nothing')));
    });
    cluster.queue.runUntil(() => seen.length > 0, 5_000);

    expect(seen).toEqual(['two']);
  });

  test('answers what its broker was asked when the process dies: nobody knows', () => {
    const { cluster } = world({ servers: 1, replicas: 1 });
    const replies: Reply[] = [];
    cluster.submit({ kind: 'get', key: utf8('k') }, (reply) => replies.push(reply));

    cluster.blackout({ survivors: null, offMs: 10, losesEpochFile: false });

    expect(replies).toMatchObject([{ kind: 'failed', error: { code: 'TIMEOUT' } }]);
  });

  test('keeps what was acknowledged when a server dies at each of its calls to the disk in turn', () => {
    for (let nth = 1; nth <= 25; nth++) {
      const { cluster, put, settle } = world({ servers: 2, replicas: 2 });
      cluster.server(0).crashAt({ at: 'disk', nth, survivors: 'random' });

      put('a', 'one');
      put('b', 'two');
      settle();

      expect(heldBy(cluster, 0), `call ${nth}`).toEqual(['a', 'b']);
    }
  });

  test('gives up a server that dies at every start, and starts it again when all is healed', () => {
    const { cluster, settle } = world({ servers: 2, replicas: 2 });
    const host = new SimulatedFaultHost(cluster);
    const heal = host.begin(
      { kind: 'disk', servers: [0 as ServerIndex], fault: { kind: 'sync-fail', count: 1_000 } },
      1,
    );
    cluster.server(0).kill('killed');

    expect(cluster.queue.runUntil(() => cluster.server(0).isGivenUp, 60_000)).toBe(true);
    heal();
    cluster.server(0).start();
    settle();
  });
});
