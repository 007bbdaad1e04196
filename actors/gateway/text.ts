/**
 * A port of the text protocol: the gateway's own, or that of one storage server. Accepts sockets up to a limit, hands
 * each to a Connection, and ends in order: stop accepting, finish what is in flight, close. Never decides about
 * commands, and no socket can end the process.
 */
import { Socket } from 'node:net';
import { type Actor, createActor } from 'xstate';
import { utf8 } from '../../src/lib/bytes.ts';
import { CONNECTIONS_MAX } from '../../src/model/limits.ts';
import type { ClientFaults } from './client-faults.ts';
import { Connection, CONNECTION_LIMITS, type ConnectionLimits, type ConnectionSocket } from './connection.ts';
import { type Listener, OwnListener, ThreadsListener } from './listener.ts';
import { gatewayMachine } from './machine.ts';
import type { OpenSession } from './session.ts';
import { Turns } from './turns.ts';

export type TextGatewayOptions = {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly openSession: OpenSession;
  /** Shared by the ports of a host, so that none floods another; absent where there is one port. */
  readonly turns?: Turns;
  readonly connectionsMax?: number;
  /** What one connection too many is told, instead of the text protocol's words. */
  readonly refusal?: () => string;
  readonly limits?: Partial<ConnectionLimits>;
  /** What may go wrong with the sockets; absent where there are no faults. */
  readonly clients?: ClientFaults | null;
  /** Threads that have its sockets; 0, the default: it has them itself. */
  readonly threads?: number;
};

/** Milliseconds between looks at silent sockets, at most: a limit of seconds is kept within this. */
const SILENCE_CHECK_MS_MAX = 1_000;

export class TextGateway {
  readonly #options: TextGatewayOptions;
  readonly #limits: ConnectionLimits;
  readonly #machine: Actor<typeof gatewayMachine> = createActor(gatewayMachine).start();
  readonly #listener: Listener;
  readonly #connections = new Map<ConnectionSocket, Connection>();
  readonly #turns: Turns;
  readonly #closed: (() => void)[] = [];
  #watching: NodeJS.Timeout | null = null;

  constructor(options: TextGatewayOptions) {
    this.#options = options;
    this.#turns = options.turns ?? new Turns();
    this.#limits = { ...CONNECTION_LIMITS, ...options.limits };
    const onSocket = (socket: ConnectionSocket): void => this.#onConnection(socket);
    const { threads = 0 } = options;
    this.#listener = threads > 0 ? new ThreadsListener(threads, onSocket) : new OwnListener(onSocket);
  }

  get state(): 'closed' | 'listening' | 'draining' {
    return this.#machine.getSnapshot().value;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Binds the port; resolves with the bound address, rejects with the system's error (EADDRINUSE, EACCES). */
  async open(): Promise<{ host: string; port: number }> {
    const { host, port } = this.#options;
    const bound = await this.#listener.listen(host, port);
    this.#machine.send({ type: 'LISTENING' });
    this.#watching = setInterval(() => this.#checkSilence(), this.#silenceCheckMs());
    this.#watching.unref();
    return { host, port: bound };
  }

  /** Stops accepting, answers what is in flight, closes. After `timeoutMs` what is left is cut off. */
  drain(timeoutMs: number): Promise<void> {
    if (this.state === 'closed') return Promise.resolve();
    const done = new Promise<void>((resolve) => this.#closed.push(resolve));
    if (this.state === 'draining') return done;
    this.#machine.send({ type: 'DRAIN' });
    this.#listener.stop();
    const cutting = setTimeout(() => this.#cutAll(), timeoutMs);
    this.#closed.push(() => clearTimeout(cutting));
    for (const connection of this.#connections.values()) connection.drain();
    this.#closeIfEmpty();
    return done;
  }

  /** Ends everything at once, as the death of a server does. */
  async destroy(): Promise<void> {
    const done = this.drain(0);
    this.#cutAll();
    await done;
  }

  #onConnection(socket: ConnectionSocket): void {
    const max = this.#options.connectionsMax ?? CONNECTIONS_MAX;
    if (this.state !== 'listening' || this.#connections.size >= max) {
      socket.on('error', () => socket.destroy());
      const words = `ERROR BUSY ${max} connections are open, which is the limit CONNECTIONS_MAX\n`;
      socket.write(utf8(this.#options.refusal?.() ?? words));
      socket.destroySoon();
      return;
    }
    const own = socket instanceof Socket ? (this.#options.clients?.wrap(socket) ?? socket) : socket;
    this.#connections.set(socket, new Connection(own, this.#options.openSession, this.#limits, this.#turns));
    socket.on('close', () => {
      this.#connections.delete(socket);
      this.#closeIfEmpty();
    });
  }

  #silenceCheckMs(): number {
    const { requestTimeoutMs, idleTimeoutMs } = this.#limits;
    return Math.min(SILENCE_CHECK_MS_MAX, requestTimeoutMs, idleTimeoutMs === 0 ? SILENCE_CHECK_MS_MAX : idleTimeoutMs);
  }

  #checkSilence(): void {
    const now = performance.now();
    for (const connection of this.#connections.values()) connection.checkSilence(now);
    this.#turns.serve();
  }

  #cutAll(): void {
    for (const connection of this.#connections.values()) connection.destroy();
  }

  #closeIfEmpty(): void {
    if (this.state !== 'draining' || this.#connections.size > 0) return;
    this.#machine.send({ type: 'EMPTY' });
    if (this.#watching !== null) clearInterval(this.#watching);
    this.#listener.close();
    for (const resolve of this.#closed.splice(0)) resolve();
  }
}
