/**
 * Checkpoints without a pause: leaves are written in key order, a page between two batches, while writes go on. What
 * changes meanwhile is in the WAL behind the beginning, and leaves carry versions, so replaying it over the
 * checkpoint gives the state. It is published only when everything in it is committed: what is agreed is never
 * mixed with what may still be cut.
 */
import type { Rare } from '../lib/rare.ts';
import type { Lsn, Version } from '../model/ids.ts';
import type { CheckpointWriter, Store } from '../storage/store.ts';
import type { RadixTrie } from '../trie/radix-trie.ts';
import type { Copies } from './copies.ts';

/** Of a leaf in a checkpoint, besides its key and its value. */
const LEAF_BYTES = 16;

/** Leaves a step, and bytes of them after which it ends: below a millisecond or two. */
const LEAVES_A_STEP = 2_000;
const BYTES_A_STEP = 1024 * 1024;

type Progress =
  | { readonly kind: 'idle' }
  | { readonly kind: 'writing'; readonly writer: CheckpointWriter; position: Uint8Array }
  | { readonly kind: 'syncing'; readonly writer: CheckpointWriter }
  | { readonly kind: 'waiting'; readonly writer: CheckpointWriter; readonly newest: Version };

export class Checkpointing {
  readonly #store: Store;
  readonly #bytesMax: number;
  readonly #rare: Rare;
  readonly #appendMeta: () => void;
  readonly #wake: () => void;
  #progress: Progress = { kind: 'idle' };
  #requested = false;
  #sizeAtLast = 0;
  /** How often a checkpoint failed since the last good one or since there was so much less to write, and how much then. */
  #failures = 0;
  #bytesAtFailure = Number.POSITIVE_INFINITY;
  /** Calls of `relieve` since one asked for a checkpoint. */
  #calls = 0;
  /** The record that must be durable before what it repeats is removed. */
  #metaLsn = 0;
  #newest = 0 as Version;

  constructor(store: Store, bytesMax: number, rare: Rare, appendMeta: () => void, wake: () => void) {
    this.#store = store;
    this.#bytesMax = bytesMax;
    this.#rare = rare;
    this.#appendMeta = appendMeta;
    this.#wake = wake;
  }

  /** A checkpoint is wanted now, whatever the WAL's size. */
  request(): void {
    this.#requested = true;
  }

  /** The disk is full: asks for a checkpoint if one would free half of what the WAL takes. To be called now and then. */
  relieve({ trie }: Copies): void {
    const bytes = bytesOf(trie);
    if (bytes >= this.#store.walBytes / 2) return;
    // Each try takes a little of the room that is left: after one that failed the next ones come ever more seldom.
    if (bytes < this.#bytesAtFailure * LESS) this.#failures = 0;
    else if (++this.#calls < 2 ** this.#failures) return;
    this.#calls = 0;
    this.#requested = true;
  }

  get hasWork(): boolean {
    return this.#progress.kind === 'writing' || (this.#progress.kind === 'idle' && this.#isDue());
  }

  #isDue(): boolean {
    return this.#requested || this.#store.walBytes - this.#sizeAtLast > this.#bytesMax;
  }

  /**
   * One page, when one is being written; begins one when it is due. Only between batches, when nothing is unsynced.
   * `logFrom`: the log has something from there on that `copies` lack, so it stays; null when they have everything.
   */
  step(
    copies: Copies,
    {
      committed,
      mayPublish,
      logFrom,
    }: { readonly committed: Version; readonly mayPublish: boolean; readonly logFrom: Lsn | null },
  ): void {
    const progress = this.#progress;
    if (progress.kind === 'idle') {
      if (!this.#isDue() || !mayPublish) {
        // A server that is catching up holds what is not agreed yet: its WAL waits.
        if (!mayPublish) this.#sizeAtLast = this.#store.walBytes;
        return;
      }
      this.#requested = false;
      const writer = this.#store.beginCheckpoint(bytesOf(copies.trie), logFrom ?? undefined);
      // What the removed segments said of epochs and versions is said again behind the beginning.
      this.#appendMeta();
      this.#metaLsn = this.#store.lastLsn;
      // An error stays with the store and is reported to the next batch.
      this.#store.commit(() => this.#wake());
      this.#progress = { kind: 'writing', writer, position: new Uint8Array(0) };
    } else if (progress.kind === 'writing') {
      this.#write(progress, copies);
    } else {
      this.onDurable(committed, mayPublish);
    }
  }

  #write(progress: Extract<Progress, { kind: 'writing' }>, copies: Copies): void {
    if (progress.writer.isBusy || this.#rare('replica: a checkpoint pauses')) return;
    const { trie } = copies;
    const { writer } = progress;
    let count = 0;
    let bytes = 0;
    let stopped = false;
    let position = progress.position;
    const most = this.#rare('replica: a checkpoint has one leaf a step') ? 1 : LEAVES_A_STEP;
    trie.scan({ prefix: NOTHING, after: progress.position }, (key, leaf) => {
      const value = trie.value(leaf);
      writer.add(key, trie.versionOf(leaf), trie.isTombstone(leaf), value);
      bytes += key.length + value.length;
      stopped = ++count >= most || bytes >= BYTES_A_STEP;
      if (stopped) position = key.slice();
      return !stopped;
    });
    if (writer.hasFailed) {
      this.#fail(copies);
      return;
    }
    if (stopped) {
      progress.position = position;
      return;
    }
    this.#newest = copies.newest;
    this.#progress = { kind: 'syncing', writer };
    writer.finish((error) => {
      if (this.#progress.kind !== 'syncing') return;
      if (error === null) {
        this.#progress = { kind: 'waiting', writer, newest: this.#newest };
        this.#wake();
      } else {
        this.#fail(copies);
      }
    });
  }

  #fail({ trie }: Copies): void {
    this.#failures = Math.min(this.#failures + 1, FAILURES_MAX);
    this.#bytesAtFailure = bytesOf(trie);
    this.abandon();
  }

  /** Publishes a finished checkpoint once all in it is committed. */
  onDurable(committed: Version, mayPublish: boolean): void {
    if (this.#rare('replica: a checkpoint is due at once')) this.#requested = true;
    const progress = this.#progress;
    if (progress.kind !== 'waiting' || this.#rare('replica: a finished checkpoint waits')) return;
    if (this.#rare('replica: a finished checkpoint is dropped')) {
      this.abandon();
      return;
    }
    if (!mayPublish) {
      this.abandon();
    } else if (committed >= progress.newest && this.#store.durableLsn >= this.#metaLsn) {
      const failure = progress.writer.publish();
      this.#progress = { kind: 'idle' };
      this.#sizeAtLast = failure === null ? 0 : this.#store.walBytes;
      if (failure === null) this.#failures = 0;
    }
  }

  abandon(): void {
    if (this.#progress.kind !== 'idle') this.#progress.writer.abandon();
    this.#progress = { kind: 'idle' };
    this.#sizeAtLast = this.#store.walBytes;
  }
}

/** A checkpoint that failed is worth a try at once when so much less is to be written. */
const LESS = 7 / 8;

/** Doublings of the pause between tries: to about an hour of heartbeats. */
const FAILURES_MAX = 15;

/** About what a checkpoint of it has. */
function bytesOf(trie: RadixTrie): number {
  return trie.keyBytes + trie.valueBytes + (trie.size + trie.tombstones) * LEAF_BYTES;
}

const NOTHING = new Uint8Array(0);
