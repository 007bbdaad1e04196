/**
 * A socket that lives on another thread (socket-thread.ts), for a Connection that knows nothing of it. Up to a window of
 * bytes are on their way there; what is more waits here, and counts as not sent.
 */
import { EventEmitter } from 'node:events';
import { ByteWriter } from '../../src/lib/bytes.ts';
import type { ConnectionSocket } from './connection.ts';
import { type Addresses, begin, TO_SOCKET, WINDOW_BYTES } from './socket-frames.ts';

export class RemoteSocket extends EventEmitter implements ConnectionSocket {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  destroyed = false;
  readonly #number: number;
  readonly #send: (frame: Uint8Array) => void;
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Bytes that were sent to the thread and not taken by the system, as far as it told. */
  #untaken = 0;
  #isPaused = false;
  /** What is to follow the last byte. */
  #ending: number | null = null;
  #timeoutMs = 0;

  constructor(number: number, addresses: Addresses, send: (frame: Uint8Array) => void) {
    super();
    this.remoteAddress = addresses.remoteAddress;
    this.remotePort = addresses.remotePort;
    this.localAddress = addresses.localAddress;
    this.localPort = addresses.localPort;
    this.#number = number;
    this.#send = send;
  }

  get writableLength(): number {
    return this.#waitingBytes;
  }

  write(bytes: Uint8Array): boolean {
    if (this.destroyed) return false;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#pump();
    return this.#waitingBytes === 0;
  }

  end(): void {
    this.#endWith(TO_SOCKET.end);
  }

  /** Ends its half, and closes when the last byte was sent. */
  destroySoon(): void {
    this.#endWith(TO_SOCKET.endSoon);
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.#say(TO_SOCKET.destroy);
  }

  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#say(TO_SOCKET.pause);
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#say(TO_SOCKET.resume);
  }

  isPaused(): boolean {
    return this.#isPaused;
  }

  /** Such a socket never waits for more to send at once. */
  setNoDelay(): void {}

  setTimeout(ms: number): void {
    if (ms === this.#timeoutMs) return;
    this.#timeoutMs = ms;
    const out = begun(TO_SOCKET.timeout, this.#number);
    out.u32(ms);
    this.#send(out.view());
  }

  /** The system took so many bytes more. */
  onTaken(count: number): void {
    this.#untaken -= count;
    if (this.#waitingBytes === 0) return;
    this.#pump();
    if (this.#waitingBytes === 0) this.emit('drain');
  }

  /** It is closed, by whomever: nothing more comes from it. */
  onClosed(): void {
    this.destroyed = true;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.emit('close');
  }

  #endWith(kind: number): void {
    this.#ending = kind;
    this.#pump();
  }

  #pump(): void {
    for (let first = this.#waiting[0]; first !== undefined && this.#untaken < WINDOW_BYTES; first = this.#waiting[0]) {
      const count = Math.min(first.length, WINDOW_BYTES - this.#untaken);
      const out = begun(TO_SOCKET.write, this.#number);
      out.bytes(first, 0, count);
      this.#send(out.view());
      this.#untaken += count;
      this.#waitingBytes -= count;
      if (count === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(count);
    }
    if (this.#waiting.length > 0 || this.#ending === null || this.destroyed) return;
    this.#say(this.#ending);
    this.#ending = null;
  }

  #say(kind: number): void {
    this.#send(begun(kind, this.#number).view());
  }
}

/** Frames are copied when they are sent: one writer serves all. */
const shared = new ByteWriter();

function begun(kind: number, socket: number): ByteWriter {
  begin(shared, kind, socket);
  return shared;
}
