/**
 * One socket of the text protocol, in FORMAT json: lines out, lines in, nothing about what they mean. What is sent
 * in one turn of the event loop leaves in one write. After `onClosed` it says nothing more.
 */
import { connect, type Socket } from 'node:net';
import { ByteWriter, text } from '../lib/bytes.ts';
import { type Endpoint, showEndpoint } from './endpoints.ts';
import { LineSplitter } from './line-splitter.ts';
import { HANDSHAKE } from './text-requests.ts';

export type ConnectionHandlers = {
  /** The handshake is done: lines may be sent. */
  onOpen(): void;
  /** One answer; false closes the connection because it cannot be one. */
  onLine(line: Uint8Array): boolean;
  /** More may be written, at most once a turn; answers whether it stopped because this is enough for one turn. */
  onWritable(writer: ByteWriter): boolean;
  /** It ended: said once, opened or not. */
  onClosed(reason: string, cause: Error | null): void;
};

/** Longer answers are no answers of this protocol: a page of the largest scan stays below it. */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;

/** First size of a turn's buffer, which the socket keeps until it is sent: most turns carry one small request. */
const WRITER_BYTES = 1_024;

export class Connection {
  readonly #socket: Socket;
  readonly #handlers: ConnectionHandlers;
  readonly #name: string;
  #state: 'opening' | 'open' | 'closed' = 'opening';
  #blocked = false;
  #scheduled = false;

  constructor(endpoint: Endpoint, connectTimeoutMs: number, handlers: ConnectionHandlers) {
    this.#handlers = handlers;
    this.#name = showEndpoint(endpoint);
    const socket = connect({ host: endpoint.host, port: endpoint.port, noDelay: true, keepAlive: true });
    this.#socket = socket;
    const splitter = new LineSplitter(ANSWER_BYTES_MAX, (line) => this.#onLine(line));
    socket.setTimeout(connectTimeoutMs, () => {
      if (this.#state === 'opening') this.close(`no answer within ${connectTimeoutMs} ms`, null);
    });
    socket.on('connect', () => socket.write(HANDSHAKE));
    socket.on('data', (chunk) => {
      if (!splitter.push(chunk) && this.#state !== 'closed') this.close('sent what is no answer', null);
    });
    socket.on('drain', () => {
      this.#blocked = false;
      this.schedule();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => this.close(error.code ?? error.message, error));
    socket.on('close', () => this.close('closed by the other side', null));
  }

  /** Calls `onWritable` in this turn, once, however often it is asked. */
  schedule(): void {
    if (this.#scheduled || this.#blocked || this.#state !== 'open') return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#state !== 'open') return;
      const writer = new ByteWriter(WRITER_BYTES);
      const more = this.#handlers.onWritable(writer);
      if (writer.length > 0) this.#blocked = !this.#socket.write(writer.view());
      if (more) this.schedule();
    });
  }

  /** Ends the socket and says so to `onClosed`. */
  close(reason: string, cause: Error | null): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#socket.destroy();
    this.#handlers.onClosed(`${this.#name}: ${reason}`, cause);
  }

  #onLine(line: Uint8Array): boolean {
    if (this.#state === 'open') return this.#handlers.onLine(line);
    if (this.#state === 'closed') return false;
    // A gateway that takes nobody in says why in the default format, before it has read the handshake.
    const greeting = text(line);
    if (!/^(OK\b|\{"ok":true)/.test(greeting)) {
      this.close(greeting.slice(0, 200), null);
      return false;
    }
    this.#state = 'open';
    this.#socket.setTimeout(0);
    this.#handlers.onOpen();
    return true;
  }
}
