/**
 * The thread of a server that a broker of another process joined: like any storage server's, but all its links end
 * here, to be carried further over a socket. It is started when a broker joins and ended when the next one does. Never
 * looks into a frame.
 */
import { assert } from '../src/lib/assert.ts';
import type { Prng } from '../src/lib/prng.ts';
import type { ClusterConfig } from '../src/model/config.ts';
import { type Incarnation, type ServerIndex, serverName } from '../src/model/ids.ts';
import type { ChannelEnd } from '../src/node/channel.ts';
import { nodeDisk } from '../src/node/disk.ts';
import type { Membership } from '../src/node/join.ts';
import { openLink } from '../src/node/link.ts';
import { LinkHub } from '../src/node/link-hub.ts';
import type { Log } from '../src/node/log.ts';
import type { Neighbour } from '../src/faults/action.ts';
import { spawnWorker } from '../src/node/spawn.ts';
import { asError } from './administration.ts';
import { CHECKPOINT_BYTES } from './cluster.ts';
import { Supervisor } from './supervisor/handlers.ts';

export type JoinedThreadOptions = {
  /** Where the folder of the server lies. */
  readonly directory: string;
  readonly config: ClusterConfig;
  readonly prng: Prng;
  readonly log: Log;
  /** A frame of the thread's, to be read during the call. */
  readonly onFrame: (to: Neighbour, bytes: Uint8Array, start: number, end: number) => void;
  /** Every frame of this turn was given, and what was sent has as much room as there is. */
  readonly onBatchEnd: () => void;
  /** It is of no use any more: its thread ended, or frames of a link are lost. */
  readonly onEnded: (reason: string) => void;
};

export class JoinedThread {
  readonly #options: JoinedThreadOptions;
  readonly #hub: LinkHub<Neighbour>;
  /** Ends of links that are not read yet. */
  readonly #ends = new Map<Neighbour, ChannelEnd>();
  #supervisor: Supervisor | null = null;
  #index = 0 as ServerIndex;
  #state = 'down';

  constructor(options: JoinedThreadOptions) {
    this.#options = options;
    this.#hub = new LinkHub<Neighbour>({
      onFrame: options.onFrame,
      onBatchEnd: options.onBatchEnd,
      onLinkLost: (_to, _link, { broken, reason }) => {
        if (broken) options.onEnded(reason);
      },
    });
  }

  /** What it last said of itself: a state of the storage server's machine. */
  get state(): string {
    return this.#state;
  }

  get incarnation(): Incarnation {
    return this.#supervisor?.server(this.#index).life?.incarnation ?? (0 as Incarnation);
  }

  get threadId(): number | null {
    return this.#supervisor?.server(this.#index).threadId ?? null;
  }

  /** Whether its links are read. */
  get isAttached(): boolean {
    return this.#hub.get('broker') !== null;
  }

  /** Bytes for the thread that it has no room for. */
  get backlogBytes(): number {
    return this.#hub.get('broker')?.backlogBytes ?? 0;
  }

  /** Starts it as a server of this cluster; its frames wait until `attach`. Throws UNAVAILABLE when there is no thread. */
  begin(membership: Membership): Incarnation {
    assert(this.#ends.size === 0, 'the thread before was ended');
    this.#index = membership.index;
    this.#supervisor ??= this.#newSupervisor(membership);
    const server = this.#supervisor.server(this.#index);
    server.start();
    if (server.life !== null) return server.life.incarnation;
    const { reason } = server;
    void server.stop(reason);
    throw asError({ code: 'UNAVAILABLE', message: reason });
  }

  /** From now on its links are read. */
  attach(): void {
    for (const [to, end] of this.#ends) {
      const fork = to === 'broker' ? 0 : to + 1;
      this.#hub.attach(to, (events) => openLink(end, this.#options.prng.fork(fork), events));
    }
    this.#ends.clear();
  }

  /** Ends it, with everything durable. Throws UNAVAILABLE when it does not end. */
  async end(): Promise<void> {
    const supervisor = this.#supervisor;
    if (supervisor === null) return;
    await supervisor.stopServer(this.#index);
    const { life, reason } = supervisor.server(this.#index);
    if (life !== null) throw asError({ code: 'UNAVAILABLE', message: reason });
    for (const { port } of this.#ends.values()) port.close();
    this.#ends.clear();
    // Without files the next broker may want a server of another shape.
    if (this.#options.config.durability === 'memory') this.#supervisor = null;
  }

  /** Puts a frame on the thread's link to `from`, copying it. */
  send(from: Neighbour, frame: Uint8Array): void {
    this.#hub.send(from, frame);
  }

  flush(): void {
    this.#hub.flush();
  }

  close(): void {
    this.#hub.close();
  }

  #newSupervisor({ index, servers, replicas }: Membership): Supervisor {
    const { config, directory, prng, log } = this.#options;
    return new Supervisor({
      config: { ...config, mode: 'replicated', servers, replicas },
      directories: Array.from({ length: servers }, (_, i) => `${directory}/${serverName(i as ServerIndex)}`),
      checkpointBytes: CHECKPOINT_BYTES,
      prng,
      disk: nodeDisk,
      faultsOf: () => null,
      spawn: (data, transferList) => spawnWorker('storage-server', { workerData: data, transferList }),
      onStarted: (_server, _incarnation, end) => this.#keep('broker', end),
      onExited: (_server, _incarnation, reason) => this.#onExited(reason),
      onNotice: () => undefined,
      onReport: (server, report) => {
        if (report.kind === 'state') this.#state = report.state;
        if (report.kind === 'failed') log('warn', report.reason, { server: serverName(server) });
      },
      remote: {
        has: (server) => server !== index,
        attach: (_server, peer, end) => this.#keep(peer, end),
      },
    });
  }

  #keep(to: Neighbour, end: ChannelEnd): void {
    this.#hub.detach(to);
    this.#ends.set(to, end);
  }

  #onExited(reason: string): void {
    this.#state = 'down';
    this.#options.onEnded(`its thread ended: ${reason}`);
    // The broker asks it to join again; until then there is nobody to start a thread for.
    setImmediate(() => {
      const server = this.#supervisor?.server(this.#index);
      if (server?.state === 'backingOff' || server?.state === 'givenUp') void server.stop(reason);
    });
  }
}
