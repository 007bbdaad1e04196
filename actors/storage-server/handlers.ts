/**
 * The storage server as an actor: gives the replica (src/replica) its frames, its directory and its idle time, and tells
 * its machine the facts of its life. Decides nothing about data. When the replica says that this life is over, or
 * anything throws, the thread ends: a crash of this server only.
 */
import { threadId } from 'node:worker_threads';
import { createActor } from 'xstate';
import { Prng } from '../../src/lib/prng.ts';
import { NEVER } from '../../src/lib/rare.ts';
import { FRAME } from '../../src/model/frames.ts';
import { serverName } from '../../src/model/ids.ts';
import { HEARTBEAT_INTERVAL_MS, HEARTBEATS_MISSED_MAX } from '../../src/model/limits.ts';
import type { Neighbour, Survivors } from '../../src/faults/action.ts';
import type { ChannelEnd } from '../../src/node/channel.ts';
import type { ServerFault } from '../../src/node/server-fault.ts';
import { openLink } from '../../src/node/link.ts';
import { LinkHub } from '../../src/node/link-hub.ts';
import {
  GATE,
  GATE_WORD,
  keepIncarnation,
  type ServerControl,
  type ServerReport,
  type ServerThreadData,
  type ServerThreadStatus,
} from '../../src/node/server-thread.ts';
import type { Phase } from '../../src/replica/host.ts';
import { Replica } from '../../src/replica/replica.ts';
import type { LinkRule } from '../../src/routing/link-rules.ts';
import { putAside } from '../../src/storage/aside.ts';
import type { Disk } from '../../src/storage/disk.ts';
import { ensureDirectory, tryDisk } from '../../src/storage/files.ts';
import { openStore } from '../../src/storage/recovery.ts';
import { storageServerMachine } from './machine.ts';
import type { ThreadFaults } from './thread-faults.ts';

export type StorageServerWorld = {
  readonly disk: Disk;
  /** Null when there can be none. */
  readonly faults: ThreadFaults | null;
  report(report: ServerReport): void;
  /** Ends the thread; does not return. */
  end(code: number): never;
};

export class StorageServer implements ServerControl {
  readonly #data: ServerThreadData;
  readonly #world: StorageServerWorld;
  readonly #machine = createActor(storageServerMachine);
  readonly #hub: LinkHub<Neighbour>;
  readonly #replica: Replica;
  readonly #prng: Prng;
  readonly #gate: Int32Array;
  #idleIsDue = false;
  #isDraining = false;
  /** Whether it reads because of its tick, not because it was rung. */
  #isLooking = false;
  #ticksSilent = 0;
  #reported = '';

  constructor(data: ServerThreadData, world: StorageServerWorld) {
    this.#data = data;
    this.#world = world;
    this.#prng = new Prng(data.seed ^ (data.incarnation * SERVERS_APART + data.index));
    this.#gate = new Int32Array(data.gate);
    this.#hub = new LinkHub<Neighbour>({
      onFrame: (from, bytes, start, end) => this.#onFrame(from, bytes, start, end),
      onBatchEnd: () => {
        if (!this.#isDraining) this.#replica.onBatchEnd();
      },
      isFull: () => this.#isBlocked(),
      // What it does between turns, and what faults do to its time, must not wait.
      lingersFor: () => (this.#idleIsDue || this.#isDraining || world.faults?.isActive === true ? null : 'broker'),
      onLinkLost: (from, _link, { broken, reason }) => this.#onLinkLost(from, broken, reason),
    });
    this.#replica = new Replica(
      data,
      {
        send: (to, frame) => {
          if (world.faults?.points.isIdle === false) world.faults.points.send(frame, () => this.#send(to, frame));
          else this.#send(to, frame);
        },
        flush: () => this.#hub.flush(),
        isBlocked: () => this.#isBlocked(),
        openStore: (visit) => {
          const options = { server: serverName(data.index), durability: data.durability };
          return openStore(world.disk, data.directory, options, visit);
        },
        setAside: () => this.#setAside(),
        wake: () => this.#idleSoon(),
        phase: (phase, reason) => this.#onPhase(phase, reason),
        epoch: (isBehind) => this.#onEpoch(isBehind),
        fail: (reason) => this.#fail(reason),
        rare: NEVER,
      },
      world.faults ?? undefined,
    );
    for (const { to, rules } of data.rules) this.#hub.replaceRules(to, rules);
    this.#machine.subscribe(({ value, context }) => {
      const state = nameOf(value);
      if (state === this.#reported) return;
      this.#reported = state;
      world.report({ kind: 'state', state, reason: context.reason });
    });
  }

  /** Opens the links, then the directory. Call once. */
  start(): void {
    this.#machine.start();
    this.#ownDirectory();
    for (const { to, end } of this.#data.links) this.attachLink(to, end);
    this.#world.report({ kind: 'online' });
    this.#machine.send({ type: 'START' });
    this.#replica.start();
    setInterval(() => this.#onTick(), HEARTBEAT_INTERVAL_MS);
  }

  status(): ServerThreadStatus {
    const { value, context } = this.#machine.getSnapshot();
    return {
      state: nameOf(value),
      reason: context.reason,
      threadId,
      illegalEvents: context.illegalEvents,
      heapBytes: process.memoryUsage().heapUsed,
    };
  }

  stop(): Promise<void> {
    // What the broker said last without a ring.
    this.#hub.look();
    this.#machine.send({ type: 'DRAIN' });
    this.#isDraining = true;
    return new Promise((resolve) => {
      this.#replica.close(() => {
        this.#hub.flush();
        resolve();
        // Behind the answer of this call.
        setImmediate(() => this.#world.end(0));
      });
    });
  }

  checkpoint(): void {
    this.#replica.onFrame('broker', Uint8Array.of(FRAME.checkpoint), 0, 1);
    this.#replica.onBatchEnd();
  }

  hang(): void {
    // Healed before it began: then it does not hang at all.
    if (Atomics.compareExchange(this.#gate, GATE_WORD.hang, GATE.shut, GATE.waited) !== GATE.shut) return;
    Atomics.wait(this.#gate, GATE_WORD.hang, GATE.waited);
    this.#world.faults?.onWake();
  }

  replaceFaults(faults: readonly ServerFault[]): void {
    this.#world.faults?.replace(faults);
  }

  failPower(survivors: Survivors, seed: number): void {
    this.#world.faults?.failPower(survivors, seed);
  }

  exhaustMemory(): void {
    this.#world.faults?.exhaustMemory();
  }

  attachLink(to: Neighbour, end: ChannelEnd): void {
    this.#hub.attach(to, (events) => openLink(end, this.#prng.fork(to === 'broker' ? 0 : to + 1), events));
  }

  replaceRules(to: Neighbour, rules: readonly LinkRule[]): void {
    this.#hub.replaceRules(to, rules);
  }

  /** Whether so many answers wait for the broker to read that no more are given for now. */
  #isBlocked(): boolean {
    return (this.#hub.get('broker')?.blockedBytes ?? 0) > ANSWER_BYTES_WAITING_MAX;
  }

  #onFrame(from: Neighbour, bytes: Uint8Array, start: number, end: number): void {
    if (this.#isDraining) return;
    if (from === 'broker') {
      this.#ticksSilent = 0;
    }
    this.#world.faults?.onMessage();
    this.#replica.onFrame(from, bytes, start, end);
  }

  /** An epoch may have put this server out of sync with a group it owns, or back in. */
  #onEpoch(isBehind: boolean): void {
    this.#machine.send({ type: isBehind ? 'FELL_BEHIND' : 'CAUGHT_UP' });
  }

  #onPhase(phase: Phase, reason: string): void {
    switch (phase) {
      case 'loading':
        break;
      case 'replaying':
        this.#machine.send({ type: 'REPLAY' });
        break;
      case 'serving':
        this.#machine.send({ type: 'RECOVERED' });
        break;
      case 'failed':
        this.#machine.send({ type: 'FAIL', reason });
        break;
      default:
        phase satisfies never;
    }
  }

  #send(to: Neighbour, frame: Uint8Array): void {
    // To who rang it rings back.
    const isQuiet = this.#isLooking && to === 'broker' && frame[0] === FRAME.pong;
    if (isQuiet) this.#hub.sendQuietly(to, frame);
    else this.#hub.send(to, frame);
  }

  #onTick(): void {
    if (this.#data.quietHeartbeats) {
      this.#isLooking = true;
      this.#hub.look();
      this.#isLooking = false;
    }
    this.#ticksSilent++;
    const isUp = this.#machine.getSnapshot().matches('up');
    if (isUp && this.#ticksSilent > HEARTBEATS_MISSED_MAX) this.#machine.send({ type: 'SILENT' });
    if (this.#ticksSilent <= 1 && this.#machine.getSnapshot().matches('suspect')) this.#machine.send({ type: 'HEARD' });
  }

  #idleSoon(): void {
    if (this.#idleIsDue) return;
    this.#idleIsDue = true;
    setImmediate(() => {
      this.#idleIsDue = false;
      if (this.#isDraining) return;
      const more = this.#replica.onIdle();
      this.#hub.flush();
      if (more) this.#idleSoon();
    });
  }

  #onLinkLost(from: Neighbour, broken: boolean, reason: string): void {
    // A neighbour that is gone comes back with a new link. Lost frames do not: neither side can go on as it was.
    if (broken) this.#fail(`link to ${from === 'broker' ? from : serverName(from)}: ${reason}`);
    else if (from === 'broker') this.#world.end(0);
  }

  #ownDirectory(): void {
    const { directory, durability, incarnation } = this.#data;
    if (durability === 'memory') return;
    const { disk } = this.#world;
    const made = tryDisk(() => ensureDirectory(disk, directory));
    const kept = made.ok ? keepIncarnation(disk, directory, incarnation) : made;
    if (!kept.ok) this.#fail(kept.error.message);
  }

  #setAside(): void {
    const { directory, incarnation } = this.#data;
    putAside(this.#world.disk, directory, `.corrupt-${incarnation}`);
    this.#ownDirectory();
  }

  #fail(reason: string): never {
    this.#world.report({ kind: 'failed', reason });
    return this.#world.end(1);
  }
}

/**
 * Bytes of answers that wait for the broker to read: beyond it requests are left in their link, so that one who asks
 * for much costs time, and neither memory nor the heartbeats behind a long turn.
 */
const ANSWER_BYTES_WAITING_MAX = 4 * 1024 * 1024;

/** Incarnations and indexes of servers make different seeds. */
const SERVERS_APART = 64;

/** `recovering.replaying`, as one word for logs. */
function nameOf(value: string | Record<string, unknown>): string {
  if (typeof value === 'string') return value;
  return Object.entries(value)
    .map(([outer, inner]) => `${outer}.${String(inner)}`)
    .join();
}
