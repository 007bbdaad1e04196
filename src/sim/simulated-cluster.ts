/**
 * A whole cluster in one thread and one seed: the real broker and the real storage servers over virtual time, links
 * that take their time and disks that forget what was not synced. It plays host, process and power supply; it decides
 * nothing.
 */
import { Broker } from '../broker/broker.ts';
import type { Update } from '../broker/updates.ts';
import { Prng } from '../lib/prng.ts';
import type { Rare } from '../lib/rare.ts';
import { type Command, NO_NOTES, type Reply } from '../model/commands.ts';
import type { ClusterConfig } from '../model/config.ts';
import type { Epoch, ServerIndex } from '../model/ids.ts';
import { HEARTBEAT_INTERVAL_MS } from '../model/limits.ts';
import type { LinkRule } from '../routing/link-rules.ts';
import type { RadixTrie } from '../trie/radix-trie.ts';
import { SimulatedClock } from './clock.ts';
import { ClusterLinks, type HostLife } from './cluster-links.ts';
import type { Neighbour, Survivors } from '../faults/action.ts';
import { EventQueue } from './event-queue.ts';
import { rareEvents } from './rare-events.ts';
import { SimulatedServer } from './server.ts';
import type { Life } from './server-life.ts';
import type { Knobs } from './server-world.ts';
import { SimulatedThread } from './thread.ts';
import { Trace } from './trace.ts';
import type { SimulatedWorld } from './world.ts';

export type ClusterOptions = {
  readonly config: ClusterConfig;
  readonly seed: number;
  readonly knobs: Knobs;
  readonly trace?: Trace;
};

/** What happens when the machine goes dark, or (`survivors` null) only its process dies. */
export type Blackout = {
  readonly survivors: Survivors | null;
  /** Milliseconds until the process is there again. */
  readonly offMs: number;
  /** The host's own epoch file is lost with it. */
  readonly losesEpochFile: boolean;
};

/** Who looks on: hears every frame that is handed over, and of every table that the host is to keep. */
export type Watcher = {
  onFrame(from: number, to: number, bytes: Uint8Array, start: number, end: number): void;
  onTable(table: Uint8Array): void;
  onTableKept(epoch: Epoch): void;
};

/** Milliseconds that keeping an epoch takes at most, where nothing else is drawn. */
const EPOCH_MS = 2;

export class SimulatedCluster implements SimulatedWorld {
  readonly queue = new EventQueue();
  readonly prng: Prng;
  readonly trace: Trace;
  readonly config: ClusterConfig;
  readonly servers: readonly SimulatedServer[];
  /** The clocks of the machine that the broker runs on. */
  readonly clock: SimulatedClock;
  /** What went wrong that no fault explains. */
  readonly bugs: string[] = [];
  watcher: Watcher | null = null;
  readonly #knobs: Knobs;
  readonly #rare: Rare;
  #isRare = true;
  readonly #links: ClusterLinks;
  #host: HostLife | null = null;
  #asked = new Set<{ readonly reply: (reply: Reply) => void }>();
  /** The host's epoch file: what is on its disk, and what is being written to it. */
  #epochFile: Uint8Array | null = null;
  /** Whether no broker has run yet. */
  #isNew = true;
  #epochPending: Uint8Array | null = null;

  constructor({ config, seed, knobs, trace }: ClusterOptions) {
    this.config = config;
    this.#knobs = knobs;
    this.prng = new Prng(seed);
    this.trace = trace ?? new Trace(null);
    this.clock = new SimulatedClock(this.queue);
    this.clock.drift(knobs.clockRate);
    this.#rare = rareEvents(seed, knobs.rare ?? [], {
      isOn: () => this.#isRare,
      onYes: (site) => this.trace.probes.hit(`rare ${site}`),
    });
    this.servers = Array.from(
      { length: config.servers },
      (_, index) =>
        new SimulatedServer(index as ServerIndex, {
          queue: this.queue,
          prng: this.prng,
          config,
          knobs,
          rare: this.#rare,
          isOn: () => this.#host !== null,
          onHost: (work) => this.#host?.thread.run(work),
          connect: (server, life) => this.#links.connect(server, life),
          onExited: (server, life, reason) => this.#onExited(server, life, reason),
          event: (server, what) => this.event(`s${server + 1} ${what}`),
          bug: (what) => this.#onBug(what),
        }),
    );
    this.#links = new ClusterLinks({
      queue: this.queue,
      prng: this.prng,
      knobs,
      servers: () => this.servers,
      host: () => this.#host,
      event: (what) => this.event(what),
      onHandedOver: (from, to, bytes, start, end) => this.#onHandedOver(from, to, bytes, start, end),
    });
    this.#boot();
  }

  /** The broker of now; null while there is no process. */
  get broker(): Broker | null {
    return this.#host?.broker ?? null;
  }

  /** What the host's disk has of the table of epochs, or null. */
  get epochFile(): Uint8Array | null {
    return this.#epochFile;
  }

  /** The broker's thread. */
  get hostThread(): SimulatedThread | null {
    return this.#host?.thread ?? null;
  }

  /** Whether every server is up and nothing is on its way. */
  get isSettled(): boolean {
    return this.#host?.broker.isSettled === true;
  }

  /** From now on nothing rare happens: what is whole stays whole. */
  endRare(): void {
    this.#isRare = false;
  }

  server(index: number): SimulatedServer {
    return this.servers[index] as SimulatedServer;
  }

  /** What a running server holds. */
  trieOf(index: number): RadixTrie | null {
    return this.server(index).life?.replica?.trie ?? null;
  }

  /** Writes down what happens. */
  event(what: string): void {
    this.trace.event(this.queue.nowMs, what);
  }

  wallMs(): number {
    return this.clock.wallMs();
  }

  submit(command: Command, reply: (reply: Reply) => void): void {
    this.#ask((broker, answer) => broker.submit(command, answer), reply);
  }

  update(update: Update, reply: (reply: Reply) => void): void {
    this.#ask((broker, answer) => broker.update(update, answer), reply);
  }

  #ask(ask: (broker: Broker, answer: (reply: Reply) => void) => void, reply: (reply: Reply) => void): void {
    const host = this.#host;
    if (host === null) {
      const error = { code: 'UNAVAILABLE', message: 'nobody listens' } as const;
      this.queue.after(1, () => reply({ kind: 'failed', error, notes: NO_NOTES }));
      return;
    }
    const asked = { reply };
    this.#asked.add(asked);
    host.thread.run(() =>
      ask(host.broker, (answer) => {
        if (!this.#asked.delete(asked)) return;
        this.trace.probes.onReply(answer);
        reply(answer);
      }),
    );
  }

  /** The process dies, with its machine or alone, and comes back. */
  blackout({ survivors, offMs, losesEpochFile }: Blackout): void {
    this.event(survivors === null ? 'the process dies' : `the machine goes dark, ${survivors} survives`);
    for (const server of this.servers) server.fall(survivors);
    this.#host?.thread.end();
    this.#host = null;
    if (this.#epochPending !== null && this.prng.chance(0.5)) this.#epochFile = this.#epochPending;
    this.#epochPending = null;
    if (losesEpochFile) this.#epochFile = null;
    const asked = this.#asked;
    this.#asked = new Set();
    const error = { code: 'TIMEOUT', message: 'the connection broke' } as const;
    for (const { reply } of asked) reply({ kind: 'failed', error, notes: NO_NOTES });
    this.queue.after(offMs, () => this.#boot());
  }

  /** What happens to frames that `from` sends to `to`, over this and every later link. */
  replaceRules(from: Neighbour, to: Neighbour, rules: readonly LinkRule[]): void {
    this.#links.replaceRules(from, to, rules);
  }

  #boot(): void {
    if (this.#host !== null) return;
    this.#links.clear();
    const thread = new SimulatedThread(this.queue, (error) => {
      this.#onBug(`the broker threw ${error instanceof Error ? error.stack : String(error)}`);
      throw error;
    });
    const isAlive = (): boolean => this.#host?.thread === thread;
    const broker: Broker = new Broker(
      this.config,
      {
        send: (server, frame) => {
          if (isAlive()) this.#links.toServer(server)?.send(frame);
        },
        backlogBytes: (server) => this.#links.toServer(server)?.backlogBytes ?? 0,
        now: () => this.clock.monotonicMs(),
        wallMs: () => this.clock.wallMs(),
        persistEpoch: (bytes, epoch: Epoch) => {
          this.#epochPending = bytes;
          this.watcher?.onTable(bytes);
          this.queue.after(this.prng.float() * (this.#knobs.epochMs ?? EPOCH_MS), () => {
            if (!isAlive()) return;
            this.#epochFile = bytes;
            this.#epochPending = null;
            this.watcher?.onTableKept(epoch);
            this.event(`epoch ${epoch} is kept`);
            thread.run(() => broker.onEpochPersisted(epoch));
          });
        },
        terminate: (server, incarnation, reason) => {
          const { life } = this.server(server);
          if (isAlive() && life?.incarnation === incarnation) this.server(server).kill(reason);
        },
        describe: (server) => `s${server + 1}`,
        note: (server, text) => this.event(`note ${server === null ? '' : `s${server + 1} `}${text}`),
        rare: this.#rare,
      },
      this.#epochFile ?? (this.#isNew ? 'none' : 'lost'),
    );
    this.#isNew = false;
    this.#host = { broker, thread };
    this.event('the process starts');
    this.#tick(this.#host);
    for (const server of this.servers) server.boot();
  }

  #tick(host: HostLife): void {
    this.queue.after(HEARTBEAT_INTERVAL_MS + this.prng.float() * this.#knobs.lateMs, () => {
      if (this.#host !== host) return;
      // As timers do: one that was due long ago rings once.
      host.thread.run(() => {
        host.broker.onTick();
        this.#tick(host);
      });
    });
  }

  #onExited(server: SimulatedServer, life: Life, reason: string): void {
    const host = this.#host;
    if (host === null || !life.isAnnounced) return;
    host.broker.onServerExited(server.index, life.incarnation, reason);
  }

  #onHandedOver(from: number, to: number, bytes: Uint8Array, start: number, end: number): void {
    this.trace.frame(this.queue.nowMs, from, to, bytes, start, end);
    this.watcher?.onFrame(from, to, bytes, start, end);
  }

  #onBug(what: string): void {
    this.bugs.push(what);
    this.event(`bug ${what.split('\n')[0]}`);
  }
}
