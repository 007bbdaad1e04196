/**
 * How many commands of one connection may be in flight. Nobody knows how large answers will be before they come, and all
 * that are in flight may come at once: so it begins with few, grows while it is what holds commands back, and never to more
 * than would fill some times the soft limit with answers like the last ones. As with TCP (RFC 7661), a window that grew
 * without need would let in hundreds of large answers at once. Knows nothing of bytes that wait to be read.
 */
import type { ConnectionLimits } from './connection.ts';

/** At first, and after a silence; at least. */
const FIRST = 2;
const LEAST = 1;

/** Of the soft limit, for the answers to all that is in flight. */
const SOFT_MAXIMA = 8;

/** A part of the window that a piece fills at least with commands when a larger one would have taken more. */
const FILLED_PART = 4;

/** Bytes of a request: as few as the shortest take until it is known, and no more than this. */
const REQUEST_BYTES = 16;
const REQUEST_BYTES_MOST = 256;

/** Bytes that are handed on at least: who asks one thing after the other is not to be cut for it. */
const PIECE_BYTES = 64;
const PIECE_BYTES_MOST = 256;

export class CommandWindow {
  readonly #limits: ConnectionLimits;
  #size = FIRST;
  /** How long requests are that come many at once. */
  #requestBytes = REQUEST_BYTES;
  #pieceBytes = PIECE_BYTES;
  /** Whether it held commands back since answers left. */
  #isFull = false;
  /** Commands that were answered when answers left. */
  #answered = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** Bytes of input that may be handed on at once. */
  get bytes(): number {
    return Math.max(this.#size * this.#requestBytes, this.#pieceBytes);
  }

  /** Whether more commands may come beside those in flight. */
  hasRoom(inFlight: number): boolean {
    if (inFlight < this.#size) return true;
    this.#isFull = true;
    return false;
  }

  /** A piece of so many bytes brought so many commands; `isCut`: there was more than `bytes` of it. */
  took(commands: number, { bytes, isCut }: { readonly bytes: number; readonly isCut: boolean }): void {
    if (commands > 1) {
      this.#requestBytes = Math.min(REQUEST_BYTES_MOST, Math.max(REQUEST_BYTES, Math.round(bytes / commands)));
    } else if (isCut && commands === 0) {
      this.#pieceBytes = Math.min(PIECE_BYTES_MOST, this.#pieceBytes * 2);
    }
    // One may be the end of a large request, of which no piece brings more.
    if (isCut && commands > 1 && commands >= this.#size / FILLED_PART) this.#isFull = true;
  }

  /** Of all commands so far so many are answered, the last of them with so many bytes. */
  answered(total: number, bytes: number): void {
    const { commandsMax, outputSoftMax } = this.#limits;
    const commands = Math.max(1, total - this.#answered);
    const most = Math.min(commandsMax, Math.floor((SOFT_MAXIMA * outputSoftMax * commands) / bytes));
    this.#size = Math.max(LEAST, Math.min(this.#isFull ? this.#size * 2 : this.#size, most));
    this.#isFull = false;
    this.#answered = total;
  }

  /** Nothing came for long: what comes now may be something else. */
  rest(): void {
    this.#size = Math.min(this.#size, FIRST);
  }
}
