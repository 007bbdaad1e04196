/** What the broker knows of a storage server, from what it sees: starts, exits, frames, silence. Never by asking the truth. */
import type { Incarnation, ServerIndex, Version } from '../model/ids.ts';
import type { EpochTable } from '../replication/epoch-table.ts';

/**
 * absent: no thread · starting: it opens its directory · heard: it said hello · admitted: it recovers as soon as the
 * epoch is durable · welcomed: it replays · replayed: it serves as soon as the end of its absence is durable · ready: it
 * serves
 */
export type ServerPhase = 'absent' | 'starting' | 'heard' | 'admitted' | 'welcomed' | 'replayed' | 'ready';

export type Hello = {
  readonly last: Version;
  readonly committed: Version;
  /** Of all writes that are newer it still has the records, to send them on. */
  readonly pruned: Version;
  readonly torn: boolean;
  /** What is damaged, or empty. */
  readonly corrupt: string;
  /** The table it last agreed to; null when its directory is new or was wiped. */
  readonly table: EpochTable | null;
};

export type ServerView = {
  readonly index: ServerIndex;
  incarnation: Incarnation;
  phase: ServerPhase;
  hello: Hello | null;
  /** Every write up to here that was addressed to it is durable there. */
  durable: Version;
  /** The same over all its lives that this broker saw, since it last began with nothing. */
  acknowledged: Version;
  /** Ticks since it was last heard, since it last had synced something, and since its silence is its own (silence.ts). */
  ticksSilent: number;
  ticksUnsynced: number;
  ticksDoubted: number;
  /** Of writes of megabytes that it was sent and has not synced: how many ticks each may take. */
  largeWrites: { readonly version: Version; readonly ticks: number }[];
  keys: number;
  walBytes: number;
  replayed: number;
  lastError: string | null;
  /** Its disk is full: it takes nothing but deletes, up to `bytesLimit` of all bytes of writes that it was ever sent. */
  isFull: boolean;
  bytesLimit: number;
  bytesSent: number;
};

/** A server that is expected: a broker's new life waits for it, for a while. */
export function newView(index: ServerIndex): ServerView {
  return {
    index,
    incarnation: 0 as Incarnation,
    phase: 'starting',
    hello: null,
    durable: 0 as Version,
    acknowledged: 0 as Version,
    ticksSilent: 0,
    ticksUnsynced: 0,
    ticksDoubted: 0,
    largeWrites: [],
    keys: 0,
    walBytes: 0,
    replayed: 0,
    lastError: null,
    isFull: false,
    bytesLimit: Number.POSITIVE_INFINITY,
    bytesSent: 0,
  };
}
