/**
 * The receiving half of a link: puts pieces together and hands frames on, each once and in the order of their
 * numbers. A frame of one piece that comes in its turn is handed on where it lies, without a copy.
 */
import { assert } from '../lib/assert.ts';
import { ByteReader, ByteWriter } from '../lib/bytes.ts';
import { CONTROL, ReceivedFrames } from '../routing/link-repair.ts';
import type { Channel } from './channel.ts';
import { CONTROL_PIECE, FRAME_BYTES_MAX, MORE } from './link-sender.ts';

export type OnFrame = (bytes: Uint8Array, start: number, end: number) => void;

export type ReceiverHost = {
  /** A control message to the other side's receiver or sender. */
  sendControl(message: Uint8Array): void;
  onReceived(reader: ByteReader): void;
  onBroken(reason: string): void;
};

export class LinkReceiver {
  readonly #channel: Channel;
  readonly #host: ReceiverHost;
  readonly #releaseBytes: number;
  readonly #frames = new ReceivedFrames();
  readonly #control = new ByteWriter(64);
  /** The pieces of a frame that is not whole yet; given up when it was a large one, so that it does not stay for ever. */
  #assembly: ByteWriter | null = null;
  #isBroken = false;
  #isHeld = false;

  constructor(channel: Channel, host: ReceiverHost) {
    this.#channel = channel;
    this.#host = host;
    this.#releaseBytes = channel.writer.pieceBytesMax;
  }

  /** Reads frames until there is none, or about `bytesMax` were read. True when there may be more. */
  drain(onFrame: OnFrame, bytesMax: number): boolean {
    const { reader } = this.#channel;
    let read = 0;
    let isEmpty = false;
    this.#isHeld = false;
    while (read < bytesMax && !this.#isBroken && !this.#isHeld) {
      if (!reader.next()) {
        isEmpty = true;
        break;
      }
      read += reader.end - reader.start;
      this.#onPiece(onFrame);
      if (reader.unreleasedBytes >= this.#releaseBytes && reader.release()) this.#channel.ring();
    }
    if (reader.release()) this.#channel.ring();
    return !isEmpty && !this.#isBroken;
  }

  /** Ends the drain that runs after the frame at hand. */
  hold(): void {
    this.#isHeld = true;
  }

  #onPiece(onFrame: OnFrame): void {
    const { reader } = this.#channel;
    const { bytes, start, end, flags, number } = reader;
    if ((flags & CONTROL_PIECE) !== 0) {
      this.#onControl(new ByteReader(bytes, start, end));
      return;
    }
    if (flags === 0 && this.#assembly === null) {
      this.#onWhole(number, bytes, start, end, onFrame);
      return;
    }
    this.#assembly ??= new ByteWriter(4 * (end - start));
    this.#assembly.bytes(bytes, start, end);
    assert(this.#assembly.length <= FRAME_BYTES_MAX, 'a frame is bounded at its sender');
    if ((flags & MORE) !== 0) return;
    const whole = this.#assembly.view();
    this.#assembly = null;
    this.#onWhole(number, whole, 0, whole.length, onFrame);
  }

  #onWhole(number: number, bytes: Uint8Array, start: number, end: number, onFrame: OnFrame): void {
    switch (this.#frames.onFrame(number, bytes, start, end)) {
      case 'deliver':
        onFrame(bytes, start, end);
        for (let held = this.#frames.takeHeld(); held !== null; held = this.#frames.takeHeld()) {
          onFrame(held, 0, held.length);
        }
        break;
      case 'gap':
        this.#answer();
        break;
      case 'full':
        this.#break('too much came behind a lost frame');
        break;
      case 'held':
      case 'late':
        break;
    }
  }

  #onControl(reader: ByteReader): void {
    switch (reader.u8()) {
      case CONTROL.probe:
        this.#frames.onProbe(reader.u32() | 0);
        this.#answer();
        break;
      case CONTROL.received:
        this.#host.onReceived(reader);
        break;
      case CONTROL.gone: {
        const lost = this.#frames.lostBefore(reader.u32() | 0);
        if (lost > 0) this.#break(`${lost} frames were lost`);
        break;
      }
    }
  }

  #answer(): void {
    this.#control.reset();
    this.#frames.writeReceived(this.#control);
    this.#host.sendControl(this.#control.view());
  }

  #break(reason: string): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#host.onBroken(reason);
  }
}
