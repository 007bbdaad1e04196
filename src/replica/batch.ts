/** The frames of one turn, copied out of the links' rings so that these are free again while the disk syncs. */
import type { Rare } from '../lib/rare.ts';
import { FRAME } from '../model/frames.ts';
import type { ServerIndex } from '../model/ids.ts';

export class Batch {
  #bytes: Uint8Array;
  #length = 0;
  /** Three numbers a frame: from (−1 is the broker), start, end. */
  #frames: Float64Array;
  #count = 0;

  constructor(rare: Rare) {
    this.#bytes = new Uint8Array(rare('replica: a batch begins with one byte') ? 1 : FIRST_BYTES);
    this.#frames = new Float64Array(rare('replica: a batch begins with one frame') ? 3 : 3 * FIRST_FRAMES);
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Whether it is one ping and nothing else: the sign of an idle server. */
  get isHeartbeat(): boolean {
    return this.#count === 1 && this.#bytes[0] === FRAME.ping;
  }

  add(from: 'broker' | ServerIndex, bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.#length + length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    if ((this.#count + 1) * 3 > this.#frames.length) {
      const more = new Float64Array(this.#frames.length * 2);
      more.set(this.#frames);
      this.#frames = more;
    }
    this.#copy(bytes, start, end);
    const at = this.#count * 3;
    this.#frames[at] = from === 'broker' ? -1 : from;
    this.#frames[at + 1] = this.#length;
    this.#length += length;
    this.#frames[at + 2] = this.#length;
    this.#count++;
  }

  /** Calls into the engine cost more than a loop over the bytes of a read. */
  #copy(source: Uint8Array, start: number, end: number): void {
    const target = this.#bytes;
    if (end - start > LOOPED_BYTES_MAX) target.set(source.subarray(start, end), this.#length);
    else for (let from = start, to = this.#length; from < end; from++, to++) target[to] = source[from] as number;
  }

  each(visit: (from: 'broker' | ServerIndex, bytes: Uint8Array, start: number, end: number) => void): void {
    for (let i = 0; i < this.#count; i++) {
      const from = this.#frames[i * 3] as number;
      visit(
        from < 0 ? 'broker' : (from as ServerIndex),
        this.#bytes,
        this.#frames[i * 3 + 1] as number,
        this.#frames[i * 3 + 2] as number,
      );
    }
  }

  /** How many frames it has. */
  get size(): number {
    return this.#count;
  }

  /** Like `each`, from one frame on and for as long as `visit` wants more; answers which frame is the next. */
  visit(
    begin: number,
    visit: (from: 'broker' | ServerIndex, bytes: Uint8Array, start: number, end: number) => boolean,
  ): number {
    for (let i = begin; i < this.#count; i++) {
      const from = this.#frames[i * 3] as number;
      const start = this.#frames[i * 3 + 1] as number;
      const end = this.#frames[i * 3 + 2] as number;
      if (!visit(from < 0 ? 'broker' : (from as ServerIndex), this.#bytes, start, end)) return i + 1;
    }
    return this.#count;
  }

  clear(): void {
    this.#count = 0;
    this.#length = 0;
    if (this.#bytes.length > KEPT_BYTES_MAX) this.#bytes = new Uint8Array(FIRST_BYTES);
  }
}

/** Room at the start: few batches of a quiet server need more, and those of a busy one grow it within a few turns. */
const FIRST_BYTES = 4096;
const FIRST_FRAMES = 64;

/** Frames up to this length are copied by a loop. */
const LOOPED_BYTES_MAX = 48;

/** A batch with a huge document must not keep its memory for ever. */
const KEPT_BYTES_MAX = 8 * 1024 * 1024;
