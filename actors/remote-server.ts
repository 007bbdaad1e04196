/**
 * One storage server that is a process of its own, as the broker's process sees it: it is asked to join, its frames
 * come over a socket, and when the socket closes that incarnation is over and it is asked again, until it answers.
 * Decides nothing about data.
 */
import { connect, type Socket } from 'node:net';
import type { Result } from '../src/lib/result.ts';
import { ok } from '../src/lib/result.ts';
import { fail, type KvError } from '../src/model/errors.ts';
import type { Incarnation, ServerIndex } from '../src/model/ids.ts';
import { askLine } from '../src/node/ask-line.ts';
import { FrameSocket, type FrameSocketEvents } from '../src/node/frame-socket.ts';
import { joinRequest, type Membership, parseJoined } from '../src/node/join.ts';

export type Address = { readonly host: string; readonly port: number };

export type RemoteServerHost = {
  /** What it is asked to be. */
  membership(server: ServerIndex): Membership;
  onStarted(server: ServerIndex, incarnation: Incarnation): void;
  onExited(server: ServerIndex, incarnation: Incarnation, reason: string): void;
  onFrame: (server: ServerIndex, ...frame: Parameters<FrameSocketEvents['onFrame']>) => void;
  onBatchEnd(): void;
  note(server: ServerIndex, text: string): void;
};

/** Milliseconds before it is asked again; twice as many before each further time, up to the last figure. */
const BACK_OFF_MS = 50;
const BACK_OFF_MS_MAX = 1_000;

/** Milliseconds that a server has to answer JOIN: it may have to end a thread and to open files. */
const JOIN_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 2_000;

type Session = { readonly incarnation: Incarnation; readonly socket: FrameSocket };

export class RemoteServer {
  readonly index: ServerIndex;
  readonly #address: Address;
  readonly #host: RemoteServerHost;
  #session: Session | null = null;
  #reason = '';
  #backOffMs = BACK_OFF_MS;
  #retrying: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(index: ServerIndex, address: Address, host: RemoteServerHost) {
    this.index = index;
    this.#address = address;
    this.#host = host;
  }

  /** Why it is not here. */
  get reason(): string {
    return this.#reason;
  }

  get backlogBytes(): number {
    return this.#session?.socket.backlogBytes ?? 0;
  }

  /** Asks it to join. Its frames wait until `start`. The server's own error, or UNAVAILABLE when it does not answer. */
  async join(): Promise<Result<void, KvError>> {
    const joined = await this.#ask();
    if (!joined.ok) {
      this.#reason = joined.error.message;
      return joined;
    }
    this.#session = joined.value;
    return ok(undefined);
  }

  /** Begins with what `join` reached, or goes on asking. */
  start(): void {
    const session = this.#session;
    if (session === null) {
      this.#retryLater();
      return;
    }
    this.#reason = '';
    const { incarnation, socket } = session;
    this.#host.onStarted(this.index, incarnation);
    socket.listen({
      onFrame: (peer, bytes, start, end) => {
        // It speaks its own cluster's language: the pause between two tries starts anew.
        this.#backOffMs = BACK_OFF_MS;
        this.#host.onFrame(this.index, peer, bytes, start, end);
      },
      onBatchEnd: () => this.#host.onBatchEnd(),
      onClosed: (reason) => this.#onClosed(incarnation, reason),
    });
  }

  send(from: Parameters<FrameSocket['send']>[0], frame: Uint8Array, start = 0, end = frame.length): void {
    this.#session?.socket.send(from, frame, start, end);
  }

  /** Ends one incarnation, if it is the current one; the server is asked to join again. */
  terminate(incarnation: Incarnation, reason: string): void {
    const session = this.#session;
    // Not from within the call that asked: whoever ends an incarnation is in the middle of it.
    if (session?.incarnation === incarnation) setImmediate(() => session.socket.destroy(reason));
  }

  /** Ends the incarnation of now: frames of it are lost. */
  drop(reason: string): void {
    const session = this.#session;
    if (session !== null) setImmediate(() => session.socket.destroy(reason));
  }

  /** Sends what is left and asks no more. */
  close(): void {
    this.#isClosed = true;
    if (this.#retrying !== null) clearTimeout(this.#retrying);
    this.#session?.socket.end();
    this.#session = null;
  }

  #onClosed(incarnation: Incarnation, reason: string): void {
    if (this.#isClosed) return;
    this.#session = null;
    this.#reason = reason;
    this.#host.onExited(this.index, incarnation, reason);
    this.#retryLater();
  }

  #retryLater(): void {
    const afterMs = this.#backOffMs;
    this.#backOffMs = Math.min(this.#backOffMs * 2, BACK_OFF_MS_MAX);
    this.#retrying = setTimeout(() => void this.#retry(), afterMs);
  }

  async #retry(): Promise<void> {
    const before = this.#reason;
    const joined = await this.join();
    if (this.#isClosed) {
      this.close();
      return;
    }
    if (!joined.ok && joined.error.code !== 'UNAVAILABLE' && joined.error.message !== before) {
      this.#host.note(this.index, `it does not join: ${joined.error.code} ${joined.error.message}`);
    }
    this.start();
  }

  async #ask(): Promise<Result<Session, KvError>> {
    try {
      const line = await askLine(this.#address, joinRequest(this.#host.membership(this.index)), JOIN_TIMEOUT_MS);
      const joined = parseJoined(line);
      if (!joined.ok) return joined;
      const { port, incarnation, token } = joined.value;
      const socket = await connected({ host: this.#address.host, port });
      socket.write(`${token}\n`);
      return ok({ incarnation, socket: new FrameSocket(socket) });
    } catch (error) {
      return fail('UNAVAILABLE', (error as Error).message);
    }
  }
}

function connected(address: Address): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(address);
    const timer = setTimeout(() => socket.destroy(new Error('no connection for frames')), CONNECT_TIMEOUT_MS);
    socket.once('error', reject);
    socket.once('close', () => clearTimeout(timer));
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeListener('error', reject);
      resolve(socket);
    });
  });
}
