import { expect, test } from 'vitest';
import { type StorageServerEvent, storageServerMachine } from '../../../actors/storage-server/machine.ts';
import type { ServerIndex } from '../../../src/model/ids.ts';
import { walk } from '../machine-walk.ts';
import { RealCluster } from './real-cluster.ts';

const EVENTS: Record<StorageServerEvent['type'], StorageServerEvent> = {
  START: { type: 'START' },
  REPLAY: { type: 'REPLAY' },
  RECOVERED: { type: 'RECOVERED' },
  CAUGHT_UP: { type: 'CAUGHT_UP' },
  FELL_BEHIND: { type: 'FELL_BEHIND' },
  SILENT: { type: 'SILENT' },
  HEARD: { type: 'HEARD' },
  DRAIN: { type: 'DRAIN' },
  FAIL: { type: 'FAIL', reason: 'why' },
};

test('a thread goes through the states of its machine only, from its start to its end, crashes included', async () => {
  const cluster = await RealCluster.started();

  cluster.host.begin({ kind: 'crash', servers: [1 as ServerIndex] }, 1);
  await cluster.until(() => cluster.stateOf(1) === 'down');
  await Promise.all(Array.from({ length: 200 }, (_, i) => cluster.put(`k${i}`, { i })));
  await cluster.restart([1 as ServerIndex]);
  await cluster.until(() => cluster.broker.isSettled);
  await cluster.stop();

  const arrows = new Set(walk(storageServerMachine, { events: EVENTS }).map(({ state, next }) => `${state} ${next}`));
  const wrong: string[] = [];
  const last = new Map<ServerIndex, string>();
  for (const [server, state] of cluster.states) {
    const before = last.get(server) ?? 'down';
    // A crash leaves no word: the next life begins where every life begins.
    if (!arrows.has(`${before} ${state}`) && state !== 'recovering.loading') wrong.push(`${before} ${state}`);
    last.set(server, state);
  }
  expect(wrong).toEqual([]);
  expect(new Set(cluster.states.map(([, state]) => state))).toEqual(
    new Set(['down', 'recovering.loading', 'recovering.replaying', 'recovering.catchingUp', 'up', 'draining']),
  );
});
