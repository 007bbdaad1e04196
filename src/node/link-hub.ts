/**
 * All links of one thread and the turns in which they are read: a turn reads what every link has, then says that the
 * batch is over, then lets the answers leave. Between turns the event loop goes round once, so that sockets, timers
 * and the control plane get theirs; when nothing is left every link is told to ring, and the thread sleeps.
 */
import type { LinkRule } from '../routing/link-rules.ts';
import type { Link, LinkEvents } from './link.ts';

/** Bytes read from one link in a turn, so that none makes the others wait. */
const TURN_BYTES_MAX = 1024 * 1024;

/** Milliseconds that a turn waits for more frames of a peer that has just sent some. */
const LINGER_MS = 1;

/** Milliseconds of lingering after which the event loop goes round: control messages and timers wait no longer. */
const LINGERING_MAX_MS = 2;

/** Milliseconds in which another peer must have been silent: lingering for one makes the others wait. */
const OTHERS_SILENT_MS = 100;

export type HubOwner<Peer> = {
  /** A frame, to be read during the call. */
  onFrame(from: Peer, bytes: Uint8Array, start: number, end: number): void;
  /** Every frame of this turn was given. */
  onBatchEnd(): void;
  /**
   * Whether what it would answer has nowhere to go: then no more frames are read. Only of a link's `blockedBytes`,
   * because the room that they wait for wakes the hub; and never of two sides of one link, which would wait for ever.
   */
  isFull?(): boolean;
  /** The peer whose next frames this thread may block for a moment to wait for; null while it has other work. */
  lingersFor?(): Peer | null;
  /** The other side of this link is gone, or frames of it are lost; the hub has let go of it. */
  onLinkLost(from: Peer, link: Link, loss: { readonly broken: boolean; readonly reason: string }): void;
};

type Member<Peer> = {
  readonly peer: Peer;
  readonly link: Link;
  readonly onFrame: (bytes: Uint8Array, start: number, end: number) => void;
  /** Whether a frame came since something was last sent quietly. */
  isHeard: boolean;
};

export class LinkHub<Peer> {
  readonly #owner: HubOwner<Peer>;
  readonly #members = new Map<Peer, Member<Peer>>();
  readonly #rules = new Map<Peer, readonly LinkRule[]>();
  #turnIsDue = false;
  #flushIsDue = false;
  #isInTurn = false;
  /** Who sent the last frame of this turn; when somebody else than this one did last. */
  #lastFrom: Peer | null = null;
  #otherAtMs = Number.NEGATIVE_INFINITY;

  constructor(owner: HubOwner<Peer>) {
    this.#owner = owner;
  }

  /** Opens a link to `peer` and reads it from now on; an older link to it is closed. */
  attach(peer: Peer, open: (events: LinkEvents) => Link): Link {
    this.detach(peer);
    const link: Link = open({
      onWake: () => this.#turn(),
      onClosed: () => this.#onClosed(peer, link),
      onBroken: (reason) => this.#onLost(peer, link, { broken: true, reason }),
    });
    const onFrame = (bytes: Uint8Array, start: number, end: number): void => {
      this.#lastFrom = peer;
      member.isHeard = true;
      this.#owner.onFrame(peer, bytes, start, end);
      if (this.#owner.isFull?.() === true) link.hold();
    };
    const member: Member<Peer> = { peer, link, onFrame, isHeard: false };
    this.#members.set(peer, member);
    link.replaceRules(this.#rules.get(peer) ?? []);
    this.#turnSoon();
    return link;
  }

  /** Closes the link to `peer`, if there is one. */
  detach(peer: Peer): void {
    const member = this.#members.get(peer);
    if (member === undefined) return;
    this.#members.delete(peer);
    member.link.close();
  }

  get(peer: Peer): Link | null {
    return this.#members.get(peer)?.link ?? null;
  }

  /** What happens to frames sent to `peer` from now on, over this and every later link (faults). */
  replaceRules(peer: Peer, rules: readonly LinkRule[]): void {
    this.#rules.set(peer, rules);
    this.#members.get(peer)?.link.replaceRules(rules);
  }

  /** Sends a frame; it leaves at the end of this turn of the hub, or of the event loop. Nothing when there is no link. */
  send(peer: Peer, frame: Uint8Array): void {
    const member = this.#members.get(peer);
    if (member === undefined) return;
    member.link.send(frame);
    if (!this.#isInTurn) this.#flushSoon();
  }

  /**
   * Sends a frame that the other side reads when it looks next, without waking it; one that was not heard since the
   * last such frame is woken: it may have missed its time to look.
   */
  sendQuietly(peer: Peer, frame: Uint8Array): void {
    const member = this.#members.get(peer);
    if (member === undefined) return;
    if (member.isHeard) member.link.sendQuietly(frame);
    else this.send(peer, frame);
    member.isHeard = false;
  }

  /** Reads what came quietly, and what came at all. */
  look(): void {
    this.#turn(false);
  }

  flush(): void {
    this.#flushIsDue = false;
    for (const { link } of this.#members.values()) link.flush();
  }

  close(): void {
    for (const peer of this.#members.keys()) this.detach(peer);
  }

  #turn(mayLinger = true): void {
    if (this.#isInTurn) return;
    this.#isInTurn = true;
    this.#turnIsDue = false;
    let more = this.#pass();
    if (mayLinger && this.#owner.lingersFor !== undefined) more = this.#linger(more);
    this.#isInTurn = false;
    if (this.#owner.isFull?.() === true) return;
    if (!more) for (const { link } of this.#members.values()) if (!link.sleep()) more = true;
    if (more) this.#turnSoon();
  }

  /** Reads what every link has, lets the owner answer. Whether there is more. */
  #pass(): boolean {
    this.#lastFrom = null;
    let more = false;
    const wasFull = this.#owner.isFull?.() === true;
    if (!wasFull)
      for (const { link, onFrame } of this.#members.values()) if (link.drain(onFrame, TURN_BYTES_MAX)) more = true;
    this.#owner.onBatchEnd();
    const isFull = this.#owner.isFull?.() === true;
    this.flush();
    // What waited for room may go on.
    return more || ((wasFull || isFull) && this.#owner.isFull?.() !== true);
  }

  /**
   * Goes on with the peer that has just sent something, if it sends again at once: a thread that blocks is woken for a
   * third of what a doorbell costs, and meets no event loop. Whether there is more.
   */
  #linger(moreAtFirst: boolean): boolean {
    let more = moreAtFirst;
    const began = performance.now();
    for (let now = began; now - began < LINGERING_MAX_MS; now = performance.now()) {
      const peer = this.#owner.lingersFor?.() ?? null;
      if (this.#lastFrom !== null && this.#lastFrom !== peer) this.#otherAtMs = now;
      if (more || peer === null || this.#lastFrom === null || now - this.#otherAtMs < OTHERS_SILENT_MS) return more;
      if (this.#owner.isFull?.() === true || this.#members.get(peer)?.link.linger(LINGER_MS) !== true) return false;
      more = this.#pass();
    }
    return true;
  }

  #turnSoon(): void {
    if (this.#turnIsDue) return;
    this.#turnIsDue = true;
    setImmediate(() => {
      if (this.#turnIsDue) this.#turn();
    });
  }

  #flushSoon(): void {
    if (this.#flushIsDue) return;
    this.#flushIsDue = true;
    setImmediate(() => {
      if (this.#flushIsDue) this.flush();
    });
  }

  #onClosed(peer: Peer, link: Link): void {
    // What it said before it went still counts.
    this.#turn();
    this.#onLost(peer, link, { broken: false, reason: 'the other side is gone' });
  }

  #onLost(peer: Peer, link: Link, loss: { readonly broken: boolean; readonly reason: string }): void {
    if (this.#members.get(peer)?.link !== link) return;
    this.detach(peer);
    this.#owner.onLinkLost(peer, link, loss);
  }
}
