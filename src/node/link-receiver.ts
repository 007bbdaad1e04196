/**
 * What came through a channel, on its way to a link's receiving end: puts pieces together. A frame of one piece is
 * handed on where it lies, without a copy.
 */
import { assert } from '../lib/assert.ts';
import { ByteWriter } from '../lib/bytes.ts';
import type { OnFrame, ReceivingEnd } from '../routing/receiving-end.ts';
import { FRAME_BYTES_MAX } from '../routing/sending-end.ts';
import type { Channel } from './channel.ts';
import { CONTROL_PIECE, MORE } from './link-sender.ts';

export class LinkReceiver {
  readonly #channel: Channel;
  readonly #end: ReceivingEnd;
  readonly #releaseBytes: number;
  /** The pieces of a frame that is not whole yet; given up when it was a large one, so that it does not stay for ever. */
  #assembly: ByteWriter | null = null;
  #isHeld = false;

  constructor(channel: Channel, end: ReceivingEnd) {
    this.#channel = channel;
    this.#end = end;
    this.#releaseBytes = channel.writer.pieceBytesMax;
  }

  /** Reads frames until there is none, or about `bytesMax` were read. True when there may be more. */
  drain(onFrame: OnFrame, bytesMax: number): boolean {
    const { reader } = this.#channel;
    let read = 0;
    let isEmpty = false;
    this.#isHeld = false;
    while (read < bytesMax && !this.#end.isClosed && !this.#isHeld) {
      if (!reader.next()) {
        isEmpty = true;
        break;
      }
      read += reader.end - reader.start;
      this.#onPiece(onFrame);
      if (reader.unreleasedBytes >= this.#releaseBytes && reader.release()) this.#channel.ring();
    }
    if (reader.release()) this.#channel.ring();
    return !isEmpty && !this.#end.isClosed;
  }

  /** Ends the drain that runs after the frame at hand. */
  hold(): void {
    this.#isHeld = true;
  }

  #onPiece(onFrame: OnFrame): void {
    const { reader } = this.#channel;
    const { bytes, start, end, flags, number } = reader;
    if ((flags & CONTROL_PIECE) !== 0) {
      this.#end.onControl(bytes, start, end);
      return;
    }
    if (flags === 0 && this.#assembly === null) {
      this.#end.onFrame(number, bytes, start, end, onFrame);
      return;
    }
    this.#assembly ??= new ByteWriter(4 * (end - start));
    this.#assembly.bytes(bytes, start, end);
    assert(this.#assembly.length <= FRAME_BYTES_MAX, 'a frame is bounded at its sender');
    if ((flags & MORE) !== 0) return;
    const whole = this.#assembly.view();
    this.#assembly = null;
    this.#end.onFrame(number, whole, 0, whole.length, onFrame);
  }
}
