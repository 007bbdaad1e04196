/** A cluster in virtual time that serves, with a client that waits for its answers. */
import { expect } from 'vitest';
import { text, utf8 } from '../../src/lib/bytes.ts';
import type { Command, Reply } from '../../src/model/commands.ts';
import type { ClusterConfig } from '../../src/model/config.ts';
import { SimulatedCluster } from '../../src/sim/simulated-cluster.ts';
import { Trace } from '../../src/sim/trace.ts';

const CONFIG: ClusterConfig = {
  servers: 3,
  replicas: 2,
  mode: 'replicated',
  durability: 'fsync',
  putMode: 'upsert',
  deleteMode: 'strict',
};

/** Simulated milliseconds that anything may take here. */
const PATIENCE_MS = 30_000;

/**
 * `shape`: what differs from three servers and two copies; strict deletes. `onEvent` is told every line of the trace.
 */
export function world(shape: Partial<ClusterConfig> = {}, seed = 1, onEvent: ((line: string) => void) | null = null) {
  const cluster = new SimulatedCluster({
    config: { ...CONFIG, ...shape },
    seed,
    trace: new Trace(onEvent),
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
  const settle = (): void =>
    expect(
      queue.runUntil(() => cluster.isSettled, PATIENCE_MS),
      `seed ${seed}`,
    ).toBe(true);
  const ask = (command: Command): Reply => {
    let answer: Reply | null = null;
    cluster.submit(command, (reply) => {
      answer = reply.kind === 'found' && reply.found !== null ? { ...reply, found: { ...reply.found } } : reply;
    });
    expect(
      queue.runUntil(() => answer !== null, PATIENCE_MS),
      `seed ${seed}`,
    ).toBe(true);
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
  /** Stops a server until what it answers is called. */
  const hold = (server: number): (() => void) => {
    const release = cluster.server(server).hold('stopped');
    queue.run(1_000);
    return release;
  };
  settle();
  return { cluster, queue, settle, ask, put, get, hold };
}

/** The keys that a running server holds, alive. */
export function heldBy(cluster: SimulatedCluster, server: number): string[] {
  const keys: string[] = [];
  const trie = cluster.trieOf(server);
  trie?.scan({ prefix: utf8(''), after: utf8('') }, (key, leaf) => {
    if (!trie.isTombstone(leaf)) keys.push(text(key));
    return true;
  });
  return keys;
}
