/**
 * Questions and answers over a text port, for a person or a script: lines out, the lines of each answer in. An answer
 * is any number of `WARNING:` lines and one final line.
 */
import type { Readable, Writable } from 'node:stream';
import type { Socket } from 'node:net';
import { finished } from 'node:stream/promises';
import { text, utf8 } from '../lib/bytes.ts';
import { Deque } from '../lib/deque.ts';
import { LineSplitter } from '../client/line-splitter.ts';

/** Longer lines are no answers. */
const LINE_BYTES_MAX = 256 * 1024 * 1024;

export const WARNING = 'WARNING:';

/** One question at a time or many at once; answers come in the order of the questions. */
export class Dialogue {
  readonly #socket: Socket;
  #asked = new Deque<(lines: string[]) => void>();
  #lines: string[] = [];
  #over = false;
  readonly #whenOver: (() => void)[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
    const splitter = new LineSplitter(LINE_BYTES_MAX, (line) => this.#onLine(text(line)));
    socket.on('data', (chunk) => {
      if (!splitter.push(chunk)) socket.destroy();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#end());
  }

  /** Whether the other side has ended. */
  get isOver(): boolean {
    return this.#over;
  }

  /** The lines of the answer, the final one last; fewer (or none) when the other side ended instead of answering. */
  ask(question: string): Promise<string[]> {
    if (this.#over) return Promise.resolve([]);
    return new Promise((resolve) => {
      this.#asked.push(resolve);
      this.#socket.write(utf8(`${question}\n`));
    });
  }

  /** Calls back when the other side has ended, at once if it has already. */
  onOver(handler: () => void): void {
    if (this.#over) handler();
    else this.#whenOver.push(handler);
  }

  close(): void {
    this.#socket.end();
  }

  #onLine(line: string): boolean {
    this.#lines.push(line);
    if (line.startsWith(WARNING)) return true;
    const lines = this.#lines;
    this.#lines = [];
    this.#asked.shift()?.(lines);
    return true;
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    const asked = this.#asked;
    this.#asked = new Deque();
    for (const resolve of asked) {
      resolve(this.#lines);
      this.#lines = [];
    }
    for (const handler of this.#whenOver) handler();
  }
}

/**
 * Sends everything that `input` says and writes everything that comes back, until both are done: how a script talks.
 * Resolves whether the other side ended in order; the end of `input` is no end of the answers.
 */
export async function converse(input: Readable, socket: Socket, output: Writable): Promise<boolean> {
  socket.pipe(output, { end: false });
  input.pipe(socket);
  const stop = (): void => {
    input.unpipe(socket);
    input.destroy();
  };
  socket.once('end', stop);
  try {
    await finished(socket, { readable: true, writable: false });
    return true;
  } catch {
    return false;
  } finally {
    stop();
    socket.destroy();
  }
}
