/**
 * What a storage server keeps its writes in, as the replica sees it: records appended and committed, checkpoints,
 * and the way back after a restart. Made by openStore (recovery.ts); durability `memory` keeps nothing.
 */
import type { Rare } from '../lib/rare.ts';
import type { Result } from '../lib/result.ts';
import type { Durability } from '../model/config.ts';
import type { KvError } from '../model/errors.ts';
import type { Lsn, Version } from '../model/ids.ts';
import type { VisitLeaf } from './checkpoint-format.ts';
import type { DiskError, SyncMode } from './disk.ts';
import type { VisitRecord } from './segment-scan.ts';

export type StoreOptions = {
  /** Name of the storage server: a file of another one is refused. */
  readonly server: string;
  readonly durability: Durability;
  /** Default SEGMENT_BYTES, at least SEGMENT_BYTES_MIN. */
  readonly segmentBytes?: number;
  /** How commits are synced; default `inline`: in the server's own thread, with the least latency. */
  readonly sync?: SyncMode;
  /** Default never. */
  readonly rare?: Rare;
};

/** Called once with null when all that was appended before is durable, or with what went wrong. */
export type OnDurable = (error: DiskError | null) => void;

export type Store = {
  /** LSN of the last record appended, and of the last one durable. */
  readonly lastLsn: Lsn;
  readonly durableLsn: Lsn;
  /** Bytes of all records since the last published checkpoint, roughly: what a restart would replay. */
  readonly walBytes: number;
  /** Why the store takes nothing any more, or null. A failed write or sync is never retried. */
  readonly failure: DiskError | null;
  /** Whether makeRoom() found no space. Nothing failed yet. */
  readonly isFull: boolean;
  /**
   * Bytes that records may still have, for certain, whatever else fills the disk; some more are kept for the caller's
   * own bookkeeping. What is appended beyond them fails its commit, and so the store.
   */
  readonly room: number;
  /**
   * Makes room ahead: for what was appended, for what may be on its way, and a reserve, so that whoever sends writes can
   * hear in time that the disk is full. Does not fail: a disk that is broken fails the next commit.
   */
  makeRoom(): void;
  /** Queues one record: bytes[start, end), copied. Nothing is on its way to the disk before commit(). `kind` is 1 … 255. */
  append(kind: number, bytes: Uint8Array, start: number, end: number): Lsn;
  /**
   * One write and one sync for all that was appended. While one is under way the next waits for it, together with what
   * is appended meanwhile. After an error every later commit reports the same one.
   */
  commit(done: OnDurable): void;
  /**
   * To be called when idle: a last batch that no later one vouches for gets a durable mark, so that rot in it is told
   * from a torn tail. Does nothing when there is nothing to mark or something is under way.
   */
  markDurable(): void;
  /**
   * Begins a checkpoint of all records below `begin`; by default of the durable ones, which the caller has applied.
   * One at a time. `expectedBytes`: about what it will have; a full disk keeps so much for it, if it can.
   */
  beginCheckpoint(expectedBytes?: number, begin?: Lsn): CheckpointWriter;
  /** Commits what was appended, marks it durable and closes. */
  close(done?: () => void): void;
  /** Lets go of the files without another write, for a life that ends: no callback comes any more. */
  abandon(): void;
};

export type CheckpointWriter = {
  readonly begin: Lsn;
  /** Whether much is on its way to the disk: a good time to add nothing. */
  readonly isBusy: boolean;
  /** Whether the disk failed it: it can only be abandoned. */
  readonly hasFailed: boolean;
  /** One leaf, keys ascending, any time: writes may go on meanwhile, for replaying them over it changes nothing. */
  add(key: Uint8Array, version: Version, tombstone: boolean, value: Uint8Array): void;
  /** Makes the file durable, still under its temporary name. */
  finish(done: OnDurable): void;
  /**
   * The checkpoint now counts: renamed, its name durable, older ones and the segments below `begin` removed. Null, or
   * why it does not count; the store goes on without it.
   */
  publish(): DiskError | null;
  /** Forgets the checkpoint, at any time before publish(). */
  abandon(): void;
};

/** What a directory holds. Reading it changes nothing; only start() does. */
export type Recovery = {
  /** LSN of the last record that is kept. */
  readonly lastLsn: Lsn;
  /** First LSN that the checkpoint does not cover; 1 without one. records() begins here. */
  readonly begin: Lsn;
  /** Leaves of the checkpoint. */
  readonly entries: number;
  /** Bytes of the records that records() goes through. */
  readonly walBytes: number;
  /** Of the last life; 0 when there was none. */
  readonly incarnation: number;
  /** Bytes of a torn tail, never acknowledged: start() cuts it and keeps a copy beside it. */
  readonly tornBytes: number;
  /** One line for each thing an operator should know: a torn tail, a checkpoint that could not be used. */
  readonly notes: readonly string[];
  /** Leaves in key order. Throws DiskError when the file can no longer be read as it was when opened. */
  checkpoint(visit: VisitLeaf): void;
  /** Records in LSN order, all or those from `from` on, as often as wanted. Throws as above. */
  records(visit: VisitRecord, from?: Lsn): void;
  /**
   * Begins a life: a new segment, with what lay above the last durable mark written again and synced, for what a page
   * cache shows need not be on the disk. DISK.
   */
  start(incarnation: number): Result<Store, KvError>;
};
