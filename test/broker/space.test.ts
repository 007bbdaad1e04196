/** Full disks under a whole cluster in virtual time: who is refused what, how soon, and when that ends. */
import { describe, expect, test } from 'vitest';
import type { Update } from '../../src/broker/updates.ts';
import { utf8 } from '../../src/lib/bytes.ts';
import { ok } from '../../src/lib/result.ts';
import type { Command, Reply } from '../../src/model/commands.ts';
import { isMember } from '../../src/model/ids.ts';
import { ownersOf } from '../../src/routing/placement.ts';
import type { Broker } from '../../src/broker/broker.ts';
import { SimulatedCluster } from '../../src/sim/simulated-cluster.ts';

const SHAPE = { servers: 3, replicas: 2 };
const VALUE = utf8('v'.repeat(200));

/** A cluster that serves, with clients that wait for their answers. */
function cluster(seed: number) {
  const world = new SimulatedCluster({
    seed,
    config: { ...SHAPE, mode: 'replicated', durability: 'fsync', putMode: 'upsert', deleteMode: 'available' },
    knobs: {
      checkpointBytes: 1_000_000,
      segmentBytes: 64 * 1024,
      linkMs: 2,
      syncMs: 1,
      turnMs: 0.5,
      lateMs: 0,
      clockRate: 1,
    },
  });
  const { queue } = world;
  const settle = (): void => expect(queue.runUntil(() => world.isSettled, 20_000)).toBe(true);
  const ask = (command: Command): Reply & { tookMs: number } => {
    let answer: Reply | null = null;
    const startMs = queue.nowMs;
    world.submit(command, (reply) => {
      answer = reply.kind === 'found' && reply.found !== null ? { ...reply, found: { ...reply.found } } : reply;
    });
    queue.runUntil(() => answer !== null, 20_000);
    return { ...(answer as unknown as Reply), tookMs: queue.nowMs - startMs };
  };
  settle();
  return {
    world,
    queue,
    settle,
    put: (key: string, value = VALUE) =>
      ask({ kind: 'write', items: [{ key: utf8(key), value }], onExisting: 'overwrite' }),
    remove: (key: string) => ask({ kind: 'delete', key: utf8(key) }),
    get: (key: string) => ask({ kind: 'get', key: utf8(key) }),
    fillDisk(server: number): void {
      world.server(server).disk.capacityBytes = 0;
    },
    freeDisk(server: number): void {
      world.server(server).disk.capacityBytes = Number.POSITIVE_INFINITY;
    },
  };
}

const brokerOf = ({ world }: ReturnType<typeof cluster>): Broker => world.broker as Broker;

const isOwner = (key: string, server: number): boolean => isMember(ownersOf(SHAPE, utf8(key)), server as never);

/** Keys that server 0 owns, or does not. */
function keys(owned: boolean, count: number): string[] {
  const found: string[] = [];
  for (let i = 0; found.length < count; i++) if (isOwner(`k${i}`, 0) === owned) found.push(`k${i}`);
  return found;
}

/** Writes until one is refused; answers the keys that were acknowledged, and the refusal. */
function fill(
  under: ReturnType<typeof cluster>,
  value = VALUE,
): { acknowledged: string[]; refused: ReturnType<typeof under.put> } {
  const acknowledged: string[] = [];
  for (const key of keys(true, 2_000)) {
    const reply = under.put(key, value);
    if (reply.kind !== 'written') return { acknowledged, refused: reply };
    acknowledged.push(key);
  }
  throw new Error('the disk never got full');
}

describe('a server whose disk is full', () => {
  test('costs a definite refusal of writes to its keys, at once; reads and other keys notice nothing', () => {
    const under = cluster(1);
    under.fillDisk(0);

    const { acknowledged, refused } = fill(under);
    const again = under.put(acknowledged[0] as string);
    const bulk = keys(true, 1).concat(keys(false, 1));
    const others = keys(false, 50).map((key) => under.put(key).kind);
    const read = acknowledged.map((key) => under.get(key));

    expect(refused).toMatchObject({
      kind: 'failed',
      error: { code: 'DISK', message: 'disk full; write refused (s1)' },
    });
    expect(again).toMatchObject({ kind: 'failed', error: { code: 'DISK' }, tookMs: 0 });
    expect(bulk).toHaveLength(2);
    expect(new Set(others)).toEqual(new Set(['written']));
    expect(read.every((reply) => reply.kind === 'found' && reply.found !== null)).toBe(true);
    expect(brokerOf(under).view(0 as never)).toMatchObject({ state: 'up', lastError: 'disk full' });
  });

  test('takes deletes', () => {
    const under = cluster(2);
    under.fillDisk(0);
    const { acknowledged } = fill(under);

    const deleted = acknowledged.slice(0, 20).map((key) => under.remove(key));
    const read = acknowledged.slice(0, 20).map((key) => under.get(key));

    expect(deleted.every((reply) => reply.kind === 'deleted' && reply.existed)).toBe(true);
    expect(read.every((reply) => reply.kind === 'found' && reply.found === null)).toBe(true);
  });

  test('takes deletes that are decided by what is there, like DEL of the port of Redis', () => {
    const under = cluster(2);
    under.fillDisk(0);
    const { acknowledged } = fill(under);
    const names = acknowledged.slice(0, 20).map((key) => utf8(key));

    let reply: Reply | null = null;
    const decide: Update['decide'] = (held) =>
      ok(names.filter((_key, i) => held[i] != null).map((key) => ({ key, value: null })));
    under.world.update({ keys: names, decide }, (given) => {
      reply = given;
    });
    under.queue.run(1_000);

    expect(reply).toMatchObject({ kind: 'written', items: 20 });
  });

  test('stays up while deletes go on until they are refused too', () => {
    const under = cluster(3);
    under.fillDisk(0);
    const { acknowledged } = fill(under);
    const lives = brokerOf(under).view(0 as never).incarnation;

    let refusal: Reply | null = null;
    for (let i = 0; i < 1_000 && refusal === null; i++) {
      const reply = under.remove(acknowledged[i % acknowledged.length] as string);
      if (reply.kind === 'failed') refusal = reply;
    }
    under.queue.run(60_000);

    expect(refusal).toMatchObject({ error: { code: 'DISK', message: 'disk full; delete refused (s1)' } });
    expect(brokerOf(under).view(0 as never)).toMatchObject({ state: 'up', incarnation: lives });
  });

  test('takes writes again by itself within a second after space returned, and nothing acknowledged is lost', () => {
    const under = cluster(4);
    const expected: string[] = [];
    for (let round = 0; round < 10; round++) {
      under.fillDisk(0);
      expected.push(...fill(under).acknowledged);
      under.freeDisk(0);

      under.queue.run(1_000);

      expect(under.put(`k${round}`).kind).toBe('written');
    }
    under.world.blackout({ survivors: 'random', offMs: 50, losesEpochFile: false });
    under.settle();

    expect(expected.filter((key) => under.get(key).kind !== 'found')).toEqual([]);
  });

  test('has space again by itself after deletes', () => {
    const under = cluster(6);
    for (let round = 0; round < 5; round++) {
      under.world.server(0).disk.capacityBytes = 150_000;
      const { acknowledged } = fill(under, utf8('v'.repeat(8_000)));
      for (const key of acknowledged) under.remove(key);

      under.queue.run(1_000);

      expect(acknowledged.length, `round ${round}`).toBeGreaterThan(4);
      expect(under.put(acknowledged[0] as string).kind, `round ${round}`).toBe('written');
    }
  });

  test('comes up again after a crash with the disk still full, and is in sync again once there is space', () => {
    const under = cluster(5);
    under.fillDisk(0);
    const { acknowledged } = fill(under);

    under.world.server(0).kill('crashed');
    under.queue.run(3_000);
    const during = acknowledged.map((key) => under.get(key));
    const whileFull = under.put(keys(true, 1)[0] as string);
    under.freeDisk(0);
    under.settle();

    expect(during.every((reply) => reply.kind === 'found' && reply.found !== null && !reply.notes.uncertain)).toBe(
      true,
    );
    expect(whileFull.kind).toBe('written');
    expect(acknowledged.every((key) => under.get(key).kind === 'found')).toBe(true);
  });
});

test('many writes on their way when a disk fills up are acknowledged or refused, and none of the acknowledged is lost', () => {
  for (let seed = 10; seed < 20; seed++) {
    const under = cluster(seed);
    const outcomes = new Map<string, string>();
    for (const [i, key] of keys(true, 400).entries()) {
      under.queue.run(0.1);
      if (i === 30) under.fillDisk(0);
      under.world.submit(
        { kind: 'write', items: [{ key: utf8(key), value: VALUE }], onExisting: 'overwrite' },
        (reply) => outcomes.set(key, reply.kind === 'failed' ? reply.error.code : reply.kind),
      );
    }
    under.queue.run(8_000);
    under.freeDisk(0);
    under.settle();

    expect(outcomes.size).toBe(400);
    const lost = [...outcomes].filter(([key, outcome]) => {
      const reply = under.get(key);
      const isThere = reply.kind === 'found' && reply.found !== null;
      return outcome === 'written' ? !isThere : outcome === 'DISK' && isThere;
    });
    expect(lost, `seed ${seed}`).toEqual([]);
    expect(new Set(outcomes.values())).toEqual(new Set(['written', 'DISK']));
  }
});
