/**
 * Bytes of a stream, cut at line ends. A line that came in one chunk is handed on without a copy; a longer one is
 * collected in pieces and joined once, so that a line of n bytes in 1-byte chunks costs O(n).
 */

const LINE_FEED = 10;

export class LineSplitter {
  readonly #bytesMax: number;
  readonly #onLine: (line: Uint8Array) => boolean;
  #pieces: Uint8Array[] = [];
  #length = 0;

  /** `onLine` gets each line without its end, valid during the call; it answers false to stop. */
  constructor(bytesMax: number, onLine: (line: Uint8Array) => boolean) {
    this.#bytesMax = bytesMax;
    this.#onLine = onLine;
  }

  /** Bytes of the line that is not complete. */
  get pending(): number {
    return this.#length;
  }

  /** False when a line is longer than the limit, or `onLine` stopped: nothing after that is read. */
  push(chunk: Buffer): boolean {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start);
      if (end === -1) break;
      const line = this.#length === 0 ? chunk.subarray(start, end) : this.#join(chunk.subarray(start, end));
      start = end + 1;
      const returned = line.length > 0 && line[line.length - 1] === 13 ? line.subarray(0, line.length - 1) : line;
      if (!this.#onLine(returned)) return false;
    }
    if (start < chunk.length) {
      this.#pieces.push(chunk.subarray(start));
      this.#length += chunk.length - start;
    }
    return this.#length <= this.#bytesMax;
  }

  #join(last: Uint8Array): Uint8Array {
    this.#pieces.push(last);
    const line = Buffer.concat(this.#pieces, this.#length + last.length);
    this.#pieces = [];
    this.#length = 0;
    return line;
  }
}
