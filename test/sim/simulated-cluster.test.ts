import { describe, expect, test } from 'vitest';
import { text, utf8 } from '../../src/lib/bytes.ts';
import type { Reply } from '../../src/model/commands.ts';
import type { ServerIndex } from '../../src/model/ids.ts';
import { SimulatedFaultHost } from '../../src/sim/fault-host.ts';
import { SimulatedCluster } from '../../src/sim/simulated-cluster.ts';

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

    expect(held(cluster, 0)).toEqual(['early', 'late']);
    expect(held(cluster, 0)).toEqual(held(cluster, 1));
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

      expect(held(cluster, 0), `call ${nth}`).toEqual(['a', 'b']);
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

function world({ servers, replicas }: { readonly servers: number; readonly replicas: number }) {
  const cluster = new SimulatedCluster({
    config: { servers, replicas, mode: 'replicated', durability: 'fsync', putMode: 'upsert', deleteMode: 'strict' },
    seed: 1,
    knobs: {
      checkpointBytes: 8_000,
      segmentBytes: 64 * 1024,
      linkMs: 2,
      syncMs: 1,
      turnMs: 0.5,
      lateMs: 0,
      clockRate: 1,
    },
  });
  const { queue } = cluster;
  const settle = (): void => expect(queue.runUntil(() => cluster.isSettled, 20_000)).toBe(true);
  const put = (key: string, value: string): void => {
    let isWritten = false;
    const items = [{ key: utf8(key), value: utf8(value) }];
    cluster.submit({ kind: 'write', items, onExisting: 'overwrite' }, (reply) => {
      expect(reply.kind).toBe('written');
      isWritten = true;
    });
    expect(queue.runUntil(() => isWritten, 20_000)).toBe(true);
  };
  const hold = (server: number): (() => void) => {
    const release = cluster.server(server).hold('stopped');
    queue.run(1_000);
    return release;
  };
  settle();
  return { cluster, put, settle, hold };
}

/** The keys that a running server holds. */
function held(cluster: SimulatedCluster, server: number): string[] {
  const keys: string[] = [];
  const trie = cluster.trieOf(server);
  trie?.scan({ prefix: utf8(''), after: utf8('') }, (key) => {
    keys.push(text(key));
    return true;
  });
  return keys;
}
