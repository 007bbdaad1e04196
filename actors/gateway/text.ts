/**
 * A port of the text protocol: the gateway's own, or that of one storage server. Accepts sockets up to a limit, hands
 * each to a Connection, and ends in order: stop accepting, finish what is in flight, close. Never decides about
 * commands, and no socket can end the process.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { type Actor, createActor } from 'xstate';
import { CONNECTIONS_MAX } from '../../src/model/limits.ts';
import type { ClientFaults } from './client-faults.ts';
import { Connection, CONNECTION_LIMITS, type ConnectionLimits } from './connection.ts';
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
};

/** Milliseconds between looks at silent sockets, at most: a limit of seconds is kept within this. */
const SILENCE_CHECK_MS_MAX = 1_000;

/** Sockets that wait to be accepted while the event loop is busy. */
const BACKLOG = 1_024;

export class TextGateway {
  readonly #options: TextGatewayOptions;
  readonly #limits: ConnectionLimits;
  readonly #machine: Actor<typeof gatewayMachine> = createActor(gatewayMachine).start();
  readonly #server: Server;
  readonly #connections = new Map<Socket, Connection>();
  readonly #turns: Turns;
  readonly #closed: (() => void)[] = [];
  #watching: NodeJS.Timeout | null = null;

  constructor(options: TextGatewayOptions) {
    this.#options = options;
    this.#turns = options.turns ?? new Turns();
    this.#limits = { ...CONNECTION_LIMITS, ...options.limits };
    // Half-open sockets: a client that sends its commands and ends its side still gets its answers.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#onConnection(socket));
  }

  get state(): 'closed' | 'listening' | 'draining' {
    return this.#machine.getSnapshot().value;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Binds the port; resolves with the bound address, rejects with the system's error (EADDRINUSE, EACCES). */
  open(): Promise<{ host: string; port: number }> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: this.#options.host, port: this.#options.port, backlog: BACKLOG }, () => {
        this.#server.removeListener('error', reject);
        // Only accept can fail now (too many open files): no connection that exists ends, and the next accept may work.
        this.#server.on('error', () => undefined);
        this.#machine.send({ type: 'LISTENING' });
        this.#watching = setInterval(() => this.#checkSilence(), this.#silenceCheckMs());
        this.#watching.unref();
        const address = this.#server.address();
        const port = typeof address === 'object' && address !== null ? address.port : this.#options.port;
        resolve({ host: this.#options.host, port });
      });
    });
  }

  /** Stops accepting, answers what is in flight, closes. After `timeoutMs` what is left is cut off. */
  drain(timeoutMs: number): Promise<void> {
    if (this.state === 'closed') return Promise.resolve();
    const done = new Promise<void>((resolve) => this.#closed.push(resolve));
    if (this.state === 'draining') return done;
    this.#machine.send({ type: 'DRAIN' });
    this.#server.close();
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

  #onConnection(socket: Socket): void {
    const max = this.#options.connectionsMax ?? CONNECTIONS_MAX;
    if (this.state !== 'listening' || this.#connections.size >= max) {
      socket.on('error', () => socket.destroy());
      const words = `ERROR BUSY ${max} connections are open, which is the limit CONNECTIONS_MAX\n`;
      socket.end(this.#options.refusal?.() ?? words, () => socket.destroy());
      return;
    }
    const own = this.#options.clients?.wrap(socket) ?? socket;
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
    for (const resolve of this.#closed.splice(0)) resolve();
  }
}
