/**
 * A cluster in virtual time whose schedule a test writes down: what is asked without waiting for its answer, and
 * moments that are named by a frame that is handed over.
 */
import { expect } from 'vitest';
import type { DiskFault } from '../../src/faults/action.ts';
import { text, utf8 } from '../../src/lib/bytes.ts';
import type { Command, Reply } from '../../src/model/commands.ts';
import type { ClusterConfig } from '../../src/model/config.ts';
import { FRAME } from '../../src/model/frames.ts';
import type { ServerIndex, ServerMask } from '../../src/model/ids.ts';
import { ownersOf, type Placement } from '../../src/routing/placement.ts';
import { divergence } from '../../src/sim/copies.ts';
import { SimulatedFaultHost } from '../../src/sim/fault-host.ts';
import type { SimulatedServer } from '../../src/sim/server.ts';
import { world } from './world.ts';

export const BROKER = -1;

/** A disk on which nothing becomes durable for as long as a test lasts, and whose thread can be ended all the same. */
export const SLOW_MS = 60_000;

/** Simulated milliseconds that a moment may let wait: a start may wait long for servers of which nothing is heard. */
const PATIENCE_MS = 60_000;

/** How often a key is asked for: each owner that answers does so at least once. */
const ASKED_TIMES = 8;

/** The `nth` key with these owners. */
export function keyOf(placement: Placement, owners: number, nth = 0): string {
  let left = nth;
  for (let i = 0; ; i++) {
    if (ownersOf(placement, utf8(`k${i}`)) === (owners as ServerMask) && left-- === 0) return `k${i}`;
  }
}

export function driven(shape: Partial<ClusterConfig>, seed = 1) {
  const base = world({ deleteMode: 'available', ...shape }, seed);
  const { cluster, queue, ask } = base;
  const submit = (command: Command): { answer(): Reply | null } => {
    let answer: Reply | null = null;
    cluster.submit(command, (reply) => {
      answer = reply;
    });
    return { answer: () => answer };
  };
  const write = (values: Readonly<Record<string, string>>): { answer(): Reply | null } => {
    const items = Object.entries(values).map(([key, value]) => ({ key: utf8(key), value: utf8(value) }));
    return submit({ kind: 'write', items, onExisting: 'overwrite' });
  };
  const askForDelete = (key: string): { answer(): Reply | null } => submit({ kind: 'delete', key: utf8(key) });
  const del = (key: string): void => {
    expect(ask({ kind: 'delete', key: utf8(key) })).toMatchObject({ kind: 'deleted', existed: true });
  };
  /** All that is answered for a key, whoever answers: its value, null, or why there is no answer. */
  const seen = (key: string): (string | null)[] => {
    const answers = Array.from({ length: ASKED_TIMES }, () => {
      const reply = ask({ kind: 'get', key: utf8(key) });
      if (reply.kind === 'found') return reply.found === null ? null : text(reply.found.value);
      return reply.kind === 'failed' ? reply.error.code : reply.kind;
    });
    return [...new Set(answers)];
  };
  const handedOver = (frame: keyof typeof FRAME, from: number, to: number): (() => boolean) => {
    let isOver = false;
    cluster.watcher = {
      onFrame: (source, target, bytes, start) => {
        isOver ||= source === from && target === to && bytes[start] === FRAME[frame];
      },
      onTable: () => {},
      onTableKept: () => {},
    };
    return () => isOver;
  };
  /** Runs until such a frame is handed over. */
  const until = (frame: keyof typeof FRAME, from: number, to: number): void => {
    expect(queue.runUntil(handedOver(frame, from, to), PATIENCE_MS), `no ${frame}, seed ${seed}`).toBe(true);
  };
  /** Runs until the host has kept another table of epochs. */
  const untilKept = (): void => {
    const { epochFile } = cluster;
    expect(
      queue.runUntil(() => cluster.epochFile !== epochFile, PATIENCE_MS),
      `seed ${seed}`,
    ).toBe(true);
  };
  /** Runs until the host is to keep another table of epochs. */
  const untilTable = (): void => {
    let isThere = false;
    cluster.watcher = {
      onFrame: () => {},
      onTable: () => {
        isThere = true;
      },
      onTableKept: () => {},
    };
    expect(
      queue.runUntil(() => isThere, PATIENCE_MS),
      `seed ${seed}`,
    ).toBe(true);
  };
  const untilServing = (): void => {
    expect(
      queue.runUntil(() => cluster.broker?.isServing === true, PATIENCE_MS),
      `seed ${seed}`,
    ).toBe(true);
    queue.run(500);
  };
  const hang = (...servers: readonly number[]): void => {
    for (const server of servers) cluster.server(server).life?.thread.hang(null);
  };
  /** One server alone takes a checkpoint. */
  const checkpoint = (index: number): void => {
    const server: SimulatedServer = cluster.server(index);
    if (server.life !== null) server.deliver(server.life, 'broker', Uint8Array.of(FRAME.checkpoint), 0, 1);
    queue.run(20);
  };
  /** The machine loses its power, or the process alone dies, and is there again at once. */
  const powerLoss = (): void => cluster.blackout({ survivors: 'none', offMs: 10, losesEpochFile: false });
  const processDeath = (): void => cluster.blackout({ survivors: null, offMs: 10, losesEpochFile: false });
  const faults = new SimulatedFaultHost(cluster);
  /** Nothing that one hands over comes to the other, until what it answers is called: then all of it does. */
  const clog = (from: 'broker' | ServerIndex, to: ServerIndex): (() => void) =>
    faults.begin({ kind: 'link', links: [{ from, to }], rule: { kind: 'clog' } }, 1);
  const disk = (server: ServerIndex, fault: DiskFault): (() => void) =>
    faults.begin({ kind: 'disk', servers: [server], fault, calls: { first: 1, every: 1, times: null } }, 1);
  /** Its directory is gone, or damaged beyond what a torn tail explains; it starts again. */
  const wipe = (server: ServerIndex): void => faults.begin({ kind: 'wipe', servers: [server] }, 1)();
  const rot = (server: ServerIndex): void => {
    const release = cluster.server(server).hold('stopped');
    faults.begin({ kind: 'damage', servers: [server], damage: { kind: 'flip', file: { kind: 'wal' }, bits: 200 } }, 1);
    release();
  };
  return {
    ...base,
    clog,
    disk,
    wipe,
    rot,
    write,
    askForDelete,
    del,
    seen,
    until,
    untilKept,
    untilTable,
    untilServing,
    hang,
    checkpoint,
    powerLoss,
    processDeath,
    divergence: () => divergence(cluster),
  };
}
