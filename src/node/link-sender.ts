/**
 * The sending half of a link: numbers its frames, cuts large ones into pieces, queues what the channel has no room
 * for, and applies the link's rules. Without rules a frame is one copy into the channel. It publishes only when told
 * to, so that a turn's frames become one batch.
 *
 *   frame = *( piece with MORE ) piece           ; every piece carries the frame's number
 *   control message (routing/link-repair.ts) = one piece with CONTROL, outside the numbering
 */
import { assert } from '../lib/assert.ts';
import { type ByteReader, ByteWriter } from '../lib/bytes.ts';
import { Deque } from '../lib/deque.ts';
import type { Prng } from '../lib/prng.ts';
import { DelayQueue } from '../routing/delay-queue.ts';
import { CONTROL, REPAIR_INTERVAL_MS, SentFrames } from '../routing/link-repair.ts';
import { type LinkRule, LinkRules } from '../routing/link-rules.ts';
import type { Channel } from './channel.ts';

/** Another piece of the same frame follows. */
export const MORE = 0x8000_0000 | 0;
/** A message between the two ends of the link, not a frame. */
export const CONTROL_PIECE = 0x4000_0000;

/** Bytes of one frame: a bulk as large as what may be in flight to a server, and its framing. */
export const FRAME_BYTES_MAX = 128 * 1024 * 1024;

/** Bytes that wait at a sender. The broker refuses commands (BUSY) long before; beyond it the link breaks. */
export const LINK_BACKLOG_BYTES_MAX = 256 * 1024 * 1024;

type Piece = { readonly flags: number; readonly number: number; readonly bytes: Uint8Array };
type Delayed = { readonly flags: number; readonly number: number; readonly frame: Uint8Array };

/** Made once: a message that is put together at each call is made for each frame. */
const FRAME_TOO_LARGE = `a frame is over ${FRAME_BYTES_MAX} bytes`;

export class LinkSender {
  readonly #channel: Channel;
  readonly #onBroken: (reason: string) => void;
  readonly #waiting = new Deque<Piece>();
  readonly #sent = new SentFrames();
  readonly #rules: LinkRules;
  readonly #delayed = new DelayQueue<Delayed>();
  readonly #control = new ByteWriter(64);
  #next = 0;
  #waitingBytes = 0;
  #delayedBytes = 0;
  /** Rules act, or frames that they delayed are still on their way. */
  #isRuled = false;
  #delayTimer: NodeJS.Timeout | null = null;
  #probeTimer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(channel: Channel, prng: Prng, onBroken: (reason: string) => void) {
    this.#channel = channel;
    this.#rules = new LinkRules(prng);
    this.#onBroken = onBroken;
  }

  /** Bytes that were sent and did not reach the channel, or may have to be sent again. */
  get backlogBytes(): number {
    return this.#waitingBytes + this.#delayedBytes + this.#sent.bytes;
  }

  /** Bytes that the channel had no room for; it rings when it has. */
  get blockedBytes(): number {
    return this.#waitingBytes;
  }

  /** Copies a frame behind those sent before; it leaves with the next `flush`. */
  send(frame: Uint8Array, start: number, end: number): void {
    if (this.#isClosed) return;
    assert(end - start <= FRAME_BYTES_MAX, FRAME_TOO_LARGE);
    const number = this.#next;
    this.#next = (number + 1) | 0;
    if (!this.#isRuled) {
      this.#put(0, number, frame, start, end);
      return;
    }
    const copy = frame.slice(start, end);
    this.#sent.keep(number, copy, performance.now());
    this.#probeSoon();
    this.#rule({ flags: 0, number, frame: copy });
  }

  /** Sends a control message: it obeys the rules as frames do. */
  sendControl(message: Uint8Array): void {
    if (this.#isClosed) return;
    if (this.#isRuled) this.#rule({ flags: CONTROL_PIECE, number: 0, frame: message.slice() });
    else this.#put(CONTROL_PIECE, 0, message, 0, message.length);
  }

  /** Makes what was sent visible to the other side, as far as there is room, and wakes it if it sleeps. */
  flush(): void {
    if (this.#isClosed) return;
    while (!this.#drainWaiting()) if (this.#channel.writer.waitForRoom()) break;
    if (this.#channel.writer.publish()) this.#channel.ring();
  }

  /** Replaces the rules of this direction, for frames sent from now on. */
  replaceRules(rules: readonly LinkRule[]): void {
    this.#rules.replace(rules);
    this.#calmDown();
    this.#onDelayed();
  }

  /** The other side says what it has and what it misses. */
  onReceived(reader: ByteReader): void {
    const now = performance.now();
    const gone = this.#sent.onReceived(reader, now, (number, frame) => {
      if (this.#isRuled) this.#rule({ flags: 0, number, frame });
      else this.#put(0, number, frame, 0, frame.length);
    });
    if (gone !== null) this.#sendNumber(CONTROL.gone, gone);
    this.flush();
  }

  close(): void {
    this.#isClosed = true;
    if (this.#delayTimer !== null) clearTimeout(this.#delayTimer);
    if (this.#probeTimer !== null) clearTimeout(this.#probeTimer);
    this.#delayed.clear();
    this.#sent.clear();
  }

  #put(flags: number, number: number, bytes: Uint8Array, start: number, end: number): void {
    const { writer } = this.#channel;
    let at = start;
    do {
      const pieceEnd = Math.min(end, at + writer.pieceBytesMax);
      const pieceFlags = pieceEnd < end ? flags | MORE : flags;
      if (this.#waiting.size > 0 || !writer.write(pieceFlags, number, bytes, at, pieceEnd)) {
        this.#waiting.push({ flags: pieceFlags, number, bytes: bytes.slice(at, pieceEnd) });
        this.#waitingBytes += pieceEnd - at;
      }
      at = pieceEnd;
    } while (at < end);
    if (this.backlogBytes > LINK_BACKLOG_BYTES_MAX) {
      this.#onBroken(`${this.backlogBytes} bytes wait to be read, more than ${LINK_BACKLOG_BYTES_MAX}`);
    }
  }

  /** Moves what waits into the channel; true when nothing waits any more. */
  #drainWaiting(): boolean {
    for (let piece = this.#waiting.peek(); piece !== undefined; piece = this.#waiting.peek()) {
      const { flags, number, bytes } = piece;
      if (!this.#channel.writer.write(flags, number, bytes, 0, bytes.length)) return false;
      this.#waiting.shift();
      this.#waitingBytes -= bytes.length;
    }
    return true;
  }

  #rule(frame: Delayed): void {
    const now = performance.now();
    // A control message is no load of the product's: it waits its turn and takes nothing of the link's rate.
    const bytes = frame.flags === CONTROL_PIECE ? 0 : frame.frame.length;
    for (const delayMs of this.#rules.decide(now, bytes)) {
      if (delayMs === 0 && this.#delayed.size === 0 && !this.#rules.isClogged) {
        this.#put(frame.flags, frame.number, frame.frame, 0, frame.frame.length);
      } else {
        this.#delayed.add(now + delayMs, frame);
        this.#delayedBytes += frame.frame.length;
      }
    }
    this.#waitForDelayed(now);
  }

  #waitForDelayed(now: number): void {
    if (this.#delayTimer !== null) clearTimeout(this.#delayTimer);
    this.#delayTimer = null;
    if (this.#delayed.size === 0 || this.#rules.isClogged || this.#isClosed) return;
    const waitMs = Math.max(1, Math.ceil(this.#delayed.nextDueMs() - now));
    this.#delayTimer = setTimeout(() => this.#onDelayed(), waitMs);
  }

  #onDelayed(): void {
    const now = performance.now();
    const until = this.#rules.isClogged ? Number.NEGATIVE_INFINITY : now;
    for (let due = this.#delayed.take(until); due !== null; due = this.#delayed.take(until)) {
      this.#delayedBytes -= due.frame.length;
      this.#put(due.flags, due.number, due.frame, 0, due.frame.length);
    }
    this.flush();
    this.#calmDown();
    this.#waitForDelayed(now);
  }

  #calmDown(): void {
    this.#isRuled = !this.#rules.isEmpty || this.#delayed.size > 0;
  }

  /** While copies are kept the receiver is asked what it has: else the loss of the last frame would not show. */
  #probeSoon(): void {
    this.#probeTimer ??= setTimeout(() => {
      this.#probeTimer = null;
      if (this.#sent.isEmpty) return;
      if (!this.#rules.isClogged) {
        this.#sendNumber(CONTROL.probe, this.#next);
        this.flush();
      }
      this.#probeSoon();
    }, REPAIR_INTERVAL_MS);
  }

  #sendNumber(kind: number, number: number): void {
    this.#control.reset();
    this.#control.u8(kind);
    this.#control.u32(number >>> 0);
    this.sendControl(this.#control.view());
  }
}
