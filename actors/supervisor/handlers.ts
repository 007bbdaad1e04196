/**
 * The supervisor as an actor: gives every storage server a thread, a link to the broker and one direct link to each
 * other server, and keeps them running. It never reads a frame. What a fault does to threads and links is in
 * fault-host.ts.
 */
import { MessageChannel, type Worker } from 'node:worker_threads';
import type { Neighbour } from '../../src/faults/action.ts';
import type { Prng } from '../../src/lib/prng.ts';
import type { ClusterConfig } from '../../src/model/config.ts';
import { allServers, type Incarnation, type ServerIndex } from '../../src/model/ids.ts';
import { RING_BYTES } from '../../src/model/limits.ts';
import type { ChannelEnd } from '../../src/node/channel.ts';
import { ControlClient, ControlError } from '../../src/node/control.ts';
import { createLinkEnds, transferListOf } from '../../src/node/link.ts';
import {
  GATE,
  GATE_WORD,
  GATE_WORDS,
  lastIncarnation,
  type ServerControl,
  type ServerReport,
  type ServerThreadData,
} from '../../src/node/server-thread.ts';
import type { LinkRule } from '../../src/routing/link-rules.ts';
import type { Disk } from '../../src/storage/disk.ts';
import { LinkRings, type MadeLink } from './link-rings.ts';
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
  /** Whether whoever has the broker's ends of the links looks at them at every tick, so that heartbeats need not ring. */
  readonly quietHeartbeats?: boolean;
  /** For the numbers of incarnations. */
  readonly disk: Disk;
  /** A thread that begins as actors/storage-server/thread.ts does. */
  readonly spawn: (data: ServerThreadData, transferList: ServerThreadData['control'][]) => Worker;
  /** The faults that act inside a server's thread from its beginning; null when there can be none. */
  readonly faultsOf: (server: ServerIndex) => ServerThreadData['faults'];
  /** A thread was started; `end` is the broker's end of its link. The link of the life before must be closed when this returns. */
  readonly onStarted: (server: ServerIndex, incarnation: Incarnation, end: ChannelEnd) => void;
  /** Its thread is gone. Not called for threads that end because the host stops. */
  readonly onExited: (server: ServerIndex, incarnation: Incarnation, reason: string) => void;
  readonly onNotice: (notice: SupervisorNotice) => void;
  readonly onReport: (server: ServerIndex, report: ServerReport) => void;
  /** Servers that are processes of their own: they have no thread here, and links to them end in this thread. */
  readonly remote?: {
    has(server: ServerIndex): boolean;
    /** `end`: the remote `peer`'s end of its link with a new life of `server`. */
    attach(server: ServerIndex, peer: ServerIndex, end: ChannelEnd): void;
  };
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
  readonly #rings = new LinkRings();
  /** The incarnation of each server that the broker was told of. */
  readonly #announced = new Map<ServerIndex, Incarnation>();
  #isStopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const indexes = allServers(options.config.servers);
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
            if (!this.#isStopping && this.#announced.get(server) === incarnation) {
              options.onExited(server, incarnation, reason);
            }
          },
          onState: (server, state, incarnation, reason) =>
            options.onNotice({ server, state, incarnation, reason, at: Date.now() }),
          onReport: options.onReport,
        }),
    );
  }

  /** Starts every server that is to run here and does not. */
  start(): void {
    for (const server of this.servers) if (!this.#isRemote(server.index)) server.start();
  }

  /** The same when all faults were healed: what they did to servers does not count against them. */
  startHealed(): void {
    for (const server of this.servers) server.pardon();
    this.start();
  }

  #isRemote(server: ServerIndex): boolean {
    return this.#options.remote?.has(server) === true;
  }

  /** Lets one server finish and close its files; it stays down until it is started. Settles when its thread is gone. */
  stopServer(index: ServerIndex): Promise<void> {
    return this.#stop(this.server(index));
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
    // A dead server's next life begins with them.
    const { life } = this.server(from);
    life?.control.call('replaceRules', [to, rules], { timeoutMs: CONTROL_TIMEOUT_MS }).catch(() => undefined);
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
    Atomics.store(life.gate, GATE_WORD.hang, GATE.open);
    Atomics.notify(life.gate, GATE_WORD.hang);
    try {
      await life.control.call('stop', [], { timeoutMs: CONTROL_TIMEOUT_MS });
    } catch {
      // It died on the way, or does not answer: either way nothing more can be asked of it.
      await server.stop('the host stops');
    }
    await server.exited();
  }

  #begin(index: ServerIndex, incarnation: Incarnation): Life {
    const { config, directories, checkpointBytes, prng, spawn } = this.#options;
    const { port1, port2 } = new MessageChannel();
    const gate = new SharedArrayBuffer(4 * GATE_WORDS);
    const toBroker = this.#rings.make(`broker ${index}`, RING_BYTES);
    const links: { to: Neighbour; end: ChannelEnd }[] = [{ to: 'broker', end: toBroker.there }];
    const attached: Promise<void>[] = [];
    for (const peer of this.servers) {
      if (peer.index !== index && this.#isRemote(peer.index)) {
        // Only catch-up goes this way, and through this thread at that: a ring would not make it faster.
        const [here, there] = createLinkEnds('port');
        links.push({ to: peer.index, end: here });
        this.#options.remote?.attach(index, peer.index, there);
      }
      // One that ends, or is stuck, answers no call: its next life gets links of its own.
      if (peer.index === index || peer.life === null || !isUsed(peer.state)) continue;
      const link = this.#rings.make([index, peer.index].toSorted((a, b) => a - b).join(), PEER_RING_BYTES);
      links.push({ to: peer.index, end: link.here });
      attached.push(attach(peer.life, index, link));
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
      quietHeartbeats: this.#options.quietHeartbeats === true,
      links,
      rules: [...(this.#rules[index] ?? [])].map(([to, rules]) => ({ to, rules })),
      gate,
      faults: this.#options.faultsOf(index),
    };
    const worker = spawn(data, [port2, ...links.flatMap(({ end }) => transferListOf(end))]);
    const life: Life = {
      index,
      incarnation,
      worker,
      control: new ControlClient<ServerControl>(port1),
      gate: new Int32Array(gate),
    };
    // Whoever is to answer the new server has its link to it before the broker knows of it: what is sent into the
    // link to the last life is lost, and a catch-up would wait for it for ever.
    void Promise.all(attached).then(() => this.#announce(life, toBroker));
    return life;
  }

  #announce({ index, incarnation }: Life, { here, letGo }: MadeLink): void {
    if (this.server(index).life?.incarnation !== incarnation) {
      here.port.close();
      return;
    }
    this.#announced.set(index, incarnation);
    this.#options.onStarted(index, incarnation, here);
    letGo();
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

function isUsed(state: SupervisedState): boolean {
  return state === 'starting' || state === 'running';
}

/**
 * Hands a living server its end of a new link to `index`. Settles when it has it, and so has let go of the one before,
 * or is dead, or does not answer in time: then it may still write into the one before, whose rings are not used again.
 */
async function attach(life: Life, index: ServerIndex, { there, letGo }: MadeLink): Promise<void> {
  try {
    const options = { timeoutMs: CONTROL_TIMEOUT_MS, transfer: transferListOf(there) };
    await life.control.call('attachLink', [index, there], options);
    letGo();
  } catch (error) {
    // Its exit is watched, and its next life gets links of its own.
    if (error instanceof ControlError && error.code === 'DEAD') letGo();
  }
}
