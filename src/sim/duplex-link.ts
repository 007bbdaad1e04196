/**
 * A link in virtual time, both ways between two actors: every message takes its time, and none overtakes another. Its
 * ends are those of the links between threads (src/routing): a lossy link delivers later or says that it broke. A
 * closed link delivers nothing.
 */
import type { Prng } from '../lib/prng.ts';
import type { LinkRule } from '../routing/link-rules.ts';
import { type OnFrame, ReceivingEnd } from '../routing/receiving-end.ts';
import { type MessageKind, SendingEnd, type SendingHost } from '../routing/sending-end.ts';
import type { ByteSlab } from './byte-slab.ts';
import type { EventQueue } from './event-queue.ts';

export type LinkWorld = {
  readonly queue: EventQueue;
  readonly prng: Prng;
  /** Where messages on their way lie. */
  readonly slab: ByteSlab;
  /** Milliseconds that the next message takes. */
  delayMs(): number;
};

/** The actor at one end. */
export type LinkOwner = {
  /** Does something in a turn of the actor's thread. */
  run(work: () => void): void;
  /** Takes a frame, which it may read only during the call. */
  readonly onFrame: OnFrame;
  /** Frames are lost for good; called once, and the link is closed. */
  onBroken(reason: string): void;
};

/** Both ends of a new link: what one sends its other's owner gets. */
export function createDuplex(world: LinkWorld, left: LinkOwner, right: LinkOwner): [DuplexEnd, DuplexEnd] {
  const ends: [DuplexEnd, DuplexEnd] = [new DuplexEnd(world, left), new DuplexEnd(world, right)];
  ends[0].peer = ends[1];
  ends[1].peer = ends[0];
  return ends;
}

export class DuplexEnd implements SendingHost {
  peer: DuplexEnd | null = null;
  readonly #world: LinkWorld;
  readonly #owner: LinkOwner;
  readonly #sending: SendingEnd;
  readonly #receiving: ReceivingEnd;
  #lastAtMs = 0;
  #isClosed = false;

  constructor(world: LinkWorld, owner: LinkOwner) {
    this.#world = world;
    this.#owner = owner;
    this.#sending = new SendingEnd(world.prng, this);
    this.#receiving = new ReceivingEnd(this.#sending, (reason) => this.onBroken(reason));
  }

  /** Bytes that rules hold back or that may have to be sent again. */
  get backlogBytes(): number {
    return this.#sending.backlogBytes;
  }

  /** Copies the frame before it returns. */
  send(frame: Uint8Array): void {
    this.#sending.send(frame, 0, frame.length);
  }

  /** What happens to frames sent from now on. */
  replaceRules(rules: readonly LinkRule[]): void {
    this.#sending.replaceRules(rules);
  }

  /** Both directions, at once and for good. */
  close(): void {
    for (const end of [this, this.peer]) {
      if (end === null) continue;
      end.#isClosed = true;
      end.#sending.close();
      end.#receiving.close();
    }
  }

  now(): number {
    return this.#world.queue.nowMs;
  }

  /** Onto the wire, behind what is on it. */
  carry(kind: MessageKind, number: number, bytes: Uint8Array, start: number, end: number): void {
    const { queue, slab } = this.#world;
    const atMs = Math.max(this.#lastAtMs, queue.nowMs + this.#world.delayMs());
    this.#lastAtMs = atMs;
    const at = slab.copy(bytes, start, end);
    const copy = slab.bytes;
    const length = end - start;
    const peer = this.peer as DuplexEnd;
    const arrive = (): void => peer.#onMessage(kind, number, copy, at, at + length);
    queue.after(atMs - queue.nowMs, () => {
      if (!peer.#isClosed) peer.#owner.run(arrive);
    });
  }

  /** Nothing waits: each message is on its way when it was carried. */
  flush(): void {}

  /** A timer is a turn like any other: a thread that hangs sends nothing that was delayed, and asks nothing. */
  after(delayMs: number, run: () => void): () => void {
    let isWanted = true;
    const ring = (): void => {
      if (isWanted) run();
    };
    this.#world.queue.after(delayMs, () => {
      if (isWanted) this.#owner.run(ring);
    });
    return () => {
      isWanted = false;
    };
  }

  onBroken(reason: string): void {
    if (this.#isClosed) return;
    this.close();
    this.#owner.onBroken(reason);
  }

  #onMessage(kind: MessageKind, number: number, bytes: Uint8Array, start: number, end: number): void {
    if (kind === 'control') this.#receiving.onControl(bytes, start, end);
    else this.#receiving.onFrame(number, bytes, start, end, this.#owner.onFrame);
  }
}
