/**
 * The storage servers of a broker that are processes of their own, and the links that go through the broker's process:
 * between two of them, and between one of them and a server that is a thread here. Knows where a frame goes, never
 * what it says.
 */
import type { Neighbour } from '../src/faults/action.ts';
import type { LinkRule } from '../src/routing/link-rules.ts';
import type { ClusterConfig } from '../src/model/config.ts';
import type { KvError } from '../src/model/errors.ts';
import type { Incarnation, ServerIndex } from '../src/model/ids.ts';
import { SERVERS_MAX } from '../src/model/limits.ts';
import type { ChannelEnd } from '../src/node/channel.ts';
import { openLink } from '../src/node/link.ts';
import { LinkHub } from '../src/node/link-hub.ts';
import type { Prng } from '../src/lib/prng.ts';
import { RemotePasses } from './remote-passes.ts';
import { type Address, RemoteServer, type RemoteServerHost } from './remote-server.ts';

export type RemoteServersOptions = Pick<RemoteServerHost, 'onStarted' | 'onExited' | 'onBatchEnd' | 'note'> & {
  readonly config: ClusterConfig;
  /** The servers that are joined; all others of the cluster are threads of this process. */
  readonly addresses: ReadonlyMap<ServerIndex, Address>;
  readonly prng: Prng;
  /** The newest epoch that the broker knows; 0 when it remembers none. */
  readonly epoch: () => number;
  /** A frame for the broker. */
  readonly onFrame: (server: ServerIndex, bytes: Uint8Array, start: number, end: number) => void;
};

export class RemoteServers {
  readonly #options: RemoteServersOptions;
  readonly #servers = new Map<ServerIndex, RemoteServer>();
  /** Links of threads here to remote servers, by `linkOf`. */
  readonly #links: LinkHub<number>;
  readonly #passes: RemotePasses;

  constructor(options: RemoteServersOptions) {
    this.#options = options;
    const host: RemoteServerHost = {
      membership: (index) => {
        const { servers, replicas } = options.config;
        return { index, servers, replicas, epoch: options.epoch() };
      },
      onStarted: options.onStarted,
      onExited: (server, incarnation, reason) => {
        this.#passes.forget(server);
        options.onExited(server, incarnation, reason);
      },
      onBatchEnd: () => this.#onBatchEnd(),
      onFrame: (from, to, bytes, start, end) => {
        if (!this.#passes.takes(from, to, bytes, start, end)) this.#deliver(from, to, bytes, start, end);
      },
      note: options.note,
    };
    this.#passes = new RemotePasses({
      prng: options.prng.fork(SERVERS_MAX * SERVERS_MAX),
      deliver: (from, to, bytes, start, end) => this.#deliver(from, to, bytes, start, end),
      onBatchEnd: () => this.#onBatchEnd(),
      onBroken: (from, to, reason) => {
        for (const end of [from, to]) if (end !== 'broker') this.#servers.get(end)?.drop(reason);
      },
    });
    for (const [index, address] of options.addresses) this.#servers.set(index, new RemoteServer(index, address, host));
    this.#links = new LinkHub<number>({
      onFrame: (link, bytes, start, end) => {
        const from = Math.floor(link / SERVERS_MAX) as ServerIndex;
        this.#servers.get((link % SERVERS_MAX) as ServerIndex)?.send(from, bytes, start, end);
      },
      onBatchEnd: () => undefined,
      // The thread is gone, or ends itself: its next life brings new links.
      onLinkLost: () => undefined,
    });
  }

  #onBatchEnd(): void {
    this.#links.flush();
    this.#options.onBatchEnd();
  }

  #deliver(from: Neighbour, to: Neighbour, bytes: Uint8Array, start: number, end: number): void {
    if (to === 'broker') this.#options.onFrame(from as ServerIndex, bytes, start, end);
    else if (this.has(to)) this.#servers.get(to)?.send(from, bytes, start, end);
    else this.#links.send(linkOf(to, from as ServerIndex), bytes.subarray(start, end));
  }

  /** What happens to frames that `from` sends to `to`, of whom one is remote and `from` no thread here. */
  replaceRules(from: Neighbour, to: Neighbour, rules: readonly LinkRule[]): void {
    this.#passes.replaceRules(from, to, rules);
  }

  has(server: ServerIndex): boolean {
    return this.#servers.has(server);
  }

  /** Asks every server to join, all at once; the errors of those that do not. Nothing is read from them before `start`. */
  async join(): Promise<{ readonly server: ServerIndex; readonly error: KvError }[]> {
    const answers = await Promise.all(
      [...this.#servers.values()].map(async (server) => ({ server: server.index, joined: await server.join() })),
    );
    return answers.flatMap(({ server, joined }) => (joined.ok ? [] : [{ server, error: joined.error }]));
  }

  start(): void {
    for (const server of this.#servers.values()) server.start();
  }

  /** A frame of the broker's. */
  send(server: ServerIndex, frame: Uint8Array): void {
    if (!this.#passes.takes('broker', server, frame, 0, frame.length)) this.#servers.get(server)?.send('broker', frame);
  }

  backlogBytes(server: ServerIndex): number {
    return (this.#servers.get(server)?.backlogBytes ?? 0) + this.#passes.backlogBytes(server);
  }

  terminate(server: ServerIndex, incarnation: Incarnation, reason: string): void {
    this.#servers.get(server)?.terminate(incarnation, reason);
  }

  /** Why a server is not here. */
  reason(server: ServerIndex): string {
    return this.#servers.get(server)?.reason ?? '';
  }

  /** The remote `peer`'s end of its link to a thread here. */
  attach(server: ServerIndex, peer: ServerIndex, end: ChannelEnd): void {
    const link = linkOf(server, peer);
    this.#links.attach(link, (events) => openLink(end, this.#options.prng.fork(link), events));
  }

  close(): void {
    for (const server of this.#servers.values()) server.close();
    this.#passes.close();
    this.#links.close();
  }
}

/** One number for the link from a thread to a remote server. */
function linkOf(local: ServerIndex, remote: ServerIndex): number {
  return local * SERVERS_MAX + remote;
}
