/**
 * A whole cluster in one thread and one seed: the real broker and the real replicas over virtual time, links that
 * take their time and disks that forget what was not synced. It plays host and supervisor; it decides nothing.
 */
import { Broker } from '../broker/broker.ts';
import { Prng } from '../lib/prng.ts';
import { type Command, NO_NOTES, type Reply } from '../model/commands.ts';
import type { ClusterConfig } from '../model/config.ts';
import type { Epoch, Incarnation, ServerIndex } from '../model/ids.ts';
import { HEARTBEAT_INTERVAL_MS } from '../model/limits.ts';
import { Replica } from '../replica/replica.ts';
import { openStore } from '../storage/recovery.ts';
import type { RadixTrie } from '../trie/radix-trie.ts';
import { SimulatedDisk } from './disk.ts';
import { EventQueue } from './event-queue.ts';
import { SimulatedLink } from './link.ts';

export type SimulationOptions = {
  readonly config: ClusterConfig;
  readonly seed: number;
  readonly checkpointBytes: number;
  readonly segmentBytes: number;
};

type Life = {
  readonly incarnation: Incarnation;
  readonly replica: Replica;
  readonly links: SimulatedLink[];
  over: boolean;
};

type Node = {
  readonly index: ServerIndex;
  readonly disk: SimulatedDisk;
  life: Life | null;
  incarnation: number;
  /** Stopped by the script: nobody restarts it. */
  stopped: boolean;
  hungUntilMs: number;
};

const LINK_DELAY_MS = 2;
const EXIT_DELAY_MS = 5;
const RESTART_DELAY_MS = 100;

export class SimulatedCluster {
  readonly queue = new EventQueue();
  readonly prng: Prng;
  readonly #options: SimulationOptions;
  readonly #nodes: Node[];
  #broker: Broker;
  #brokerLife = 0;
  #asked = new Set<{ readonly reply: (reply: Reply) => void }>();
  /** The host's epoch file: what is on its disk. */
  #epochFile: Uint8Array | null = null;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.prng = new Prng(options.seed);
    this.#nodes = Array.from({ length: options.config.servers }, (_, index) => this.#newNode(index as ServerIndex));
    this.#broker = this.#newBroker();
    for (const node of this.#nodes) this.#startSoon(node, 0);
  }

  get broker(): Broker {
    return this.#broker;
  }

  /** Asks the broker of now. When the host dies first, its client sees the connection break: the outcome is unknown. */
  submit(command: Command, reply: (reply: Reply) => void): void {
    const asked = { reply };
    this.#asked.add(asked);
    this.#broker.submit(command, (answer) => {
      if (this.#asked.delete(asked)) reply(answer);
    });
  }

  isRunning(server: number): boolean {
    return this.#nodes[server]?.life != null;
  }

  /** What a running server holds. */
  trieOf(server: number): RadixTrie | null {
    return this.#nodes[server]?.life?.replica.trie ?? null;
  }

  diskOf(server: number): SimulatedDisk {
    return (this.#nodes[server] as Node).disk;
  }

  /** Ends a server at once; what it wrote stays in the page cache. `stays`: until `restart`. */
  crash(server: number, { stays }: { stays: boolean }): void {
    const node = this.#nodes[server] as Node;
    node.stopped = stays;
    this.#end(node, 'crashed');
  }

  restart(server: number): void {
    const node = this.#nodes[server] as Node;
    node.stopped = false;
    if (node.life === null) this.#startSoon(node, 1);
  }

  /** Its thread stops answering; what reaches it waits. */
  hang(server: number, durationMs: number): void {
    const node = this.#nodes[server] as Node;
    // Two hangs are one long one: frames that wait must not be overtaken.
    node.hungUntilMs = Math.max(node.hungUntilMs, this.queue.nowMs + durationMs);
  }

  /**
   * The machine goes dark: every server and the broker die, and disks keep only what they owe (and chance). Servers
   * named in `absent` stay down until `restart`.
   */
  powerLoss(absent: readonly number[] = []): void {
    for (const node of this.#nodes) {
      this.#end(node, 'power loss');
      node.disk.crash(this.prng.pick(['none', 'prefix', 'random'] as const), this.prng);
      node.stopped = absent.includes(node.index);
    }
    this.#broker = this.#newBroker();
    for (const node of this.#nodes) {
      if (!node.stopped) continue;
      // It is started like the others and does not get as far as to open its disk.
      const incarnation = ++node.incarnation as Incarnation;
      this.#broker.onServerStarted(node.index, incarnation);
      this.queue.after(this.prng.float() * EXIT_DELAY_MS, () => {
        this.#broker.onServerExited(node.index, incarnation, 'its disk is not there');
      });
    }
    for (const node of this.#nodes) this.#startSoon(node, this.prng.below(50));
    const asked = this.#asked;
    this.#asked = new Set();
    const error = { code: 'TIMEOUT', message: 'the connection broke' } as const;
    for (const { reply } of asked) reply({ kind: 'failed', error, notes: NO_NOTES });
  }

  /** One server loses what it had not synced. */
  powerLossOf(server: number): void {
    const node = this.#nodes[server] as Node;
    this.#end(node, 'power loss');
    node.disk.crash(this.prng.pick(['none', 'prefix', 'random'] as const), this.prng);
  }

  /** Its directory is gone. */
  wipe(server: number): void {
    const node = this.#nodes[server] as Node;
    this.#end(node, 'wiped');
    (this.#nodes[server] as { disk: SimulatedDisk }).disk = this.#newDisk();
  }

  loseEpochFile(): void {
    this.#epochFile = null;
  }

  #newNode(index: ServerIndex): Node {
    return { index, disk: this.#newDisk(), life: null, incarnation: 0, stopped: false, hungUntilMs: 0 };
  }

  #newDisk(): SimulatedDisk {
    return new SimulatedDisk({
      latencyMs: () => 0.1 + this.prng.float(),
      after: (delayMs, run) => this.queue.after(delayMs, run),
    });
  }

  #newBroker(): Broker {
    const life = ++this.#brokerLife;
    const alive = (): boolean => life === this.#brokerLife;
    const broker: Broker = new Broker(
      this.#options.config,
      {
        send: (server, frame) => {
          if (alive()) this.#linkTo(server)?.send(frame);
        },
        backlogBytes: () => 0,
        now: () => this.queue.nowMs,
        wallMs: () => this.queue.nowMs,
        persistEpoch: (bytes, epoch: Epoch) => {
          this.queue.after(this.prng.float() * 2, () => {
            if (!alive()) return;
            this.#epochFile = bytes;
            broker.onEpochPersisted(epoch);
          });
        },
        terminate: (server, incarnation, reason) => {
          const node = this.#nodes[server] as Node;
          if (alive() && node.life?.incarnation === incarnation) this.#end(node, reason);
        },
        describe: (server) => `s${server + 1}`,
        note: () => {},
      },
      this.#epochFile,
    );
    const tick = (): void => {
      if (!alive()) return;
      broker.onTick();
      this.queue.after(HEARTBEAT_INTERVAL_MS, tick);
    };
    this.queue.after(HEARTBEAT_INTERVAL_MS, tick);
    return broker;
  }

  #startSoon(node: Node, delayMs: number): void {
    const life = this.#brokerLife;
    this.queue.after(delayMs, () => {
      if (node.life === null && !node.stopped && life === this.#brokerLife) this.#start(node);
    });
  }

  #start(node: Node): void {
    const { config } = this.#options;
    const incarnation = ++node.incarnation as Incarnation;
    const links: SimulatedLink[] = [];
    let idling = false;
    const life: Life = {
      incarnation,
      links,
      over: false,
      replica: new Replica(
        {
          servers: config.servers,
          replicas: config.replicas,
          index: node.index,
          incarnation,
          checkpointBytes: this.#options.checkpointBytes,
        },
        {
          send: (to, frame) => {
            if (life.over) return;
            if (to === 'broker') toBroker.send(frame);
            else this.#peerLink(node, life, to)?.send(frame);
          },
          openStore: (visit) => openStore(node.disk, 'data', this.#storeOptions(node), visit),
          setAside: () => node.disk.rename('data', `data.corrupt-${incarnation}`),
          wake: () => {
            if (idling) return;
            idling = true;
            const step = (): void => {
              idling = false;
              if (!life.over && life.replica.onIdle()) wakeAgain();
            };
            const wakeAgain = (): void => {
              idling = true;
              this.queue.after(0.05, step);
            };
            wakeAgain();
          },
          phase: () => {},
          epoch: () => {},
          fail: (reason) => this.#end(node, reason),
        },
      ),
    };
    const toBroker = this.#newLink((frame) => {
      if (this.#broker === hearing) this.#broker.onFrame(node.index, frame, 0, frame.length);
    });
    const hearing = this.#broker;
    const fromBroker = this.#newLink((frame) => this.#deliver(node, life, 'broker', frame));
    links.push(toBroker, fromBroker);
    node.life = life;
    this.#broker.onServerStarted(node.index, incarnation);
    life.replica.start();
  }

  #storeOptions(node: Node) {
    return {
      server: `s${node.index + 1}`,
      durability: this.#options.config.durability,
      segmentBytes: this.#options.segmentBytes,
    };
  }

  #deliver(node: Node, life: Life, from: 'broker' | ServerIndex, frame: Uint8Array): void {
    if (life.over) return;
    const waitMs = node.hungUntilMs - this.queue.nowMs;
    if (waitMs > 0) {
      this.queue.after(waitMs, () => this.#deliver(node, life, from, frame));
      return;
    }
    life.replica.onFrame(from, frame, 0, frame.length);
    // Batches of every size: the end of a turn comes sooner or later than the next frame.
    this.queue.after(this.prng.float() * 0.5, () => {
      if (!life.over) life.replica.onBatchEnd();
    });
  }

  #linkTo(server: ServerIndex): SimulatedLink | undefined {
    return this.#nodes[server]?.life?.links[1];
  }

  /** The direct link of a pair, made when first used; it belongs to both lives. */
  #peerLink(node: Node, life: Life, to: ServerIndex): SimulatedLink | undefined {
    const peer = this.#nodes[to] as Node;
    const peerLife = peer.life;
    if (peerLife === null) return undefined;
    const known = this.#peerLinks.get(life)?.get(peerLife);
    if (known !== undefined) return known;
    const link = this.#newLink((frame) => this.#deliver(peer, peerLife, node.index, frame));
    const ofLife = this.#peerLinks.get(life) ?? new Map<Life, SimulatedLink>();
    ofLife.set(peerLife, link);
    this.#peerLinks.set(life, ofLife);
    life.links.push(link);
    return link;
  }

  readonly #peerLinks = new WeakMap<Life, Map<Life, SimulatedLink>>();

  #newLink(deliver: (frame: Uint8Array) => void): SimulatedLink {
    return new SimulatedLink(this.queue, () => this.prng.float() * LINK_DELAY_MS, deliver);
  }

  #end(node: Node, reason: string): void {
    const { life } = node;
    if (life === null) return;
    life.over = true;
    node.life = null;
    node.disk.kill();
    node.hungUntilMs = 0;
    const broker = this.#broker;
    this.queue.after(this.prng.float() * EXIT_DELAY_MS, () => {
      for (const link of life.links) link.close();
      if (broker !== this.#broker) return;
      broker.onServerExited(node.index, life.incarnation, reason);
      if (!node.stopped) this.#startSoon(node, this.prng.float() * RESTART_DELAY_MS);
    });
  }
}
