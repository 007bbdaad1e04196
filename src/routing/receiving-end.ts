/**
 * The receiving end of a link, whatever the link is made of: hands frames on, each once and in the order of their
 * numbers, asks for what is missing, and says that the link broke when that is gone. A frame that comes in its turn is
 * handed on where it lies, without a copy. What it has to say leaves with the sending end beside it.
 */
import { ByteReader, ByteWriter } from '../lib/bytes.ts';
import { CONTROL, ReceivedFrames } from './link-repair.ts';
import type { SendingEnd } from './sending-end.ts';

/** Takes a frame, which it may read only during the call. */
export type OnFrame = (bytes: Uint8Array, start: number, end: number) => void;

export class ReceivingEnd {
  readonly #sending: SendingEnd;
  readonly #onBroken: (reason: string) => void;
  readonly #frames = new ReceivedFrames();
  readonly #control = new ByteWriter(64);
  #isClosed = false;

  /** `sending`: the end of the other direction on this side. `onBroken` is called once, when frames are lost for good. */
  constructor(sending: SendingEnd, onBroken: (reason: string) => void) {
    this.#sending = sending;
    this.#onBroken = onBroken;
  }

  /** Hands nothing on any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** A frame came: `deliver` gets it, and those held that are due behind it, as far as it is their turn. */
  onFrame(number: number, bytes: Uint8Array, start: number, end: number, deliver: OnFrame): void {
    if (this.#isClosed) return;
    switch (this.#frames.onFrame(number, bytes, start, end)) {
      case 'deliver':
        deliver(bytes, start, end);
        for (let held = this.#frames.takeHeld(); held !== null; held = this.#frames.takeHeld()) {
          if (this.#isClosed) return;
          deliver(held, 0, held.length);
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

  /** A control message of the other side came: for this end, or for the sending one beside it. */
  onControl(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isClosed) return;
    const reader = new ByteReader(bytes, start, end);
    switch (reader.u8()) {
      case CONTROL.probe:
        this.#frames.onProbe(reader.u32() | 0);
        this.#answer();
        break;
      case CONTROL.received:
        this.#sending.onReceived(reader);
        break;
      case CONTROL.gone: {
        const lost = this.#frames.lostBefore(reader.u32() | 0);
        if (lost > 0) this.#break(`${lost} frames were lost`);
        break;
      }
    }
  }

  close(): void {
    this.#isClosed = true;
  }

  #answer(): void {
    this.#control.reset();
    this.#frames.writeReceived(this.#control);
    this.#sending.sendControl(this.#control.view());
  }

  #break(reason: string): void {
    this.#isClosed = true;
    this.#onBroken(reason);
  }
}
