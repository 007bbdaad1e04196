/** Keys that go by themselves, in virtual time: when they are absent, and that they leave every copy. */
import { describe, expect, test } from 'vitest';
import type { Update } from '../../src/broker/updates.ts';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { ok } from '../../src/lib/result.ts';
import type { Reply } from '../../src/model/commands.ts';
import { SimulatedCluster } from '../../src/sim/simulated-cluster.ts';

const LIFE_MS = 500;

describe('a key with a time', () => {
  test('is absent to every kind of read from that time on, and leaves every copy soon after', () => {
    const { cluster, queue, put, get, scan, ask } = world();
    put('stays', 'a');
    const until = queue.nowMs + LIFE_MS;
    put('goes', 'b', until);
    const before = { got: get('goes'), keys: scan() };

    queue.run(until - queue.nowMs);
    const after = { got: get('goes'), keys: scan() };
    queue.run(1_000);

    expect(before).toEqual({ got: 'b', keys: ['goes', 'stays'] });
    expect(after).toEqual({ got: null, keys: ['stays'] });
    expect(ask({ kind: 'delete', key: utf8('goes') })).toMatchObject({ existed: false });
    for (let server = 0; server < 3; server++) expect(held(cluster, server)).not.toContain('goes');
  });

  test('goes though a server is down, where deletes are strict, and does not come back with it', () => {
    const { cluster, queue, put, get } = world();
    put('goes', 'b', queue.nowMs + LIFE_MS);
    const release = cluster.server(0).hold('stopped');

    queue.run(LIFE_MS + 1_500);
    release();
    queue.runUntil(() => cluster.isSettled, 20_000);
    queue.run(1_000);

    expect(get('goes')).toBe(null);
    for (let server = 0; server < 3; server++) expect(held(cluster, server)).not.toContain('goes');
  });

  test('keeps its time through a crash of everything, and a new value has none', () => {
    const { cluster, queue, put, get } = world();
    const until = queue.nowMs + 3_000;
    put('goes', 'b', until);
    put('renewed', 'c', until);
    put('renewed', 'd');

    cluster.blackout({ survivors: 'none', offMs: 10, losesEpochFile: false });
    queue.runUntil(() => cluster.isSettled, 20_000);
    const before = get('goes');
    queue.run(until - queue.nowMs + 1);

    expect([before, get('goes'), get('renewed')]).toEqual(['b', null, 'd']);
  });

  test('is nothing to an update once its time has come, and tells it before', () => {
    const { cluster, queue, put } = world();
    const until = queue.nowMs + LIFE_MS;
    put('goes', 'b', until);
    const seen: (number | null)[] = [];
    const decide: Update['decide'] = ([found]) => {
      seen.push(found?.expiresAtMs ?? null);
      return ok([]);
    };
    const look = (): void =>
      cluster.hostThread?.run(() => cluster.broker?.update({ keys: [utf8('goes')], decide }, () => {}));

    look();
    queue.run(LIFE_MS);
    look();
    queue.run(100);

    expect(seen).toEqual([until, null]);
  });

  test('tells who watches it when it goes', () => {
    const { cluster, queue, put } = world();
    put('goes', 'b', queue.nowMs + LIFE_MS);
    let touched = 0;
    const stop = cluster.broker?.watch(utf8('goes'), () => touched++);

    queue.run(LIFE_MS + 1_000);
    const gone = touched;
    put('goes', 'c');
    stop?.();
    put('goes', 'd');

    expect([gone, touched]).toEqual([1, 2]);
  });
});

function world() {
  const cluster = new SimulatedCluster({
    config: {
      servers: 3,
      replicas: 2,
      mode: 'replicated',
      durability: 'fsync',
      putMode: 'upsert',
      deleteMode: 'strict',
    },
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
  const ask = (command: Parameters<SimulatedCluster['submit']>[0]): Reply => {
    let answer: Reply | null = null;
    cluster.submit(command, (reply) => {
      answer = reply.kind === 'found' && reply.found !== null ? { ...reply, found: { ...reply.found } } : reply;
    });
    expect(queue.runUntil(() => answer !== null, 20_000)).toBe(true);
    return answer as unknown as Reply;
  };
  const put = (key: string, value: string, expiresAtMs?: number): void => {
    const item = { key: utf8(key), value: utf8(value), ...(expiresAtMs === undefined ? {} : { expiresAtMs }) };
    expect(ask({ kind: 'write', items: [item], onExisting: 'overwrite' }).kind).toBe('written');
  };
  const get = (key: string): string | null => {
    const reply = ask({ kind: 'get', key: utf8(key) });
    return reply.kind === 'found' && reply.found !== null ? text(reply.found.value) : null;
  };
  const scan = (): string[] => {
    const reply = ask({ kind: 'scan', prefix: utf8(''), after: utf8(''), limit: 10, values: false });
    return reply.kind === 'scanned' ? reply.entries.map((entry) => text(entry.key)) : [];
  };
  expect(queue.runUntil(() => cluster.isSettled, 20_000)).toBe(true);
  return { cluster, queue, ask, put, get, scan };
}

/** Keys that a running server holds, alive. */
function held(cluster: SimulatedCluster, server: number): string[] {
  const keys: string[] = [];
  const trie = cluster.trieOf(server);
  trie?.scan({ prefix: utf8(''), after: utf8('') }, (key, leaf) => {
    if (!trie.isTombstone(leaf)) keys.push(text(key));
    return true;
  });
  return keys;
}
