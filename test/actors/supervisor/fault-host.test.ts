import { existsSync, readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DiskFault, FaultAction } from '../../../src/faults/action.ts';
import type { ServerIndex } from '../../../src/model/ids.ts';
import { RealCluster } from '../storage-server/real-cluster.ts';

const S2 = 1 as ServerIndex;
const servers = [S2];

describe('faults on threads', () => {
  let cluster: RealCluster;

  const heals: (() => void)[] = [];
  /** The life of the server when the test began. */
  let life: number;

  beforeAll(async () => {
    cluster = await RealCluster.started();
  });
  beforeEach(() => {
    life = incarnation(S2);
  });
  afterEach(async () => {
    for (const heal of heals.splice(0)) heal();
    await isBackUp();
  });
  afterAll(() => cluster.stop());

  function begin(action: FaultAction, seed = 1): () => void {
    const heal = cluster.host.begin(action, seed);
    heals.push(heal);
    return heal;
  }

  function incarnation(server: ServerIndex): number {
    return cluster.broker.view(server).incarnation;
  }

  /** Writes until the server is down, or all are written. */
  async function writeUntilDown(): Promise<void> {
    for (let i = 0; i < 500 && cluster.stateOf(1) !== 'down'; i++) await cluster.put(`k${i}`, { i });
  }

  async function isBackUp(): Promise<void> {
    await cluster.until(() => cluster.broker.isSettled);
  }

  test.each<DiskFault>([
    { kind: 'sync-fail', count: 1 },
    { kind: 'torn-write' },
    { kind: 'write-fail', code: 'EIO', probability: 1 },
  ])(
    'a server whose disk does $kind ends, loses nothing that was acknowledged, and is started again',
    async (fault) => {
      await cluster.put('before', 'x');

      const heal = begin({ kind: 'disk', servers, fault }, 1);
      await writeUntilDown();
      const reason = cluster.supervisor.server(S2).reason;
      heal();
      await isBackUp();

      expect(reason).toMatch(/EIO|in the middle of a write/);
      expect(await cluster.get('before')).toMatchObject({ kind: 'found', found: { version: expect.anything() } });
      expect(incarnation(S2)).toBeGreaterThan(life);
    },
  );

  test('a server that loses power stays down until it is healed, and comes back with what it acknowledged', async () => {
    await cluster.put('before', 'x');

    const heal = begin({ kind: 'power', servers, survivors: 'none' }, 1);
    await cluster.host.settled();
    const stateDown = cluster.supervisor.server(S2).state;
    heal();
    await isBackUp();

    expect([stateDown, cluster.supervisor.server(S2).state]).toEqual(['stopped', 'running']);
    expect(await cluster.get('before')).toMatchObject({ kind: 'found', found: { version: expect.anything() } });
  });

  test.each<[string, FaultAction]>([
    ['hangs', { kind: 'hang', servers, forMs: null }],
    ['waits for its disk', { kind: 'disk', servers, fault: { kind: 'stall' } }],
  ])('power fails also for a server that %s', async (_what, stuck) => {
    begin(stuck, 1);
    void cluster.put('k', 'x');
    await new Promise((resolve) => setTimeout(resolve, 50));

    const began = performance.now();
    begin({ kind: 'power', servers, survivors: 'none' }, 1);
    await cluster.host.settled();

    expect(cluster.supervisor.server(S2).reason).toBe('power failed');
    expect(performance.now() - began).toBeLessThan(1_500);
  });

  test('a disk that stalls is found out, and goes on when it is healed', async () => {
    const heal = begin({ kind: 'disk', servers, fault: { kind: 'stall' } }, 1);
    await writeUntilDown();
    const stateStalled = cluster.stateOf(1);
    heal();
    await isBackUp();

    expect([stateStalled, cluster.stateOf(1)]).toEqual(['down', 'up']);
  });

  test('a server that is slow, or whose disk is, goes on serving', async () => {
    begin({ kind: 'slow', servers, factor: 3 }, 1);
    begin({ kind: 'disk', servers, fault: { kind: 'slow', delayMs: 20, factor: 1 } }, 1);

    const began = performance.now();
    const replies = [];
    for (let i = 0; i < 10; i++) replies.push(await cluster.put(`k${i}`, { i }));

    expect(new Set(replies.map(({ kind }) => kind))).toEqual(new Set(['written']));
    expect(performance.now() - began).toBeGreaterThan(50);
    expect(incarnation(S2)).toBe(life);
  });

  test('a handler that throws ends its server, as often as it is told', async () => {
    begin({ kind: 'throw', servers, count: 2 }, 1);

    await cluster.until(() => incarnation(S2) === life + 2);
    await isBackUp();

    expect(cluster.supervisor.server(S2).reason).toBe('thrown by a fault');
  });

  test('a server that is wiped comes back with an empty directory and gets everything from the others', async () => {
    for (let i = 0; i < 20; i++) await cluster.put(`k${i}`, { i });

    const heal = begin({ kind: 'wipe', servers }, 1);
    await cluster.host.settled();
    const isGone = !existsSync(`${cluster.directory}/s2`);
    heal();
    await isBackUp();

    expect(isGone).toBe(true);
    for (let i = 0; i < 20; i++)
      expect(await cluster.get(`k${i}`)).toMatchObject({ found: { version: expect.anything() } });
  });

  test('a server that flaps is killed so many times and is up afterwards', async () => {
    begin({ kind: 'flap', servers, count: 2 }, 1);

    await cluster.until(() => incarnation(S2) === life + 2);
    await isBackUp();

    expect(cluster.stateOf(1)).toBe('up');
  });

  test('a thread that takes all memory ends alone', async () => {
    begin({ kind: 'oom', servers }, 1);

    await cluster.until(() => incarnation(S2) === life + 1);
    await isBackUp();

    expect([0, 2].map((server) => incarnation(server as ServerIndex))).toEqual([1, 1]);
  });

  test('a flipped bit is found at the next start, and repaired from the others', async () => {
    for (let i = 0; i < 50; i++) await cluster.put(`k${i}`, { i });
    const damage = { kind: 'flip', file: { kind: 'wal' }, bits: 1 } as const;

    begin({ kind: 'damage', servers, damage }, 7);
    cluster.host.restart(servers);
    await cluster.host.settled();
    await isBackUp();

    expect(readdirSync(cluster.directory).filter((name) => name.startsWith('s2.corrupt'))).toHaveLength(1);
    for (let i = 0; i < 50; i++)
      expect(await cluster.get(`k${i}`)).toMatchObject({ found: { version: expect.anything() } });
  });

  test('damage to a file that is not there is refused', () => {
    const damage = { kind: 'flip', file: { kind: 'named', name: 'nowhere' }, bits: 1 } as const;

    expect(cluster.host.lacks({ kind: 'damage', servers, damage })).toMatch(/^no file nowhere in /);
  });

  test('a server that two faults put down comes back when both are healed', async () => {
    const first = begin({ kind: 'crash', servers }, 1);
    const second = begin({ kind: 'power', servers, survivors: 'none' }, 1);
    await cluster.host.settled();

    first();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const between = cluster.supervisor.server(S2).state;
    second();
    await isBackUp();

    expect([between, cluster.stateOf(1)]).toEqual(['stopped', 'up']);
  });

  test('clocks are off as their faults say', () => {
    const heal = begin({ kind: 'clock', servers, fault: { kind: 'skew', byMs: 5_000 } }, 1);
    begin({ kind: 'clock', servers, fault: { kind: 'strobe', byMs: 10, everyMs: 60_000 } }, 1);

    const both = cluster.host.clockOffsetMs(S2);
    heal();

    expect([both, cluster.host.clockOffsetMs(S2), cluster.host.clockOffsetMs(0 as ServerIndex)]).toEqual([
      5_010, 10, 0,
    ]);
  });
});
