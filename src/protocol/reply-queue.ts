/**
 * Replies of one connection in the order of its commands, whatever order they come in. Each command takes a slot; the
 * oldest open one writes straight into the output, later ones wait as bytes. Short replies leave together, long ones as
 * pieces, so that none is copied to lie beside others. Slots are used again, so that a command that is answered costs no
 * garbage here. Knows nothing of what the bytes say.
 */
import { Deque } from '../lib/deque.ts';
import { ByteWriter, NO_BYTES } from '../lib/bytes.ts';

/** A place in the order of replies; who uses the queue adds what a command needs to write its reply. */
export type Slot = {
  state: 'open' | 'done';
  /** Bytes of the reply of an open slot, or UNTOLD. */
  bytes: number;
  /** What a done slot wrote while older ones were open. */
  held: Uint8Array | null;
  /** Writes the reply of a done slot, when it is its turn; instead of `held`. */
  atTurn: ((output: ByteWriter) => void) | null;
};

/** Nobody knows how long the reply will be. */
export const UNTOLD = -1;

/** Slots that are kept for later commands. */
const FREE_MAX = 4_096;

/** Replies that are compared with the one before, to be kept once. */
const SHARED_BYTES_MAX = 16;

/** Bytes of a long reply, and of an output buffer that is not kept. */
const LONG_BYTES = 256 * 1024;

/** What is counted of the replies of a connection. */
export type ReplyCounts = Pick<ReplyQueue<Slot>, 'underWay' | 'untold' | 'bytes' | 'longest'>;

export class ReplyQueue<S extends Slot> {
  readonly #newSlot: () => S;
  /** Called when the reply of a slot enters the output: in the order of the commands. */
  readonly #onEmit: (slot: S) => void;
  readonly #wake: () => void;
  /** Whether the owner is in a call to the session and looks at the output afterwards anyway. */
  #isReading = false;
  readonly #slots = new Deque<S>();
  readonly #free: S[] = [];
  readonly #scratch = new ByteWriter(1_024);
  /** What is ready: these, in their order, and then the output. */
  readonly #pieces = new Deque<Uint8Array>();
  #output = new ByteWriter(4_096);
  /** Bytes of these, of replies that wait for older ones, and of those that are known before they come. */
  #heldBytes = 0;
  #openSlots = 0;
  #untold = 0;
  /** Where the reply begins that is being written into the output. */
  #replyStart = 0;
  #longest = 0;
  #lastHeld: Uint8Array = NO_BYTES;

  /** `wake` is called when replies entered the output outside of `reading`. */
  constructor(newSlot: () => S, onEmit: (slot: S) => void, wake: () => void) {
    this.#newSlot = newSlot;
    this.#onEmit = onEmit;
    this.#wake = wake;
  }

  /** Commands whose replies are not in the output yet. */
  get size(): number {
    return this.#slots.size;
  }

  /** Commands without a reply. */
  get underWay(): number {
    return this.#openSlots;
  }

  /** Those of them whose replies may have any length. */
  get untold(): number {
    return this.#untold;
  }

  /** Bytes of replies that are ready, wait for older ones, or are known before they come. */
  get bytes(): number {
    return this.#output.length + this.#heldBytes;
  }

  /** Bytes of the longest reply that came since the output was taken. */
  get longest(): number {
    return this.#longest;
  }

  /** Runs what reads requests: replies that become ready meanwhile wake nobody. */
  reading(read: () => void): void {
    this.#isReading = true;
    read();
    this.#isReading = false;
  }

  /** Takes the next place. */
  open(): S {
    const slot = this.#free.pop() ?? this.#newSlot();
    slot.state = 'open';
    slot.bytes = UNTOLD;
    this.#openSlots++;
    this.#untold++;
    this.#slots.push(slot);
    return slot;
  }

  /** The reply of an open slot will have so many bytes; said at most once. */
  tell(slot: S, bytes: number): void {
    slot.bytes = bytes;
    this.#untold--;
    this.#heldBytes += bytes;
  }

  /** Where the reply of an open slot is to be written; `close` must follow in the same breath. */
  writerFor(slot: S): ByteWriter {
    if (slot === this.#slots.peek()) {
      this.#replyStart = this.#output.length;
      return this.#output;
    }
    this.#scratch.reset();
    return this.#scratch;
  }

  /** The reply of an open slot was written; it and all done ones behind it enter the output. */
  close(slot: S): void {
    this.#leave(slot);
    if (slot !== this.#slots.peek()) {
      slot.held = this.#heldCopy();
      this.#heldBytes += slot.held.length;
      this.#longest = Math.max(this.#longest, slot.held.length);
      return;
    }
    const length = this.#output.length - this.#replyStart;
    this.#longest = Math.max(this.#longest, length);
    if (length > LONG_BYTES) this.#endPiece();
    this.#emit(slot);
    this.#emitDone();
    if (!this.#isReading) this.#wake();
  }

  /** The reply is written by `write` when all older ones are in the output. It wakes nobody: it is the answer at once to a request. */
  closeAtTurn(slot: S, write: (output: ByteWriter) => void): void {
    this.#leave(slot);
    slot.atTurn = write;
    this.#emitDone();
  }

  /** Replies that are ready, or a first piece of them; valid until the next one. */
  output(): Uint8Array {
    return this.#pieces.peek() ?? this.#output.view();
  }

  /** What `output` said was taken; `isKept`: who took it goes on reading its memory. */
  clear(isKept = false): void {
    this.#longest = 0;
    const piece = this.#pieces.shift();
    if (piece !== undefined) this.#heldBytes -= piece.length;
    else if (isKept || this.#output.buffer.length > LONG_BYTES) this.#output = new ByteWriter(4_096);
    else this.#output.reset();
  }

  /** Nobody takes what is ready. */
  drop(): void {
    while (this.#pieces.size > 0) this.clear();
    this.clear();
  }

  /** A slot is under way no more. */
  #leave(slot: S): void {
    slot.state = 'done';
    this.#openSlots--;
    if (slot.bytes === UNTOLD) this.#untold--;
    else this.#heldBytes -= slot.bytes;
  }

  /** What the scratch holds, in memory of its own; neighbours that say the same (OK) share it. */
  #heldCopy(): Uint8Array {
    const { length, buffer } = this.#scratch;
    const last = this.#lastHeld;
    let same = length === last.length && length <= SHARED_BYTES_MAX;
    for (let i = 0; same && i < length; i++) same = buffer[i] === last[i];
    if (!same) this.#lastHeld = this.#scratch.copy();
    return this.#lastHeld;
  }

  #emitDone(): void {
    for (let slot = this.#slots.peek(); slot !== undefined && slot.state === 'done'; slot = this.#slots.peek()) {
      if (slot.held !== null) {
        if (slot.held.length > LONG_BYTES) {
          this.#endPiece();
          this.#pieces.push(slot.held);
        } else {
          this.#output.bytes(slot.held);
          this.#heldBytes -= slot.held.length;
        }
        slot.held = null;
      }
      slot.atTurn?.(this.#output);
      slot.atTurn = null;
      this.#emit(slot);
    }
  }

  /** What comes now is not to lie beside what is in the output. */
  #endPiece(): void {
    if (this.#output.length === 0) return;
    this.#pieces.push(this.#output.view());
    this.#heldBytes += this.#output.length;
    this.#output = new ByteWriter(4_096);
  }

  #emit(slot: S): void {
    this.#slots.shift();
    this.#onEmit(slot);
    if (this.#free.length < FREE_MAX) this.#free.push(slot);
  }
}
