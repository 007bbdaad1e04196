/**
 * Loading data lines over a text port: `PUT ` before each line, answers counted, nothing kept of a line but its
 * number. Pipelined with a window, so that neither side needs memory for the file. Loading a file twice changes
 * nothing, so a load that broke off is simply started again.
 */
import type { Socket } from 'node:net';
import { LineSplitter } from '../client/line-splitter.ts';
import { ByteWriter, text, utf8 } from '../lib/bytes.ts';
import { Deque } from '../lib/deque.ts';
import { WARNING } from './dialogue.ts';

export type LoadEvents = {
  /** A line that was not stored. `line` counts from 1; `message` is what the cluster said. */
  rejected(line: number, message: string): void;
  /** Each different warning once, and each about a line itself: that line's number, or null. */
  warned(warning: string, line: number | null): void;
  /** Bytes of the file that were sent so far. */
  progressed(bytes: number): void;
};

export type LoadReport = {
  stored: number;
  /** Keys that existed already, where PUT refuses them. */
  duplicate: number;
  /** Lines that no cluster can store. */
  invalid: number;
  /** Lines that this cluster could not store now. */
  failed: number;
  /** Lines whose answer never came. */
  unknown: number;
  seconds: number;
};

/** Lines sent and not answered; below the gateway's limit, at which it would pause the socket. */
const WINDOW_LINES = 16_384;

const ANSWER_BYTES_MAX = 1024 * 1024;
const LINE_FEED = 10;
const PUT = utf8('PUT ');

/** Codes of the lines themselves: another try would say the same. */
const INVALID = /^ERROR (PARSE|USAGE|UNKNOWN|TYPE|TOOLARGE|TOODEEP|TOOCOMPLEX)\b/;

/** A warning about the record itself, which names where in the request. */
const PLACED_WARNING = /^WARNING: \d+:(\d+): (.*)$/;

export class Loader {
  readonly #socket: Socket;
  readonly #events: LoadEvents;
  readonly #lines = new Deque<number>();
  readonly #warnings = new Set<string>();
  readonly #report: LoadReport = { stored: 0, duplicate: 0, invalid: 0, failed: 0, unknown: 0, seconds: 0 };
  #line = 1;
  #inLine = false;
  #bytes = 0;
  #broken = false;
  #wake: (() => void) | null = null;

  /** Takes the socket over; it must speak the default format. */
  constructor(socket: Socket, events: LoadEvents) {
    this.#socket = socket;
    this.#events = events;
    const splitter = new LineSplitter(ANSWER_BYTES_MAX, (line) => this.#onAnswer(line));
    socket.on('data', (chunk) => {
      if (!splitter.push(chunk)) socket.destroy();
      if (this.#lines.size <= WINDOW_LINES / 2) this.#resume();
    });
    socket.on('drain', () => this.#resume());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#broken = true;
      this.#resume();
    });
  }

  /** Lines that were sent and have no answer. */
  get waiting(): number {
    return this.#lines.size;
  }

  /** Sends a file; resolves when every line has its answer, or when the connection broke (`unknown` > 0). Sums up files. */
  async load(file: AsyncIterable<Uint8Array>): Promise<LoadReport> {
    const started = performance.now();
    this.#line = 1;
    let first = true;
    for await (const chunk of file) {
      if (!(await this.#send(first ? withoutMark(chunk) : chunk))) break;
      first = false;
    }
    if (this.#inLine) await this.#send(Uint8Array.of(LINE_FEED));
    while (this.#lines.size > 0 && !this.#broken) await this.#pause();
    this.#report.unknown = this.#lines.size;
    this.#report.seconds += (performance.now() - started) / 1000;
    return this.#report;
  }

  /** False when the connection is gone. */
  async #send(chunk: Uint8Array): Promise<boolean> {
    while (!this.#broken && (this.#lines.size >= WINDOW_LINES || this.#socket.writableNeedDrain)) await this.#pause();
    if (this.#broken) return false;
    const writer = new ByteWriter(chunk.length + (chunk.length >> 3) + 64);
    let at = 0;
    while (at < chunk.length) {
      if (!this.#inLine) at = this.#beginLine(chunk, at, writer);
      if (!this.#inLine) break;
      const found = chunk.indexOf(LINE_FEED, at);
      const end = found === -1 ? chunk.length : found + 1;
      writer.bytes(chunk, at, end);
      at = end;
      if (found === -1) break;
      this.#inLine = false;
      this.#line++;
    }
    if (writer.length > 0) this.#socket.write(writer.view());
    this.#bytes += chunk.length;
    this.#events.progressed(this.#bytes);
    return true;
  }

  /** Skips blank lines and blanks before a record; writes the verb when one begins. */
  #beginLine(chunk: Uint8Array, start: number, writer: ByteWriter): number {
    let at = start;
    while (at < chunk.length) {
      const byte = chunk[at] as number;
      if (byte === LINE_FEED) this.#line++;
      else if (byte !== 32 && byte !== 9 && byte !== 13) {
        this.#inLine = true;
        this.#lines.push(this.#line);
        writer.bytes(PUT);
        return at;
      }
      at++;
    }
    return at;
  }

  #onAnswer(line: Uint8Array): boolean {
    const first = line[0];
    if (first === 0x57) {
      const warning = text(line);
      if (!warning.startsWith(WARNING)) return false;
      this.#onWarning(warning);
      return true;
    }
    const number = this.#lines.shift();
    if (number === undefined) return false;
    if (first === 0x4f) this.#report.stored++;
    else this.#onRejected(number, text(line));
    return true;
  }

  #onWarning(warning: string): void {
    const ofLine = PLACED_WARNING.exec(warning);
    if (ofLine !== null) {
      const column = Math.max(1, Number(ofLine[1]) - PUT.length);
      this.#events.warned(`${WARNING} ${ofLine[2]} at column ${column}`, this.#lines.peek() ?? null);
    } else if (!this.#warnings.has(warning)) {
      this.#warnings.add(warning);
      this.#events.warned(warning, null);
    }
  }

  #onRejected(line: number, answer: string): void {
    if (answer.startsWith('ERROR EXISTS')) this.#report.duplicate++;
    else if (INVALID.test(answer)) this.#report.invalid++;
    else this.#report.failed++;
    this.#events.rejected(line, inFile(answer));
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #resume(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}

function withoutMark(chunk: Uint8Array): Uint8Array {
  return chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? chunk.subarray(3) : chunk;
}

/** Line and verb of a request are ours, not the file's: columns count from the record. */
function inFile(answer: string): string {
  return answer
    .replace(/^(ERROR [A-Z]+) \d+:\d+: /, '$1 ')
    .replace(/\bcolumn (\d+)/g, (_, column: string) => `column ${Math.max(1, Number(column) - PUT.length)}`);
}
