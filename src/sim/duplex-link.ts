/**
 * A link in virtual time, both ways between two actors: every frame takes its time, none overtakes another, and rules
 * and repair are those of the links between threads (src/routing): a lossy link delivers later or says that it broke.
 * A closed link delivers nothing.
 */
import { ByteReader, ByteWriter } from '../lib/bytes.ts';
import type { Prng } from '../lib/prng.ts';
import { DelayQueue } from '../routing/delay-queue.ts';
import { CONTROL, ReceivedFrames, REPAIR_INTERVAL_MS, SentFrames } from '../routing/link-repair.ts';
import { type LinkRule, LinkRules } from '../routing/link-rules.ts';
import type { EventQueue } from './event-queue.ts';

export type LinkWorld = {
  readonly queue: EventQueue;
  readonly prng: Prng;
  /** Milliseconds that the next frame takes. */
  delayMs(): number;
};

/** The actor at one end. */
export type LinkOwner = {
  /** Does something in a turn of the actor's thread. */
  run(work: () => void): void;
  onFrame(frame: Uint8Array): void;
  /** Frames are lost for good; called once, and the link is closed. */
  onBroken(reason: string): void;
};

type Message = { readonly isControl: boolean; readonly number: number; readonly bytes: Uint8Array };

/** Both ends of a new link: what one sends its other's owner gets. */
export function createDuplex(world: LinkWorld, left: LinkOwner, right: LinkOwner): [DuplexEnd, DuplexEnd] {
  const ends: [DuplexEnd, DuplexEnd] = [new DuplexEnd(world, left), new DuplexEnd(world, right)];
  ends[0].peer = ends[1];
  ends[1].peer = ends[0];
  return ends;
}

export class DuplexEnd {
  peer: DuplexEnd | null = null;
  readonly #world: LinkWorld;
  readonly #owner: LinkOwner;
  readonly #rules: LinkRules;
  readonly #sent = new SentFrames();
  readonly #received = new ReceivedFrames();
  readonly #delayed = new DelayQueue<Message>();
  readonly #control = new ByteWriter(64);
  #next = 0;
  #lastAtMs = 0;
  #delayedBytes = 0;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #isRuled = false;
  #probes = false;
  #isClosed = false;

  constructor(world: LinkWorld, owner: LinkOwner) {
    this.#world = world;
    this.#owner = owner;
    this.#rules = new LinkRules(world.prng);
  }

  /** Bytes that rules hold back or that may have to be sent again. */
  get backlogBytes(): number {
    return this.#delayedBytes + this.#sent.bytes;
  }

  /** Copies the frame before it returns. */
  send(frame: Uint8Array): void {
    if (this.#isClosed) return;
    const message = { isControl: false, number: this.#next, bytes: frame.slice() };
    this.#next = (this.#next + 1) | 0;
    if (!this.#isRuled) {
      this.#carry(message);
      return;
    }
    this.#sent.keep(message.number, message.bytes, this.#world.queue.nowMs);
    this.#probeSoon();
    this.#rule(message);
  }

  /** What happens to frames sent from now on. */
  replaceRules(rules: readonly LinkRule[]): void {
    this.#rules.replace(rules);
    if (!this.#rules.isEmpty) this.#isRuled = true;
    this.#onDelayed();
  }

  /** Both directions, at once and for good. */
  close(): void {
    for (const end of [this, this.peer]) {
      if (end === null) continue;
      end.#isClosed = true;
      end.#delayed.clear();
      end.#sent.clear();
    }
  }

  /** Onto the wire, behind what is on it. */
  #carry(message: Message): void {
    const { queue } = this.#world;
    const atMs = Math.max(this.#lastAtMs, queue.nowMs + this.#world.delayMs());
    this.#lastAtMs = atMs;
    const peer = this.peer as DuplexEnd;
    queue.after(atMs - queue.nowMs, () => peer.#arrive(message));
  }

  #arrive(message: Message): void {
    if (this.#isClosed) return;
    this.#owner.run(() => {
      if (this.#isClosed) return;
      if (message.isControl) this.#onControl(new ByteReader(message.bytes));
      else this.#onWhole(message);
    });
  }

  #rule(message: Message): void {
    const { nowMs } = this.#world.queue;
    for (const delayMs of this.#rules.decide(nowMs, message.bytes.length)) {
      if (delayMs === 0 && this.#delayed.size === 0 && !this.#rules.isClogged) {
        this.#carry(message);
      } else {
        this.#delayed.add(nowMs + delayMs, message);
        this.#delayedBytes += message.bytes.length;
      }
    }
    this.#waitForDelayed();
  }

  #waitForDelayed(): void {
    const dueMs = this.#delayed.nextDueMs();
    if (dueMs >= this.#timerAtMs || this.#rules.isClogged) return;
    const { queue } = this.#world;
    this.#timerAtMs = dueMs;
    queue.after(Math.max(0, dueMs - queue.nowMs), () => {
      if (this.#timerAtMs !== dueMs) return;
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.#onDelayed();
    });
  }

  #onDelayed(): void {
    if (this.#isClosed || this.#rules.isClogged) return;
    const { nowMs } = this.#world.queue;
    for (let due = this.#delayed.take(nowMs); due !== null; due = this.#delayed.take(nowMs)) {
      this.#delayedBytes -= due.bytes.length;
      this.#carry(due);
    }
    this.#isRuled = !this.#rules.isEmpty || this.#delayed.size > 0;
    this.#waitForDelayed();
  }

  #onWhole({ number, bytes }: Message): void {
    switch (this.#received.onFrame(number, bytes, 0, bytes.length)) {
      case 'deliver':
        this.#owner.onFrame(bytes);
        for (let held = this.#received.takeHeld(); held !== null; held = this.#received.takeHeld()) {
          if (this.#isClosed) return;
          this.#owner.onFrame(held);
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
        this.#received.onProbe(reader.u32() | 0);
        this.#answer();
        break;
      case CONTROL.received: {
        const gone = this.#sent.onReceived(reader, this.#world.queue.nowMs, (number, bytes) => {
          const message = { isControl: false, number, bytes };
          if (this.#isRuled) this.#rule(message);
          else this.#carry(message);
        });
        if (gone !== null) this.#sendNumber(CONTROL.gone, gone);
        break;
      }
      case CONTROL.gone: {
        const lost = this.#received.lostBefore(reader.u32() | 0);
        if (lost > 0) this.#break(`${lost} frames were lost`);
        break;
      }
    }
  }

  #answer(): void {
    this.#control.reset();
    this.#received.writeReceived(this.#control);
    this.#sendControl();
  }

  #sendNumber(kind: number, number: number): void {
    this.#control.reset();
    this.#control.u8(kind);
    this.#control.u32(number >>> 0);
    this.#sendControl();
  }

  #sendControl(): void {
    const message = { isControl: true, number: 0, bytes: this.#control.copy() };
    if (this.#isRuled) this.#rule(message);
    else this.#carry(message);
  }

  #probeSoon(): void {
    if (this.#probes) return;
    this.#probes = true;
    this.#world.queue.after(REPAIR_INTERVAL_MS, () => {
      this.#probes = false;
      if (this.#isClosed || this.#sent.isEmpty) return;
      // Its timer is a turn like any other: a thread that hangs asks nothing.
      this.#owner.run(() => {
        if (this.#isClosed || this.#sent.isEmpty) return;
        this.#sendNumber(CONTROL.probe, this.#next);
        this.#probeSoon();
      });
    });
  }

  #break(reason: string): void {
    if (this.#isClosed) return;
    this.close();
    this.#owner.onBroken(reason);
  }
}
