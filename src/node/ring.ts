/**
 * A ring of bytes in shared memory: one thread writes, one reads. It moves pieces (a link's frame is one piece or
 * several, see frame-sender.ts) and never blocks, allocates per piece, or calls the other side: it only says
 * when the other side sleeps and must be woken by a doorbell.
 *
 * Memory: four control words, each on a cache line of its own, then the data.
 *
 *   memory = head tail readerSleeps writerWaits data      ; i32 every 64 bytes, then `capacity` bytes (a power of two)
 *   data   = *( piece / skip )
 *   piece  = word number bytes padding                    ; u32, u32, `length` bytes, up to a multiple of 8
 *   word   = length + flags                               ; length in 26 bits, flags above
 *   skip   = %xFFFFFFFF rest                              ; the rest up to the end of the data is unused
 *
 * Example, a piece of 3 bytes "abc" numbered 5 without flags: 03 00 00 00  05 00 00 00  61 62 63 00 00 00 00 00
 *
 * A piece never wraps, so a reader gets a view without a copy. `head` and `tail` count bytes modulo 2^32. The writer
 * fills pieces behind a head of its own and publishes them with one atomic store; the reader gives room back in the
 * same way. No wake-up is lost: the one who goes to sleep first raises its flag and then looks once more, the other
 * first publishes and then looks at the flag, and atomics are sequentially consistent.
 */
import { assert } from '../lib/assert.ts';
import type { PieceReader, PieceWriter } from './channel.ts';

/** Bytes of a piece that its length field can tell. */
export const PIECE_LENGTH_MASK = 0x03ff_ffff;

const CONTROL_BYTES = 256;
const HEAD = 0;
const TAIL = 16;
const READER_SLEEPS = 32;
const WRITER_WAITS = 48;
const HEADER_BYTES = 8;
/** What a raised flag asks for: the doorbell, or only that the word changes, because a thread blocks on it. */
const RINGS = 1;
const LINGERS = 2;
const SKIP = -1;

/** Shared memory for a ring of `capacity` data bytes: a power of two, from 64 bytes to 128 MiB. */
export function createRing(capacity: number): SharedArrayBuffer {
  assert(capacity >= 64 && capacity <= 0x0800_0000 && (capacity & (capacity - 1)) === 0, 'a ring is a power of two');
  return new SharedArrayBuffer(CONTROL_BYTES + capacity);
}

/**
 * Rings that nobody uses any more, to be used again. The collector sees memory that threads share late, and each
 * restart of a server needs some: without this a host whose servers are killed all the time would grow.
 */
export class RingStock {
  readonly #free: SharedArrayBuffer[] = [];

  /** An empty ring of `capacity` data bytes. */
  take(capacity: number): SharedArrayBuffer {
    const at = this.#free.findIndex((memory) => memory.byteLength === CONTROL_BYTES + capacity);
    const [memory] = at < 0 ? [] : this.#free.splice(at, 1);
    if (memory === undefined) return createRing(capacity);
    const control = new Int32Array(memory, 0, CONTROL_BYTES / 4);
    for (const word of [HEAD, TAIL, READER_SLEEPS, WRITER_WAITS]) Atomics.store(control, word, 0);
    return memory;
  }

  /** Takes a ring back: no reader and no writer of it may act any more, in any thread. */
  giveBack(memory: SharedArrayBuffer): void {
    this.#free.push(memory);
  }
}

/** The writing side. At most one per ring and thread. */
export class RingWriter implements PieceWriter {
  readonly capacity: number;
  /** However its pieces lie, a ring takes one of this size: what is left of it may be lost to a skip. */
  readonly pieceBytesMax: number;
  readonly #control: Int32Array;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  #head: number;
  #published: number;
  #tail: number;

  constructor(memory: SharedArrayBuffer) {
    this.capacity = memory.byteLength - CONTROL_BYTES;
    this.pieceBytesMax = this.capacity / 4 - HEADER_BYTES;
    this.#control = new Int32Array(memory, 0, CONTROL_BYTES / 4);
    this.#words = new Int32Array(memory, CONTROL_BYTES);
    this.#bytes = new Uint8Array(memory, CONTROL_BYTES);
    this.#head = Atomics.load(this.#control, HEAD);
    this.#published = this.#head;
    this.#tail = Atomics.load(this.#control, TAIL);
  }

  /** Copies a piece behind what was written before, not yet published. False when there is no room for it now. */
  write(flags: number, number: number, source: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    const needed = HEADER_BYTES + ((length + 7) & ~7);
    const position = this.#head & (this.capacity - 1);
    const toEnd = this.capacity - position;
    const skipped = needed > toEnd ? toEnd : 0;
    if (!this.#hasRoom(needed + skipped)) return false;
    if (skipped > 0) this.#words[position >> 2] = SKIP;
    const at = skipped > 0 ? 0 : position;
    this.#words[at >> 2] = length | flags;
    this.#words[(at >> 2) + 1] = number;
    copy(this.#bytes, at + HEADER_BYTES, source, start, end);
    this.#head = (this.#head + skipped + needed) | 0;
    return true;
  }

  /** Makes what was written visible. True when the reader sleeps, must not sleep on and this call is the one that must wake it. */
  publish(maySleepOn = false): boolean {
    if (this.#published === this.#head) return false;
    Atomics.store(this.#control, HEAD, this.#head);
    this.#published = this.#head;
    return !maySleepOn && wakes(this.#control, READER_SLEEPS);
  }

  /** Asks to be woken when the reader gives room back. False when it already has: try to write again. */
  waitForRoom(): boolean {
    Atomics.store(this.#control, WRITER_WAITS, RINGS);
    if (Atomics.load(this.#control, TAIL) === this.#tail) return true;
    Atomics.store(this.#control, WRITER_WAITS, 0);
    return false;
  }

  #hasRoom(needed: number): boolean {
    if (this.capacity - ((this.#head - this.#tail) | 0) >= needed) return true;
    this.#tail = Atomics.load(this.#control, TAIL);
    return this.capacity - ((this.#head - this.#tail) | 0) >= needed;
  }
}

/** The reading side. At most one per ring and thread. `bytes.subarray(start, end)` is the piece that `next` found. */
export class RingReader implements PieceReader {
  readonly bytes: Uint8Array;
  start = 0;
  end = 0;
  flags = 0;
  number = 0;
  readonly #control: Int32Array;
  readonly #words: Int32Array;
  readonly #capacity: number;
  #head: number;
  #tail: number;
  #released: number;

  constructor(memory: SharedArrayBuffer) {
    this.#capacity = memory.byteLength - CONTROL_BYTES;
    this.#control = new Int32Array(memory, 0, CONTROL_BYTES / 4);
    this.#words = new Int32Array(memory, CONTROL_BYTES);
    this.bytes = new Uint8Array(memory, CONTROL_BYTES);
    this.#tail = Atomics.load(this.#control, TAIL);
    this.#released = this.#tail;
    this.#head = this.#tail;
  }

  /** Steps to the next piece; false when there is none. The piece stays valid until `release`. */
  next(): boolean {
    for (;;) {
      if (this.#tail === this.#head) {
        this.#head = Atomics.load(this.#control, HEAD);
        if (this.#tail === this.#head) return false;
      }
      const position = this.#tail & (this.#capacity - 1);
      const word = this.#words[position >> 2] as number;
      if (word === SKIP) {
        this.#tail = (this.#tail + this.#capacity - position) | 0;
        continue;
      }
      const length = word & PIECE_LENGTH_MASK;
      this.flags = word & ~PIECE_LENGTH_MASK;
      this.number = this.#words[(position >> 2) + 1] as number;
      this.start = position + HEADER_BYTES;
      this.end = this.start + length;
      this.#tail = (this.#tail + HEADER_BYTES + ((length + 7) & ~7)) | 0;
      return true;
    }
  }

  /** Bytes read and not given back yet. */
  get unreleasedBytes(): number {
    return (this.#tail - this.#released) | 0;
  }

  /** Gives back the room of every piece read. True when the writer waits for it and this call must wake it. */
  release(): boolean {
    if (this.#released === this.#tail) return false;
    Atomics.store(this.#control, TAIL, this.#tail);
    this.#released = this.#tail;
    return wakes(this.#control, WRITER_WAITS);
  }

  /** Goes to sleep: the writer rings from now on. False when a piece came meanwhile: read on instead. */
  sleep(): boolean {
    Atomics.store(this.#control, READER_SLEEPS, RINGS);
    if (Atomics.load(this.#control, HEAD) === this.#tail) return true;
    Atomics.store(this.#control, READER_SLEEPS, 0);
    return false;
  }

  /** Blocks the thread until a piece came, `milliseconds` at most. Whether one came. */
  linger(milliseconds: number): boolean {
    Atomics.store(this.#control, READER_SLEEPS, LINGERS);
    if (Atomics.load(this.#control, HEAD) === this.#tail)
      Atomics.wait(this.#control, READER_SLEEPS, LINGERS, milliseconds);
    Atomics.store(this.#control, READER_SLEEPS, 0);
    return Atomics.load(this.#control, HEAD) !== this.#tail;
  }
}

/**
 * Lowers a raised flag, and wakes a thread that lingers on it. True for the one caller that must ring. The plain load
 * first keeps the common case cheap.
 */
function wakes(control: Int32Array, flag: number): boolean {
  if (Atomics.load(control, flag) === 0) return false;
  const how = Atomics.exchange(control, flag, 0);
  if (how === LINGERS) Atomics.notify(control, flag);
  return how === RINGS;
}

/** Calls into the engine cost more than a loop below some dozens of bytes. */
function copy(target: Uint8Array, at: number, source: Uint8Array, start: number, end: number): void {
  if (end - start <= 48) {
    for (let from = start, to = at; from < end; from++, to++) target[to] = source[from] as number;
  } else {
    target.set(start === 0 && end === source.length ? source : source.subarray(start, end), at);
  }
}
