/**
 * The sending end of a link, whatever the link is made of: numbers its frames, applies the link's rules, holds what they
 * delay, and keeps copies of what they may lose until the other side has it. Without rules a frame is handed straight to
 * the host: no copy, no object. Reads no clock and sets no timer but through its host, which threads and the simulator
 * both are.
 */
import { assert } from '../lib/assert.ts';
import { type ByteReader, ByteWriter } from '../lib/bytes.ts';
import type { Prng } from '../lib/prng.ts';
import { DelayQueue } from './delay-queue.ts';
import { CONTROL, REPAIR_INTERVAL_MS, SentFrames } from './link-repair.ts';
import { type LinkRule, LinkRules } from './link-rules.ts';

/** Bytes of one frame: a bulk as large as what may be in flight to a server, and its framing. */
export const FRAME_BYTES_MAX = 128 * 1024 * 1024;

/** Bytes that wait at a sender. The broker refuses commands (BUSY) long before; beyond it the link breaks. */
export const LINK_BACKLOG_BYTES_MAX = 256 * 1024 * 1024;

/** A frame has a number; a control message is between the two ends and has none. */
export type MessageKind = 'frame' | 'control';

export type SendingHost = {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Puts a message behind those it was given before; copies it before it returns. */
  carry(kind: MessageKind, number: number, bytes: Uint8Array, start: number, end: number): void;
  /** Lets go what it was given: nothing else in this turn may do so. */
  flush(): void;
  /** Calls `run` once, not before so many milliseconds have passed; the answer takes that back. */
  after(delayMs: number, run: () => void): () => void;
  /** The link must not go on. */
  onBroken(reason: string): void;
};

type Message = { readonly kind: MessageKind; readonly number: number; readonly bytes: Uint8Array };

/** Made once: a message that is put together at each call is made for each frame. */
const FRAME_TOO_LARGE = `a frame is over ${FRAME_BYTES_MAX} bytes`;

export class SendingEnd {
  readonly #host: SendingHost;
  readonly #rules: LinkRules;
  readonly #sent = new SentFrames();
  readonly #delayed = new DelayQueue<Message>();
  readonly #control = new ByteWriter(64);
  #next = 0;
  #delayedBytes = 0;
  /** Rules act, or messages that they delayed are still on their way. */
  #isRuled = false;
  /** When it looks at what is delayed again. */
  #wakesAtMs = Number.POSITIVE_INFINITY;
  #cancelWake: (() => void) | null = null;
  #cancelProbe: (() => void) | null = null;
  #isClosed = false;

  /** `prng` serves the rules alone. */
  constructor(prng: Prng, host: SendingHost) {
    this.#rules = new LinkRules(prng);
    this.#host = host;
  }

  /** Bytes that rules hold back or that may have to be sent again. */
  get backlogBytes(): number {
    return this.#delayedBytes + this.#sent.bytes;
  }

  /** Sends a frame behind those sent before; its bytes may change when this returns. Whoever calls flushes. */
  send(frame: Uint8Array, start: number, end: number): void {
    if (this.#isClosed) return;
    assert(end - start <= FRAME_BYTES_MAX, FRAME_TOO_LARGE);
    const number = this.#next;
    this.#next = (number + 1) | 0;
    if (!this.#isRuled) {
      this.#host.carry('frame', number, frame, start, end);
      return;
    }
    const bytes = frame.slice(start, end);
    this.#sent.keep(number, bytes, this.#host.now());
    this.#probeSoon();
    this.#rule({ kind: 'frame', number, bytes });
  }

  /** Sends a message for the other end; it obeys the rules as frames do. */
  sendControl(message: Uint8Array): void {
    if (this.#isClosed) return;
    if (this.#isRuled) this.#rule({ kind: 'control', number: 0, bytes: message.slice() });
    else this.#host.carry('control', 0, message, 0, message.length);
    this.#host.flush();
  }

  /** Replaces the rules of this direction, for what is sent from now on. */
  replaceRules(rules: readonly LinkRule[]): void {
    if (this.#isClosed) return;
    this.#rules.replace(rules);
    this.#onDelayed();
  }

  /** The other end says what it has and what it misses. */
  onReceived(reader: ByteReader): void {
    const gone = this.#sent.onReceived(reader, this.#host.now(), (number, bytes) => {
      if (this.#isRuled) this.#rule({ kind: 'frame', number, bytes });
      else this.#host.carry('frame', number, bytes, 0, bytes.length);
    });
    if (gone !== null) this.#sendNumber(CONTROL.gone, gone);
    this.#host.flush();
  }

  /** Sends nothing any more, not even what rules hold. */
  close(): void {
    this.#isClosed = true;
    this.#cancelWake?.();
    this.#cancelProbe?.();
    this.#delayed.clear();
    this.#delayedBytes = 0;
    this.#sent.clear();
  }

  #rule(message: Message): void {
    const nowMs = this.#host.now();
    const { kind, number, bytes } = message;
    // A control message is no load of the product's: it waits its turn and takes nothing of the link's rate.
    for (const delayMs of this.#rules.decide(nowMs, kind === 'control' ? 0 : bytes.length)) {
      if (delayMs === 0 && this.#delayed.size === 0 && !this.#rules.isClogged) {
        this.#host.carry(kind, number, bytes, 0, bytes.length);
      } else {
        this.#delayed.add(nowMs + delayMs, message);
        this.#delayedBytes += bytes.length;
      }
    }
    this.#waitForDelayed(nowMs);
    if (this.#delayedBytes > LINK_BACKLOG_BYTES_MAX) {
      this.#host.onBroken(`${this.#delayedBytes} bytes are held back, more than ${LINK_BACKLOG_BYTES_MAX}`);
    }
  }

  #waitForDelayed(nowMs: number): void {
    const dueMs = this.#delayed.nextDueMs();
    if (dueMs >= this.#wakesAtMs || this.#rules.isClogged || this.#isClosed) return;
    this.#cancelWake?.();
    this.#wakesAtMs = dueMs;
    this.#cancelWake = this.#host.after(Math.max(0, dueMs - nowMs), () => {
      this.#cancelWake = null;
      this.#wakesAtMs = Number.POSITIVE_INFINITY;
      this.#onDelayed();
    });
  }

  #onDelayed(): void {
    const nowMs = this.#host.now();
    const untilMs = this.#rules.isClogged ? Number.NEGATIVE_INFINITY : nowMs;
    for (let due = this.#delayed.take(untilMs); due !== null; due = this.#delayed.take(untilMs)) {
      this.#delayedBytes -= due.bytes.length;
      this.#host.carry(due.kind, due.number, due.bytes, 0, due.bytes.length);
    }
    this.#host.flush();
    this.#isRuled = !this.#rules.isEmpty || this.#delayed.size > 0;
    this.#waitForDelayed(nowMs);
  }

  /** While copies are kept the other end is asked what it has: else the loss of the last frame would not show. */
  #probeSoon(): void {
    this.#cancelProbe ??= this.#host.after(REPAIR_INTERVAL_MS, () => {
      this.#cancelProbe = null;
      if (this.#sent.isEmpty) return;
      // Behind a clog it would wait with everything else, and there would be ever more of them.
      if (!this.#rules.isClogged) this.#sendNumber(CONTROL.probe, this.#next);
      this.#probeSoon();
    });
  }

  #sendNumber(kind: number, number: number): void {
    this.#control.reset();
    this.#control.u8(kind);
    this.#control.u32(number >>> 0);
    this.sendControl(this.#control.view());
  }
}
