import { afterEach, describe, expect, test } from 'vitest';
import { allLinks } from '../../../src/faults/links.ts';
import { Prng } from '../../../src/lib/prng.ts';
import { DEADLINE_MS } from '../../../src/model/limits.ts';
import type { ServerIndex } from '../../../src/model/ids.ts';
import { nodeDisk } from '../../../src/node/disk.ts';
import type { LinkRule } from '../../../src/routing/link-rules.ts';
import { lastIncarnation } from '../../../src/node/server-thread.ts';
import { RealCluster } from './real-cluster.ts';

const S2 = 1 as ServerIndex;

describe('storage servers on threads', () => {
  let cluster: RealCluster;

  afterEach(() => cluster.stop());

  test('answer writes and reads', async () => {
    cluster = await RealCluster.started();

    const written = await cluster.put('person1', { name: 'John' });
    const read = await cluster.get('person1');

    expect([written.kind, read.kind === 'found' && read.found !== null]).toEqual(['written', true]);
  });

  test('answer every request in flight when one of them is killed, and lose nothing they acknowledged', async () => {
    cluster = await RealCluster.started();
    const keys = Array.from({ length: 1_000 }, (_, i) => `k${i}`);

    const started = performance.now();
    const writes = Promise.all(keys.map((key) => cluster.put(key, { key })));
    setImmediate(() => cluster.host.begin({ kind: 'crash', servers: [S2] }, 1));
    const replies = await writes;
    const tookMs = performance.now() - started;
    const acknowledged = keys.filter((_, i) => replies[i]?.kind === 'written');
    const found = await Promise.all(acknowledged.map((key) => cluster.get(key)));

    expect(replies.length).toBe(1_000);
    expect(tookMs).toBeLessThan(DEADLINE_MS);
    expect(found.filter((reply) => reply.kind === 'found' && reply.found !== null).length).toBe(acknowledged.length);
  });

  test('come back up after a crash, under a higher incarnation that their directory remembers', async () => {
    cluster = await RealCluster.started();
    cluster.host.begin({ kind: 'crash', servers: [S2] }, 1);
    await cluster.until(() => cluster.stateOf(1) === 'down');
    await Promise.all(Array.from({ length: 100 }, (_, i) => cluster.put(`k${i}`, { i })));

    await cluster.restart([S2]);
    await cluster.until(() => cluster.broker.isSettled);

    expect(cluster.broker.view(S2)).toMatchObject({ state: 'up', incarnation: 2 });
    expect(lastIncarnation(nodeDisk, `${cluster.directory}/s2`)).toBe(2);
  });

  test('are found out when they hang, and come back as a new incarnation', async () => {
    cluster = await RealCluster.started();

    const started = performance.now();
    cluster.host.begin({ kind: 'hang', servers: [S2], forMs: null }, 1);
    await cluster.until(() => cluster.stateOf(1) === 'down');
    const foundAfterMs = performance.now() - started;
    await cluster.until(() => cluster.broker.isSettled);

    expect(foundAfterMs).toBeLessThan(1_000);
    expect(cluster.broker.view(S2).incarnation).toBe(2);
  });

  test('stay in sync over links that lose, double and mix up frames', async () => {
    cluster = await RealCluster.started();
    const links = allLinks(3);
    const rules: LinkRule[] = [
      { kind: 'drop', probability: 0.1 },
      { kind: 'duplicate', probability: 0.2, withinMs: 5 },
      { kind: 'reorder', probability: 0.2, withinMs: 5 },
    ];
    for (const rule of rules) cluster.host.begin({ kind: 'link', links, rule }, 1);

    const replies = await Promise.all(Array.from({ length: 500 }, (_, i) => cluster.put(`k${i}`, { i })));

    expect(new Set(replies.map(({ kind }) => kind))).toEqual(new Set(['written']));
    expect([0, 1, 2].map((server) => cluster.broker.view(server as ServerIndex).incarnation)).toEqual([1, 1, 1]);
  });

  test('lose no acknowledged write over kills, restarts and reads in between', async () => {
    cluster = await RealCluster.started();
    const prng = new Prng(5);
    const newest = new Map<string, number>();
    let written = 0;

    for (let round = 0; round < 5; round++) {
      const victim = prng.below(3) as ServerIndex;
      const writing = Array.from({ length: 200 }, async () => {
        const key = `k${prng.below(50)}`;
        const number = ++written;
        const reply = await cluster.put(key, { number });
        if (reply.kind === 'written') newest.set(key, Math.max(number, newest.get(key) ?? 0));
      });
      await Promise.all([...writing, cluster.restart([victim])]);
      await cluster.until(() => cluster.broker.isSettled);
    }
    const reads = await Promise.all([...newest.keys()].map((key) => cluster.get(key)));

    expect(reads.filter((reply) => reply.kind === 'found' && reply.found !== null).length).toBe(newest.size);
  });
});
