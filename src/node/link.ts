/**
 * A link: frames both ways between two threads, each once and in order, whatever the channel under it. A frame is
 * opaque bytes. What was sent in a turn leaves as one batch with `flush`; what came is read in `drain`. When frames
 * were lost for good the link says that it broke, and delivers nothing any more.
 */
import type { Prng } from '../lib/prng.ts';
import { RING_BYTES } from '../model/limits.ts';
import type { LinkRule } from '../routing/link-rules.ts';
import { type OnFrame, ReceivingEnd } from '../routing/receiving-end.ts';
import { SendingEnd } from '../routing/sending-end.ts';
import type { Channel, ChannelEnd } from './channel.ts';
import { LinkReceiver } from './link-receiver.ts';
import { LinkSender } from './link-sender.ts';
import { createPortEnds, openPortChannel } from './port-channel.ts';
import { RingStock } from './ring.ts';
import { createRingEnds, openRingChannel } from './ring-channel.ts';

export type LinkEvents = {
  /** There may be something to drain, or room to flush into. */
  onWake(): void;
  /** The other side is gone. What it sent before can still be drained. */
  onClosed(): void;
  /** Frames of this link are lost: called once, whoever uses it must not go on. */
  onBroken(reason: string): void;
};

export interface Link {
  /** Copies the frame before it returns. */
  send(frame: Uint8Array, start?: number, end?: number): void;
  /** Sends a frame that the other side reads when it looks next: it is not rung for this one. */
  sendQuietly(frame: Uint8Array): void;
  /** Lets everything that was sent leave, as far as the other side has room. */
  flush(): void;
  /** Gives each frame that came to `onFrame`, which may read it only during the call. True when there is more. */
  drain(onFrame: OnFrame, bytesMax: number): boolean;
  /** Called by `onFrame`: the drain that runs ends after this frame. */
  hold(): void;
  /** From now on `onWake` tells of frames. False when one came meanwhile: drain again. */
  sleep(): boolean;
  /** Blocks the thread until frames came, `milliseconds` at most. Whether there is something to drain. */
  linger(milliseconds: number): boolean;
  /** Bytes sent that the other side has no room for yet, or may have to be sent again. */
  readonly backlogBytes: number;
  /** Of these, what leaves as soon as the other side has read: `onWake` tells of it. */
  readonly blockedBytes: number;
  /** What happens to frames sent from now on (faults). */
  replaceRules(rules: readonly LinkRule[]): void;
  close(): void;
}

/** Both ends of a new link over a channel of this form, to be opened one in each thread. */
export function createLinkEnds(form: ChannelEnd['form'], ringBytes = RING_BYTES): [ChannelEnd, ChannelEnd] {
  return form === 'ring' ? createRingEnds(ringBytes, new RingStock()) : createPortEnds();
}

/** The port in an end has to be transferred with it. */
export function transferListOf(end: ChannelEnd): [ChannelEnd['port']] {
  return [end.port];
}

/** Opens an end. `prng` serves the rules. */
export function openLink(end: ChannelEnd, prng: Prng, events: LinkEvents): Link {
  return new ChannelLink(end.form === 'ring' ? openRingChannel(end) : openPortChannel(end, RING_BYTES), prng, events);
}

class ChannelLink implements Link {
  readonly #channel: Channel;
  readonly #sender: LinkSender;
  readonly #sending: SendingEnd;
  readonly #receiving: ReceivingEnd;
  readonly #receiver: LinkReceiver;
  #isOver = false;

  constructor(channel: Channel, prng: Prng, events: LinkEvents) {
    this.#channel = channel;
    const onBroken = (reason: string): void => {
      if (this.#isOver) return;
      this.close();
      events.onBroken(reason);
    };
    this.#sender = new LinkSender(channel, onBroken);
    this.#sending = new SendingEnd(prng, this.#sender);
    this.#receiving = new ReceivingEnd(this.#sending, onBroken);
    this.#receiver = new LinkReceiver(channel, this.#receiving);
    channel.listen(
      () => {
        if (this.#isOver) return;
        this.#sender.flush();
        events.onWake();
      },
      () => {
        if (!this.#isOver) events.onClosed();
      },
    );
  }

  get backlogBytes(): number {
    return this.#sender.blockedBytes + this.#sending.backlogBytes;
  }

  get blockedBytes(): number {
    return this.#sender.blockedBytes;
  }

  send(frame: Uint8Array, start = 0, end = frame.length): void {
    this.#sending.send(frame, start, end);
  }

  sendQuietly(frame: Uint8Array): void {
    // What is not quiet leaves before it, and rings.
    this.#sender.flush();
    this.#sending.send(frame, 0, frame.length);
    this.#sender.flush(this.#sender.blockedBytes === 0);
  }

  flush(): void {
    this.#sender.flush();
  }

  drain(onFrame: OnFrame, bytesMax: number): boolean {
    return !this.#isOver && this.#receiver.drain(onFrame, bytesMax);
  }

  hold(): void {
    this.#receiver.hold();
  }

  sleep(): boolean {
    return this.#isOver || this.#channel.reader.sleep();
  }

  linger(milliseconds: number): boolean {
    return !this.#isOver && this.#sender.blockedBytes === 0 && this.#channel.reader.linger(milliseconds);
  }

  replaceRules(rules: readonly LinkRule[]): void {
    this.#sending.replaceRules(rules);
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sending.close();
    this.#receiving.close();
    this.#sender.close();
    this.#channel.close();
  }
}
