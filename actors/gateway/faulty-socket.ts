/**
 * A socket that breaks, crawls or stops on command (CLIENT faults), for a Connection that knows nothing of it. What is
 * to be sent waits here in order; the bytes themselves are never changed. Only made where faults are enabled.
 */
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { type ClientRules, NO_CLIENT_RULES } from '../../src/faults/client-rules.ts';
import type { ConnectionSocket } from './connection.ts';

export class FaultySocket extends EventEmitter implements ConnectionSocket {
  readonly #socket: Socket;
  readonly #waiting: Uint8Array[] = [];
  #rules = NO_CLIENT_RULES;
  /** Bytes that left since a rule counts them. */
  #sentBytes = 0;
  #isPausedByOwner = false;
  #isPumping = false;
  #owesDrain = false;
  #isEnding = false;
  #isClosing = false;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    for (const event of ['data', 'end', 'timeout', 'error', 'close']) {
      socket.on(event, (what: unknown) => this.emit(event, what));
    }
    socket.on('drain', () => {
      this.#owesDrain = true;
      this.#drain();
    });
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }

  get localAddress(): string | undefined {
    return this.#socket.localAddress;
  }

  get localPort(): number | undefined {
    return this.#socket.localPort;
  }

  get destroyed(): boolean {
    return this.#socket.destroyed;
  }

  get writableLength(): number {
    return this.#socket.writableLength + this.#waiting.reduce((sum, { length }) => sum + length, 0);
  }

  /** What acts from now on. */
  replaceRules(rules: ClientRules): void {
    if (rules.closeAfterBytes !== this.#rules.closeAfterBytes) this.#sentBytes = 0;
    this.#rules = rules;
    if (rules.resets) {
      this.#socket.resetAndDestroy();
      return;
    }
    this.#flow();
    this.#pump();
  }

  write(bytes: Uint8Array): boolean {
    const isFree = this.#rules === NO_CLIENT_RULES && this.#waiting.length === 0 && !this.#isPumping;
    if (isFree) return this.#socket.write(bytes);
    this.#waiting.push(bytes);
    this.#owesDrain = true;
    this.#pump();
    return false;
  }

  end(): void {
    this.#isEnding = true;
    this.#pump();
  }

  destroySoon(): void {
    this.#isClosing = true;
    this.#pump();
  }

  destroy(): void {
    this.#waiting.length = 0;
    this.#socket.destroy();
  }

  pause(): void {
    this.#isPausedByOwner = true;
    this.#flow();
  }

  resume(): void {
    this.#isPausedByOwner = false;
    this.#flow();
  }

  isPaused(): boolean {
    return this.#isPausedByOwner;
  }

  setNoDelay(isWanted: boolean): void {
    this.#socket.setNoDelay(isWanted);
  }

  setTimeout(ms: number): void {
    this.#socket.setTimeout(ms);
  }

  #flow(): void {
    if (this.#isPausedByOwner || this.#rules.stalls) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Sends what waits; with slices one a turn of the event loop, so that each is a packet. */
  #pump(): void {
    if (this.#isPumping || this.#rules.stalls || this.#socket.destroyed) return;
    const { sliceBytes, closeAfterBytes } = this.#rules;
    const first = this.#waiting[0];
    if (first === undefined) {
      if (this.#isClosing) this.#socket.destroySoon();
      else if (this.#isEnding) this.#socket.end();
      else this.#drain();
      return;
    }
    const left = closeAfterBytes === null ? first.length : closeAfterBytes - this.#sentBytes;
    const count = Math.min(first.length, left, sliceBytes ?? first.length);
    if (count === first.length) this.#waiting.shift();
    else this.#waiting[0] = first.subarray(count);
    this.#sentBytes += count;
    this.#isPumping = true;
    this.#socket.write(first.subarray(0, count), () => setImmediate(() => this.#goOn()));
    if (this.#sentBytes === closeAfterBytes) {
      this.#waiting.length = 0;
      this.#socket.destroySoon();
    }
  }

  #goOn(): void {
    this.#isPumping = false;
    this.#pump();
  }

  #drain(): void {
    if (this.#isPumping || this.#waiting.length > 0 || this.#socket.writableNeedDrain) return;
    if (!this.#owesDrain) return;
    this.#owesDrain = false;
    this.emit('drain');
  }
}
