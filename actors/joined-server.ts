/**
 * A storage server that belongs to the cluster of a broker in another process: its thread, whose links all end here,
 * and the socket on which their frames go to the broker and come back. One broker at a time, and none that knows of an
 * older epoch than this server does. Never looks into a frame beyond its kind.
 */
import type { Prng } from '../src/lib/prng.ts';
import { ByteReader } from '../src/lib/bytes.ts';
import { ok } from '../src/lib/result.ts';
import type { CommandPort } from '../src/model/commands.ts';
import type { ClusterConfig } from '../src/model/config.ts';
import { FRAME } from '../src/model/frames.ts';
import { type ServerIndex, serverName } from '../src/model/ids.ts';
import type { ServerState, ServerStatus } from '../src/model/status.ts';
import type { KvError } from '../src/model/errors.ts';
import { nodeDisk } from '../src/node/disk.ts';
import type { FrameSocket } from '../src/node/frame-socket.ts';
import { joinedWords, keepMembership, type Membership, parseJoin, readMembership } from '../src/node/join.ts';
import type { Log } from '../src/node/log.ts';
import type { Neighbour } from '../src/faults/action.ts';
import { claimDirectory } from '../src/storage/format.ts';
import { asError, valueOf } from './administration.ts';
import { JoinedCopies } from './joined-copies.ts';
import { JoinedThread } from './joined-thread.ts';
import { acceptOnce } from './accept-once.ts';

/** Milliseconds without a frame of the broker, which sends one every 100: its machine is gone, not only its process. */
const BROKER_SILENCE_MS_MAX = 5_000;
/**
 * The same before its first heartbeat: a broker that starts waits for other servers and for what this one has to read,
 * but ends the connection itself after half a minute of either.
 */
const BROKER_START_MS_MAX = 120_000;
const CHECK_INTERVAL_MS = 500;

/** Bytes for the thread that it has no room for: reading the socket pauses above the first figure, until the second. */
const BACKLOG_BYTES_HIGH = 8 * 1024 * 1024;
const BACKLOG_BYTES_LOW = 1024 * 1024;

export type JoinedServerOptions = {
  /** The address that the text port is bound to. */
  readonly host: string;
  /** Where what belongs to the cluster lies. */
  readonly directory: string;
  readonly config: ClusterConfig;
  readonly prng: Prng;
  readonly log: Log;
};

/** A broker that has joined, or was told where to connect. `beats`: it serves, so it is never silent for long. */
type Broker = { readonly since: string; socket: FrameSocket | null; beats: boolean; heardMs: number };

export class JoinedServer {
  readonly copies: CommandPort;
  readonly #options: JoinedServerOptions;
  readonly #copies: JoinedCopies;
  readonly #thread: JoinedThread;
  readonly #checking: NodeJS.Timeout;
  #membership: Membership | null;
  #broker: Broker | null = null;
  #reason = 'no broker has joined it since it was started';
  #since = new Date().toISOString();
  #keys = 0;
  #walBytes = 0;
  #isPaused = false;

  /** Reads the membership of an earlier life; throws a KvError when that is damaged. */
  constructor(options: JoinedServerOptions) {
    this.#options = options;
    this.#membership = this.#isKept ? valueOf(readMembership(nodeDisk, options.directory)) : null;
    this.#copies = new JoinedCopies({
      send: (frame) => this.#thread.send('broker', frame),
      unready: () => this.#unready(),
      refusal: () => this.#refusal(),
    });
    this.copies = this.#copies;
    this.#thread = new JoinedThread({
      ...options,
      onFrame: (to, bytes, start, end) => this.#onThreadFrame(to, bytes, start, end),
      onBatchEnd: () => {
        this.#broker?.socket?.flush();
        if (this.#isPaused && this.#thread.backlogBytes <= BACKLOG_BYTES_LOW) this.#resume();
      },
      onEnded: (reason) => {
        this.#copies.fail(reason);
        this.#broker?.socket?.destroy(reason);
      },
    });
    this.#checking = setInterval(() => this.#check(), CHECK_INTERVAL_MS);
  }

  /** Its place in a cluster, or null when no broker ever joined it. */
  get membership(): Membership | null {
    return this.#membership;
  }

  get #isKept(): boolean {
    return this.#options.config.durability !== 'memory';
  }

  /**
   * Answers a JOIN: the words behind OK. `prepare` ends what else this process does with the port. Throws USAGE,
   * CONFLICT while another broker is there, after a newer one, or for another place in the cluster; DISK.
   */
  async join(request: string, prepare: () => Promise<void>): Promise<string> {
    const wanted = valueOf(parseJoin(request));
    this.#checkMembership(wanted);
    if (this.#broker !== null) {
      throw conflict(`a broker has it since ${this.#broker.since}, and it serves one at a time`);
    }
    const broker: Broker = { since: new Date().toISOString(), socket: null, beats: false, heardMs: performance.now() };
    this.#broker = broker;
    try {
      await prepare();
      await this.#thread.end();
      this.#remember({ ...wanted, epoch: Math.max(wanted.epoch, this.#membership?.epoch ?? 0) });
      const incarnation = this.#thread.begin(wanted);
      const { port, token } = await acceptOnce(this.#options.host, {
        onSocket: (socket) => this.#onConnected(broker, socket),
        onNobody: () => this.#onClosed(broker, 'the broker that joined did not connect'),
      });
      return joinedWords({ port, incarnation, token });
    } catch (error) {
      if (this.#broker === broker) this.#broker = null;
      throw error;
    }
  }

  status(address: string): ServerStatus {
    const membership = this.#membership;
    return {
      id: membership === null ? serverName(0 as ServerIndex) : serverName(membership.index),
      address,
      state: this.#state(),
      role: 'owner',
      incarnation: this.#thread.incarnation,
      threadId: this.#thread.threadId,
      keys: this.#keys,
      walBytes: this.#walBytes,
      progress: null,
      since: this.#since,
      reason: this.#broker === null ? this.#reason : null,
      lastError: null,
      clockOffsetMs: 0,
    };
  }

  async stop(): Promise<void> {
    clearInterval(this.#checking);
    const broker = this.#broker;
    this.#broker = null;
    await this.#thread.end();
    broker?.socket?.end();
    this.#thread.close();
  }

  #state(): ServerState {
    if (this.#broker?.socket == null) return 'down';
    return this.#thread.state.split('.')[0] as ServerState;
  }

  /** The same place in the same cluster as ever, by a broker that is not behind. */
  #checkMembership(wanted: Membership): void {
    const known = this.#membership;
    if (known === null) return;
    for (const field of ['index', 'servers', 'replicas'] as const) {
      // Without files nothing is left of the place it had.
      if (this.#isKept && known[field] !== wanted[field]) {
        const { index, servers, replicas } = known;
        throw conflict(`its data is that of ${serverName(index)} among ${servers} servers with ${replicas} copies`);
      }
    }
    // A broker that remembers nothing asks the servers what is current; one that remembers an older time would not.
    if (wanted.epoch > 0 && wanted.epoch < known.epoch) {
      throw conflict(`a newer broker had it: it knows epoch ${known.epoch}, the one that asks epoch ${wanted.epoch}`);
    }
  }

  #remember(membership: Membership): void {
    if (this.#isKept) {
      const { directory } = this.#options;
      const { servers, replicas } = membership;
      valueOf(claimDirectory(nodeDisk, directory, { mode: 'replicated', servers, replicas }));
      valueOf(keepMembership(nodeDisk, directory, membership));
    }
    this.#membership = membership;
  }

  #onConnected(broker: Broker, socket: FrameSocket): void {
    if (this.#broker !== broker) {
      socket.destroy('its time was over');
      return;
    }
    broker.socket = socket;
    broker.heardMs = performance.now();
    this.#since = broker.since;
    this.#isPaused = false;
    const place = this.#membership === null ? '' : ` as ${serverName(this.#membership.index)}`;
    this.#options.log('info', `joined by a broker${place}`);
    this.#thread.attach();
    socket.listen({
      onFrame: (from, bytes, start, end) => this.#onSocketFrame(from, bytes, start, end),
      onBatchEnd: () => {
        broker.heardMs = performance.now();
        this.#thread.flush();
        if (this.#thread.backlogBytes > BACKLOG_BYTES_HIGH) {
          this.#isPaused = true;
          socket.pause();
        }
      },
      onClosed: (reason) => this.#onClosed(broker, reason),
    });
  }

  /** The thread goes on until the next broker: it answers reads at this server's own port. */
  #onClosed(broker: Broker, reason: string): void {
    if (this.#broker !== broker) return;
    this.#broker = null;
    this.#reason = `its broker is gone: ${reason}`;
    this.#since = new Date().toISOString();
    this.#options.log('info', `left by its broker: ${reason}`);
  }

  #onThreadFrame(to: Neighbour, bytes: Uint8Array, start: number, end: number): void {
    if (to === 'broker') {
      if (this.#copies.onFrame(bytes, start, end)) return;
      if (bytes[start] === FRAME.pong) {
        const reader = new ByteReader(bytes, start + 1, end);
        this.#keys = reader.f64();
        this.#walBytes = reader.f64();
      }
    }
    this.#broker?.socket?.send(to, bytes, start, end);
  }

  #onSocketFrame(from: Neighbour, bytes: Uint8Array, start: number, end: number): void {
    if (from === 'broker') {
      if (bytes[start] === FRAME.epoch) {
        if (!this.#keepsEpoch(new ByteReader(bytes, start + 1, end).f64())) return;
      } else if (bytes[start] === FRAME.ping && this.#broker !== null) this.#broker.beats = true;
    }
    this.#thread.send(from, bytes.subarray(start, end));
  }

  /**
   * The broker's own file has this epoch already: from now on, no broker that does not know it may come. Where the disk
   * refuses to remember that, this broker has to go: it asks again, and is told what the disk says until it is well.
   */
  #keepsEpoch(epoch: number): boolean {
    const known = this.#membership;
    if (known === null || epoch <= known.epoch) return true;
    const membership = { ...known, epoch };
    const kept = this.#isKept ? keepMembership(nodeDisk, this.#options.directory, membership) : ok(undefined);
    if (kept.ok) this.#membership = membership;
    else this.#broker?.socket?.destroy(kept.error.message);
    return kept.ok;
  }

  #check(): void {
    const now = performance.now();
    this.#copies.expire(now);
    const socket = this.#broker?.socket;
    if (this.#broker === null || socket == null) return;
    // What a thread that hangs has not taken yet is not the broker's silence.
    if (this.#isPaused) this.#broker.heardMs = now;
    const silentMs = now - this.#broker.heardMs;
    const silentMsMax = this.#broker.beats ? BROKER_SILENCE_MS_MAX : BROKER_START_MS_MAX;
    if (silentMs > silentMsMax) socket.destroy(`no frame of the broker for ${Math.round(silentMs)} ms`);
  }

  #resume(): void {
    this.#isPaused = false;
    this.#broker?.socket?.resume();
  }

  #unready(): KvError | null {
    if (!this.#thread.isAttached || this.#thread.state === 'down') {
      return { code: 'LOADING', message: `this server waits for its broker: ${this.#reason}` };
    }
    const isRecovering = this.#thread.state === 'recovering.loading' || this.#thread.state === 'recovering.replaying';
    return isRecovering ? { code: 'LOADING', message: 'this server is recovering' } : null;
  }

  #refusal(): KvError {
    const membership = this.#membership;
    const place = membership === null ? 'a server' : `${serverName(membership.index)} of ${membership.servers}`;
    return { code: 'NOTLEADER', message: `this is ${place} in a cluster: write to the broker that joined it` };
  }
}

function conflict(message: string): Error & KvError {
  return asError({ code: 'CONFLICT', message });
}
