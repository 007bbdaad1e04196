/** The keys with the same owners: a placement group, its writes in flight, and the reads that wait behind them. */
import { Deque } from '../lib/deque.ts';
import type { Reply } from '../model/commands.ts';
import type { ServerMask, Version } from '../model/ids.ts';

export type ReplyTo = (reply: Reply) => void;

/** A write in its place in the order. It leaves a group's queue when every owner in sync there is durable past it. */
export type Write = {
  readonly version: Version;
  readonly groups: readonly Group[];
  /** Servers that it was sent to. */
  readonly sentTo: ServerMask;
  /** Groups whose queue still holds it. */
  waitingGroups: number;
  readonly items: number;
  readonly kind: 'write' | 'delete';
  /** Of a delete: whether the key was there, as the witnesses say. */
  existed: boolean;
  /** Of a delete: when it was ordered, by the wall clock. */
  readonly wallMs: number;
  /** Of a delete: owners that had everything before it when it was ordered. Others may have caught up later. */
  readonly witnesses: ServerMask;
  /** Of a delete: bulks before it that wrote its key and may yet be taken back, so that it was not there. */
  readonly unsure: readonly Write[];
  /**
   * The `write` frame, kept for what must reach every owner even if one comes back later: a bulk over several groups,
   * which is all or nothing, and records of an earlier life of the broker.
   */
  readonly frame: Uint8Array | null;
  /** Who waits until it is whole: reads that would show a part of it, updates that depend on it. Null until there is one. */
  shown: (() => void)[] | null;
  /** Tells who observes the store that it is durable; null when nobody does. */
  readonly tell: (() => void) | null;
  /** Null once the client was answered. */
  reply: ReplyTo | null;
  readonly deadlineMs: number;
};

type Parked = { readonly barrier: Version; readonly release: () => void };

export class Group {
  readonly owners: ServerMask;
  /** This group and no other: what nearly every write touches. */
  readonly alone: readonly Group[] = [this];
  /** In the order of versions. */
  readonly writes = new Deque<Write>();
  /** Reads whose answer is here but may show a write that not every owner in sync has yet. */
  readonly parked = new Deque<Parked>();
  /** The newest write that was ordered. */
  newest = 0 as Version;
  /** Agreed for certain, though a bulk that is not newer may wait here once more because another group lacks it. */
  agreed = 0 as Version;
  /** Owners that are catching up and get what is written meanwhile. */
  joining = 0 as ServerMask;
  /**
   * Those of them that have the copy: writes wait for them too. One that was in sync before it had what was agreed
   * without it could be put out, or be the last one, as if it had it.
   */
  arriving = 0 as ServerMask;
  /** Owners that were found without what they had said to have, and were not put in sync since. */
  lost = 0 as ServerMask;

  constructor(owners: ServerMask) {
    this.owners = owners;
  }

  /** Whether a write up to `barrier` still waits for an owner. */
  waitsFor(barrier: Version): boolean {
    const oldest = this.writes.peek();
    return oldest !== undefined && oldest.version <= barrier;
  }

  /** Up to which version everything in this group is durable at its owners in sync; `last`: the newest of all. */
  resolved(last: Version): Version {
    const oldest = this.writes.peek();
    const resolved = oldest === undefined ? last : ((oldest.version - 1) as Version);
    return resolved > this.agreed ? resolved : this.agreed;
  }
}
