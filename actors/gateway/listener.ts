/**
 * Where the sockets of a gateway are: on its own thread, or on threads that do nothing else (socket-thread.ts). Either
 * way the gateway meets sockets that behave alike, and one port.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Worker } from 'node:worker_threads';
import { ByteReader, ByteWriter, NO_BYTES } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import { createLinkEnds, openLink, transferListOf } from '../../src/node/link.ts';
import { LinkHub } from '../../src/node/link-hub.ts';
import { spawnWorker } from '../../src/node/spawn.ts';
import { RemoteSocket } from './remote-socket.ts';
import { begin, FROM_SOCKET, type Listened, readAddresses, TO_SOCKET } from './socket-frames.ts';

export interface Listener {
  /** Binds the port; resolves with its number, rejects with the system's error (EADDRINUSE, EACCES). */
  listen(host: string, port: number): Promise<number>;
  /** Accepts no more. */
  stop(): void;
  /** Every socket is closed: what it runs on may go. */
  close(): void;
}

/** Sockets that wait to be accepted while the event loop is busy. */
const BACKLOG = 1_024;

/** Sockets on this thread. */
export class OwnListener implements Listener {
  readonly #server: Server;

  constructor(onSocket: (socket: Socket) => void) {
    // Half-open sockets: a client that sends its commands and ends its side still gets its answers.
    this.#server = createServer({ allowHalfOpen: true }, onSocket);
  }

  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog: BACKLOG }, () => {
        this.#server.removeListener('error', reject);
        // Only accept can fail now (too many open files): no connection that exists ends, and the next accept may work.
        this.#server.on('error', () => undefined);
        resolve(portOf(this.#server, port));
      });
    });
  }

  stop(): void {
    this.#server.close();
  }

  close(): void {
    this.#server.close();
  }
}

type SocketThread = { readonly worker: Worker; readonly sockets: Map<number, RemoteSocket> };

/** Sockets on so many other threads. */
export class ThreadsListener implements Listener {
  readonly #count: number;
  readonly #onSocket: (socket: RemoteSocket) => void;
  readonly #threads = new Map<number, SocketThread>();
  readonly #hub: LinkHub<number>;
  readonly #reader = new ByteReader(NO_BYTES);
  readonly #out = new ByteWriter();
  #isClosed = false;

  constructor(count: number, onSocket: (socket: RemoteSocket) => void) {
    this.#count = count;
    this.#onSocket = onSocket;
    this.#hub = new LinkHub<number>({
      onFrame: (from, bytes, start, end) => this.#onFrame(from, bytes, start, end),
      onBatchEnd: () => undefined,
      onLinkLost: (from) => this.#lose(from),
    });
  }

  async listen(host: string, port: number): Promise<number> {
    // Ports that threads share can be shared with a stranger too: who has it for himself is found out first.
    const bound = await free(host, port);
    try {
      await Promise.all(Array.from({ length: this.#count }, (_, place) => this.#start(place, host, bound)));
    } catch (error) {
      this.close();
      throw error;
    }
    return bound;
  }

  stop(): void {
    for (const place of this.#threads.keys()) {
      begin(this.#out, TO_SOCKET.stopListening, 0);
      this.#hub.send(place, this.#out.view());
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#hub.close();
    for (const { worker } of this.#threads.values()) void worker.terminate();
  }

  #start(place: number, host: string, port: number): Promise<void> {
    const [mine, end] = createLinkEnds('ring');
    const worker = spawnWorker('socket-thread', {
      workerData: { host, port, backlog: BACKLOG, end },
      transferList: transferListOf(end),
    });
    this.#threads.set(place, { worker, sockets: new Map() });
    this.#hub.attach(place, (events) => openLink(mine, new Prng(0), events));
    return new Promise((resolve, reject) => {
      worker.once('message', (said: Listened) => {
        if (said.kind === 'listening') resolve();
        else reject(Object.assign(new Error(said.message), { code: said.code }));
      });
      worker.on('error', reject);
      worker.on('exit', () => {
        this.#lose(place);
        // Its connections are gone with it; those to come find a new one.
        if (!this.#isClosed) void this.#start(place, host, port).catch(() => undefined);
      });
    });
  }

  #onFrame(from: number, bytes: Uint8Array, start: number, end: number): void {
    const reader = this.#reader;
    reader.reset(bytes, start + 1, end);
    const number = reader.u32();
    const { sockets } = this.#threads.get(from) as SocketThread;
    if (bytes[start] === FROM_SOCKET.opened) {
      const socket = new RemoteSocket(number, readAddresses(reader), (frame) => this.#hub.send(from, frame));
      sockets.set(number, socket);
      this.#onSocket(socket);
      return;
    }
    const socket = sockets.get(number);
    if (socket === undefined) return;
    switch (bytes[start]) {
      case FROM_SOCKET.data:
        if (!socket.destroyed) socket.emit('data', reader.take(reader.remaining).slice());
        return;
      case FROM_SOCKET.ended:
        socket.emit('end');
        return;
      case FROM_SOCKET.taken:
        socket.onTaken(reader.u32());
        return;
      case FROM_SOCKET.timedOut:
        socket.emit('timeout');
        return;
      case FROM_SOCKET.closed:
        sockets.delete(number);
        socket.onClosed();
        return;
      default:
    }
  }

  /** All its sockets are closed, as far as anybody can tell. */
  #lose(place: number): void {
    const { sockets } = this.#threads.get(place) as SocketThread;
    const lost = [...sockets.values()];
    sockets.clear();
    for (const socket of lost) socket.onClosed();
  }
}

/** The number of a port that nobody listens on, which is asked for by binding it for a moment. */
function free(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer((socket) => socket.destroy());
    probe.once('error', reject);
    probe.listen({ host, port }, () => {
      const bound = portOf(probe, port);
      probe.close(() => resolve(bound));
    });
  });
}

function portOf(server: Server, asked: number): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : asked;
}
