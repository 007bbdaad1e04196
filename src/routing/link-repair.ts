/**
 * Repair of a link that a fault makes lossy: every frame has a number, so the receiver knows what is missing, and the
 * sender keeps copies of what it sent while rules acted until the receiver has it. So a link delivers each frame once
 * and in order, later than it should be, or says that it broke. A link without rules loses nothing and pays nothing
 * of this: no copy, no acknowledgement. Reads no clock and sets no timer.
 *
 * Numbers are 32-bit and wrap: `a` comes before `b` when (a − b) as a signed 32-bit number is negative. What the two
 * halves tell each other, beside the frames, as one control message each:
 *
 *   control  = kind number *missing          ; u8, and the numbers in u32
 *   probe    = 1, the sender's next number   ; sent again and again while the sender keeps copies
 *   received = 2, the number expected next, and those known to be missing (at most MISSING_MAX)
 *   gone     = 3, the first number the sender can still send
 *
 * Example: "I expect 7; 7 and 9 are missing": 02 | 07 00 00 00 | 07 00 00 00 | 09 00 00 00.
 */
import type { ByteReader, ByteWriter } from '../lib/bytes.ts';

export const CONTROL = { probe: 1, received: 2, gone: 3 } as const;

/** Numbers in one `received`: what is missing beyond it is asked for after the next probe. */
export const MISSING_MAX = 512;

/** Milliseconds between probes, and until a copy may be sent once more. Well below a heartbeat. */
export const REPAIR_INTERVAL_MS = 20;

/** Bytes of frames that a sender keeps copies of, or a receiver holds behind a gap; beyond it the link breaks. */
export const REPAIR_BYTES_MAX = 64 * 1024 * 1024;

type Copy = { readonly number: number; readonly frame: Uint8Array; sentMs: number };

/** The sender's half: copies of what the receiver may lack. */
export class SentFrames {
  readonly #copies = new Map<number, Copy>();
  #bytes = 0;
  #firstKept: number | null = null;

  get isEmpty(): boolean {
    return this.#copies.size === 0;
  }

  /** Bytes of the copies. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps `frame`, which must not change any more, until it was received. The oldest go when there are too many. */
  keep(number: number, frame: Uint8Array, nowMs: number): void {
    this.#copies.set(number, { number, frame, sentMs: nowMs });
    this.#bytes += frame.length;
    for (const copy of this.#copies.values()) {
      if (this.#bytes <= REPAIR_BYTES_MAX) break;
      this.#forget(copy);
      this.#firstKept = (copy.number + 1) | 0;
    }
  }

  /**
   * A `received` came: forgets what it confirms, and calls `resend` for each missing frame that was not sent again
   * just now. Answers the first number that can still be had when one was asked for that is gone, else null.
   */
  onReceived(reader: ByteReader, nowMs: number, resend: (number: number, frame: Uint8Array) => void): number | null {
    const expected = reader.u32() | 0;
    for (const copy of this.#copies.values()) {
      if (((copy.number - expected) | 0) >= 0) break;
      this.#forget(copy);
    }
    const gone = this.#firstKept !== null && ((expected - this.#firstKept) | 0) < 0;
    while (reader.remaining >= 4) {
      const copy = this.#copies.get(reader.u32() | 0);
      if (copy === undefined || nowMs - copy.sentMs < REPAIR_INTERVAL_MS) continue;
      copy.sentMs = nowMs;
      resend(copy.number, copy.frame);
    }
    return gone ? this.#firstKept : null;
  }

  clear(): void {
    this.#copies.clear();
    this.#bytes = 0;
  }

  #forget(copy: Copy): void {
    this.#copies.delete(copy.number);
    this.#bytes -= copy.frame.length;
  }
}

/** The receiver's half: what is expected next, and what came before its turn. */
export class ReceivedFrames {
  #expected = 0;
  /** One behind the highest number that is known to have been sent. */
  #known = 0;
  #held = new Map<number, Uint8Array>();
  #heldBytes = 0;

  /**
   * A frame came. `deliver`: it is the next one, hand it on, then what `takeHeld` answers. `gap`: it was held, and is
   * the first to show that others are missing: ask for them. `held` and `late`: nothing to do. `full`: give up.
   */
  onFrame(number: number, bytes: Uint8Array, start: number, end: number): 'deliver' | 'gap' | 'held' | 'late' | 'full' {
    const ahead = (number - this.#expected) | 0;
    if (ahead === 0) {
      this.#expected = (number + 1) | 0;
      if (this.#held.size === 0) this.#known = this.#expected;
      return 'deliver';
    }
    if (ahead < 0 || this.#held.has(number)) return 'late';
    this.#held.set(number, bytes.slice(start, end));
    this.#heldBytes += end - start;
    if (this.#heldBytes > REPAIR_BYTES_MAX) return 'full';
    const isNews = ((number - this.#known) | 0) > 0;
    if (((number - this.#known) | 0) >= 0) this.#known = (number + 1) | 0;
    return isNews ? 'gap' : 'held';
  }

  /** The next frame that was held and is due now, or null. */
  takeHeld(): Uint8Array | null {
    if (this.#held.size === 0) return null;
    const frame = this.#held.get(this.#expected);
    if (frame === undefined) return null;
    this.#held.delete(this.#expected);
    this.#heldBytes -= frame.length;
    this.#expected = (this.#expected + 1) | 0;
    if (((this.#known - this.#expected) | 0) < 0) this.#known = this.#expected;
    return frame;
  }

  /** A probe came: the sender's next number. */
  onProbe(next: number): void {
    if (((next - this.#known) | 0) > 0) this.#known = next;
  }

  /** Frames that were lost for good, when the sender can only send from `first` on. */
  lostBefore(first: number): number {
    return Math.max(0, (first - this.#expected) | 0);
  }

  /** Writes a `received`: what is expected and what is missing. */
  writeReceived(writer: ByteWriter): void {
    writer.u8(CONTROL.received);
    writer.u32(this.#expected >>> 0);
    let listed = 0;
    for (let number = this.#expected; number !== this.#known && listed < MISSING_MAX; number = (number + 1) | 0) {
      if (this.#held.has(number)) continue;
      writer.u32(number >>> 0);
      listed++;
    }
  }
}
