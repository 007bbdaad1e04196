/**
 * Bytes of a connection, as they come, to lines: LF ends one, a CR before it is not part of it. Lines may come in any
 * pieces. One that passes the limit is reported once and skipped to its end; what follows is read as ever. A line is
 * handed on in memory that is never written again, so that what is cut from it may be kept.
 */
import { ByteWriter } from '../lib/bytes.ts';

export type LineHandler = {
  /** One line without its end: the bytes from `start` to `end`. Answers false when no more lines are wanted. */
  onLine(bytes: Uint8Array, start: number, end: number): boolean;
  /** A line grew beyond the limit. */
  onTooLong(): void;
};

/** Readers of requests have room for all that comes, unless they are told otherwise. */
export const always = (): boolean => true;

const LF = 0x0a;
const CR = 0x0d;

/** A buffer for unfinished lines that a long one made larger than this is given up. */
const KEPT_BYTES_MAX = 64 * 1024;

export class LineReader {
  readonly #bytesMax: number;
  readonly #handler: LineHandler;
  #unfinished = new ByteWriter(0);
  #skipping = false;
  #ended = false;

  constructor(bytesMax: number, handler: LineHandler) {
    this.#bytesMax = bytesMax;
    this.#handler = handler;
  }

  /** Whether the beginning of a line is here and its end is not. */
  get isInLine(): boolean {
    return this.unfinishedBytes > 0 || this.#skipping;
  }

  /** Bytes of that beginning. */
  get unfinishedBytes(): number {
    return this.#unfinished.length;
  }

  /**
   * Reads the next bytes of the connection, after a line only while `hasRoom`; answers how many it read. They are copied
   * and may change afterwards.
   */
  push(received: Uint8Array, hasRoom: () => boolean = always): number {
    if (this.#ended) return received.length;
    let at = 0;
    if (this.isInLine) {
      const end = received.indexOf(LF);
      if (end < 0) {
        this.#keep(received, 0);
        return received.length;
      }
      this.#finish(received.subarray(0, end));
      at = end + 1;
      if (!this.#goesOn(received, at, hasRoom)) return at;
    }
    const last = received.lastIndexOf(LF);
    if (last >= at) {
      at += this.#readLines(received.subarray(at, last + 1), hasRoom);
      if (!this.#goesOn(received, at, hasRoom)) return at;
    }
    this.#keep(received, at);
    return received.length;
  }

  /** No more bytes will come: an unfinished last line is a line. */
  end(): void {
    if (!this.#ended && this.#unfinished.length > 0) this.#finish(new Uint8Array(0));
    this.#ended = true;
  }

  /** Reads nothing more. */
  stop(): void {
    this.#ended = true;
    this.#unfinished = new ByteWriter(0);
    this.#skipping = false;
  }

  /** Answers how many bytes it read. */
  #readLines(received: Uint8Array, hasRoom: () => boolean): number {
    // One copy of all whole lines: keys and values may then be views of it for as long as anybody needs them.
    const lines = new Uint8Array(received.length);
    lines.set(received);
    let at = 0;
    do {
      const end = lines.indexOf(LF, at);
      this.#emit(lines, at, end);
      at = end + 1;
    } while (this.#goesOn(lines, at, hasRoom));
    return at;
  }

  /** Whether what is behind a line that was read is to be read, too. */
  #goesOn(received: Uint8Array, at: number, hasRoom: () => boolean): boolean {
    return at < received.length && !this.#ended && hasRoom();
  }

  #keep(received: Uint8Array, start: number): void {
    if (this.#skipping) return;
    if (this.#unfinished.length + received.length - start > this.#bytesMax) {
      this.#unfinished = new ByteWriter(0);
      this.#skipping = true;
      this.#handler.onTooLong();
      return;
    }
    this.#unfinished.bytes(received, start);
  }

  /** The line begun before ends with `rest`. */
  #finish(rest: Uint8Array): void {
    if (this.#skipping) {
      this.#skipping = false;
      return;
    }
    const line = new Uint8Array(this.#unfinished.length + rest.length);
    line.set(this.#unfinished.view());
    line.set(rest, this.#unfinished.length);
    if (this.#unfinished.buffer.length > KEPT_BYTES_MAX) this.#unfinished = new ByteWriter(0);
    else this.#unfinished.reset();
    this.#emit(line, 0, line.length);
  }

  #emit(bytes: Uint8Array, start: number, lineEnd: number): void {
    if (lineEnd - start > this.#bytesMax) {
      this.#handler.onTooLong();
      return;
    }
    const end = lineEnd > start && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
    if (!this.#handler.onLine(bytes, start, end)) this.stop();
  }
}
