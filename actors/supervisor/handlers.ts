/**
 * The supervisor as an actor: gives every storage server a thread, a link to the broker and one direct link to each
 * other server, and keeps them running. It never reads a frame. What a fault does to threads and links is in
 * faults.ts.
 */
import { MessageChannel, type Worker } from 'node:worker_threads';
import type { Prng } from '../../src/lib/prng.ts';
import type { ClusterConfig } from '../../src/model/config.ts';
import type { Incarnation, ServerIndex } from '../../src/model/ids.ts';
import { RING_BYTES } from '../../src/model/limits.ts';
import type { ChannelEnd } from '../../src/node/channel.ts';
import { ControlClient } from '../../src/node/control.ts';
import { createLinkEnds, transferListOf } from '../../src/node/link.ts';
import {
  GATE,
  lastIncarnation,
  type Neighbour,
  type ServerControl,
  type ServerReport,
  type ServerThreadData,
} from '../../src/node/server-thread.ts';
import type { LinkRule } from '../../src/routing/link-rules.ts';
import type { Disk } from '../../src/storage/disk.ts';
import { type Life, Supervised, type SupervisedState } from './supervised.ts';

/** What happened to a server, for STATUS and logs. `at`: milliseconds since 1970. */
export type SupervisorNotice = {
  readonly server: ServerIndex;
  readonly state: SupervisedState;
  readonly incarnation: Incarnation;
  readonly reason: string;
  readonly at: number;
};

export type SupervisorOptions = {
  readonly config: ClusterConfig;
  /** Where each server's files live. */
  readonly directories: readonly string[];
  readonly checkpointBytes: number;
  readonly prng: Prng;
  /** For the numbers of incarnations. */
  readonly disk: Disk;
  /** A thread that begins as actors/storage-server/thread.ts does. */
  readonly spawn: (data: ServerThreadData, transferList: ServerThreadData['control'][]) => Worker;
  /** A thread was started; `end` is the broker's end of its link. */
  readonly onStarted: (server: ServerIndex, incarnation: Incarnation, end: ChannelEnd) => void;
  /** Its thread is gone. Not called for threads that end because the host stops. */
  readonly onExited: (server: ServerIndex, incarnation: Incarnation, reason: string) => void;
  readonly onNotice: (notice: SupervisorNotice) => void;
  readonly onReport: (server: ServerIndex, report: ServerReport) => void;
};

/** Bytes of each direction of a ring between two servers: catch-up is paced by its receiver, so little suffices. */
const PEER_RING_BYTES = RING_BYTES / 4;

/** Milliseconds that a control call to a server may take. */
const CONTROL_TIMEOUT_MS = 5_000;

export class Supervisor {
  readonly servers: readonly Supervised[];
  readonly #options: SupervisorOptions;
  readonly #newest: number[];
  /** The rules of the links that begin at a server, for its next lives. */
  readonly #rules: Map<Neighbour, readonly LinkRule[]>[];
  #isStopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const indexes = Array.from({ length: options.config.servers }, (_, index) => index as ServerIndex);
    this.#newest = indexes.map(() => 0);
    this.#rules = indexes.map(() => new Map());
    this.servers = indexes.map(
      (index) =>
        new Supervised(index, {
          prng: options.prng,
          begin: (server, incarnation) => this.#begin(server, incarnation),
          nextIncarnation: (server) => this.#nextIncarnation(server),
          onExited: (server, incarnation, reason) => {
            // A host that stops puts nobody out: what is in sync now is in sync at the next start.
            if (!this.#isStopping) options.onExited(server, incarnation, reason);
          },
          onState: (server, state, incarnation, reason) =>
            options.onNotice({ server, state, incarnation, reason, at: Date.now() }),
          onReport: options.onReport,
        }),
    );
  }

  /** Starts every server. */
  start(): void {
    for (const server of this.servers) server.start();
  }

  server(index: ServerIndex): Supervised {
    return this.servers[index] as Supervised;
  }

  /** Ends one incarnation of a server, if it is the current one; it is started again. */
  terminate(index: ServerIndex, incarnation: Incarnation, reason: string): void {
    const server = this.server(index);
    if (server.life?.incarnation === incarnation) void server.end(reason, { asked: false });
  }

  /** What happens to frames that `from` sends to `to` from now on, in this and in later incarnations. */
  replaceRules(from: ServerIndex, to: Neighbour, rules: readonly LinkRule[]): void {
    this.#rules[from]?.set(to, rules);
    this.#tell(from, 'replaceRules', [to, rules]);
  }

  /** Lets every server finish and close its files; ends at once what does not. Settles when no thread runs. */
  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    await Promise.all(this.servers.map((server) => this.#stop(server)));
  }

  async #stop(server: Supervised): Promise<void> {
    const { life } = server;
    server.stopsItself('the host stops');
    if (life === null || server.state === 'stuck') return;
    // A thread that hangs is let go first: what it took must become durable.
    Atomics.store(life.gate, 0, GATE.open);
    Atomics.notify(life.gate, 0);
    try {
      await life.control.call('stop', [], { timeoutMs: CONTROL_TIMEOUT_MS });
    } catch {
      // It died on the way, or does not answer: either way nothing more can be asked of it.
      await server.stop('the host stops');
    }
    await server.exited();
  }

  #begin(index: ServerIndex, incarnation: Incarnation): Life {
    const { config, directories, checkpointBytes, prng, spawn, onStarted } = this.#options;
    const { port1, port2 } = new MessageChannel();
    const gate = new SharedArrayBuffer(4);
    const [brokerEnd, serverEnd] = createLinkEnds('ring');
    const links: { to: Neighbour; end: ChannelEnd }[] = [{ to: 'broker', end: serverEnd }];
    for (const peer of this.servers) {
      if (peer.index === index || peer.life === null) continue;
      const [here, there] = createLinkEnds('ring', PEER_RING_BYTES);
      links.push({ to: peer.index, end: here });
      this.#tell(peer.index, 'attachLink', [index, there], transferListOf(there));
    }
    const data: ServerThreadData = {
      index,
      servers: config.servers,
      replicas: config.replicas,
      incarnation,
      directory: directories[index] as string,
      durability: config.durability,
      checkpointBytes,
      seed: prng.uint32(),
      control: port2,
      links,
      rules: [...(this.#rules[index] ?? [])].map(([to, rules]) => ({ to, rules })),
      gate,
    };
    const worker = spawn(data, [port2, ...links.flatMap(({ end }) => transferListOf(end))]);
    onStarted(index, incarnation, brokerEnd);
    return { incarnation, worker, control: new ControlClient<ServerControl>(port1), gate: new Int32Array(gate) };
  }

  /** A call whose failure shows elsewhere: the thread's exit is watched, and its next life is told anew. */
  #tell<Name extends 'attachLink' | 'replaceRules'>(
    index: ServerIndex,
    name: Name,
    args: Parameters<ServerControl[Name]>,
    transfer: ServerThreadData['control'][] = [],
  ): void {
    this.server(index)
      .life?.control.call(name, args, { timeoutMs: CONTROL_TIMEOUT_MS, transfer })
      .catch(() => undefined);
  }

  /** Above all numbers that this host gave and that the directory remembers. */
  #nextIncarnation(index: ServerIndex): Incarnation {
    const { config, directories, disk } = this.#options;
    const remembered = config.durability === 'memory' ? 0 : lastIncarnation(disk, directories[index] as string);
    const next = Math.max(this.#newest[index] as number, remembered) + 1;
    this.#newest[index] = next;
    return next as Incarnation;
  }
}
