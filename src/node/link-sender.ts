/**
 * What a link sends, on its way into the channel: cuts large frames into pieces and queues what the channel has no room
 * for. It publishes only when told to, so that a turn's frames become one batch. What a frame's number is, and what
 * rules do to it, is decided before (routing/sending-end.ts).
 *
 *   frame = *( piece with MORE ) piece           ; every piece carries the frame's number
 *   control message (routing/link-repair.ts) = one piece with CONTROL_PIECE, outside the numbering
 */
import { Deque } from '../lib/deque.ts';
import { LINK_BACKLOG_BYTES_MAX, type MessageKind, type SendingHost } from '../routing/sending-end.ts';
import type { Channel } from './channel.ts';

/** Another piece of the same frame follows. */
export const MORE = 0x8000_0000 | 0;
/** A message between the two ends of the link, not a frame. */
export const CONTROL_PIECE = 0x4000_0000;

type Piece = { readonly flags: number; readonly number: number; readonly bytes: Uint8Array };

export class LinkSender implements SendingHost {
  readonly #channel: Channel;
  readonly #onBroken: (reason: string) => void;
  readonly #waiting = new Deque<Piece>();
  #waitingBytes = 0;
  #isClosed = false;

  constructor(channel: Channel, onBroken: (reason: string) => void) {
    this.#channel = channel;
    this.#onBroken = onBroken;
  }

  /** Bytes that the channel had no room for; it rings when it has. */
  get blockedBytes(): number {
    return this.#waitingBytes;
  }

  now(): number {
    return performance.now();
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = setTimeout(run, Math.max(1, Math.ceil(delayMs)));
    return () => clearTimeout(timer);
  }

  onBroken(reason: string): void {
    this.#onBroken(reason);
  }

  carry(kind: MessageKind, number: number, bytes: Uint8Array, start: number, end: number): void {
    const { writer } = this.#channel;
    const flags = kind === 'control' ? CONTROL_PIECE : 0;
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
    if (this.#waitingBytes > LINK_BACKLOG_BYTES_MAX) {
      this.#onBroken(`${this.#waitingBytes} bytes wait to be read, more than ${LINK_BACKLOG_BYTES_MAX}`);
    }
  }

  /** Makes what was sent visible to the other side, as far as there is room, and wakes it if it sleeps. */
  flush(maySleepOn = false): void {
    if (this.#isClosed) return;
    while (!this.#drainWaiting()) if (this.#channel.writer.waitForRoom()) break;
    if (this.#channel.writer.publish(maySleepOn)) this.#channel.ring();
  }

  close(): void {
    this.#isClosed = true;
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
}
