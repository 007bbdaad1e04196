/**
 * One file of the simulated disk: what a reader sees now, what the disk holds, and the operations between the two.
 * A sync moves operations to the disk in order; a crash lets some of them through, sector by sector, in no order.
 * Sectors are assumed to be written whole or not at all, and a write never to touch bytes that it does not cover
 * (SQLite's "powersafe overwrite").
 */
import type { Survivors } from '../faults/action.ts';
import type { Prng } from '../lib/prng.ts';

export const SECTOR_BYTES = 512;

/**
 * Somebody else decides, for every operation that was not synced: how many of its parts survive, the first ones. A write
 * has as many parts as sectors; a change of a size or of a name has one.
 */
export type Choice = { keep(parts: number): number };

type Operation = { readonly id: number } & (
  | {
      readonly kind: 'write';
      /** Where the disk will put it: not where it was asked to when the write was misdirected. */
      readonly offset: number;
      readonly bytes: Uint8Array;
      readonly isTorn: boolean;
    }
  | { readonly kind: 'truncate'; readonly size: number }
);

/** How a write reaches the disk: as asked, never, elsewhere in the file, or in part if the next crash finds it pending. */
export type WriteFate = 'written' | 'lost' | 'misdirected' | 'torn';

export class SimulatedFile {
  /** What readers see. */
  readonly now = new GrowingBytes();
  /** What a crash leaves for certain. */
  readonly durable = new GrowingBytes();
  #pending: Operation[] = [];
  #nextId = 1;
  /** Of the write before. */
  #lastOffset = 0;

  get pendingCount(): number {
    return this.#pending.length;
  }

  write(offset: number, bytes: Uint8Array, fate: WriteFate = 'written'): void {
    this.now.write(offset, bytes);
    if (fate === 'lost') return;
    const to = fate === 'misdirected' ? this.#elsewhere(offset, bytes.length) : offset;
    this.#lastOffset = offset;
    this.#pending.push({
      id: this.#nextId++,
      kind: 'write',
      offset: to,
      bytes: bytes.slice(),
      isTorn: fate === 'torn',
    });
  }

  truncate(size: number): void {
    this.now.truncate(size);
    this.#pending.push({ id: this.#nextId++, kind: 'truncate', size });
  }

  /** What a sync that begins now will cover. */
  syncPoint(): number {
    return this.#nextId - 1;
  }

  /** The sync that began at `point` succeeded. */
  onSynced(point: number): void {
    let count = 0;
    for (const operation of this.#pending) {
      if (operation.id > point) break;
      apply(this.durable, operation);
      count++;
    }
    this.#pending.splice(0, count);
  }

  /** The sync that began at `point` failed: its pages count as clean, so no later sync writes them. */
  onSyncFailed(point: number): void {
    this.#pending = this.#pending.filter((operation) => operation.id > point);
  }

  /** Power is gone: what survived is what the disk holds, and what readers see from now on. */
  crash(survivors: Survivors | Choice, prng: Prng): void {
    const pending = this.#pending;
    this.#pending = [];
    if (pending.length > 0) {
      const whole = survivors === 'prefix' ? prng.below(pending.length + 1) : 0;
      const odds = prng.pick([0.1, 0.5, 0.9]);
      pending.forEach((operation, index) => {
        if (typeof survivors === 'object') {
          const parts = operation.kind === 'write' ? sectorsOf(operation) : 1;
          this.#keep(operation, survivors.keep(parts), parts);
          return;
        }
        const isCut = survivors === 'prefix' && index === whole;
        const isTorn = operation.kind === 'write' && operation.isTorn;
        if (index < whole) apply(this.durable, operation);
        else if (survivors === 'random' || isTorn) this.#scatter(operation, odds, prng);
        else if (isCut) this.#tear(operation, prng);
      });
    }
    this.now.copyFrom(this.durable);
  }

  /** A copy that goes its own way. */
  fork(): SimulatedFile {
    const copy = new SimulatedFile();
    copy.now.copyFrom(this.now);
    copy.durable.copyFrom(this.durable);
    copy.#pending = [...this.#pending];
    copy.#nextId = this.#nextId;
    return copy;
  }

  /** Changes what the disk holds, below every cache: rot, a drive's own mistakes, a file cut short. */
  damage(change: (content: Uint8Array) => Uint8Array): void {
    for (const bytes of [this.durable, this.now]) bytes.replace(change(bytes.view().slice()));
  }

  /** Where a drive with a wrong seek puts a write: sectors away, or where the write before went. */
  #elsewhere(offset: number, length: number): number {
    const isRepeated = (offset & 8) !== 0 && this.#lastOffset > 0 && this.#lastOffset < offset;
    return isRepeated ? this.#lastOffset : misdirected(offset, length, this.now.length);
  }

  /** The first sectors of a write; no size but theirs. */
  #tear(operation: Operation, prng: Prng): void {
    if (operation.kind !== 'write') return;
    const parts = sectorsOf(operation);
    this.#keep(operation, prng.below(parts), parts);
  }

  #keep(operation: Operation, kept: number, parts: number): void {
    if (kept >= parts) {
      apply(this.durable, operation);
    } else if (operation.kind === 'write') {
      const { offset, bytes } = operation;
      const end = kept * SECTOR_BYTES - (offset % SECTOR_BYTES);
      if (end > 0) this.durable.write(offset, bytes.subarray(0, end));
    }
  }

  /** Each sector of a write by itself, and the size by itself. */
  #scatter(operation: Operation, odds: number, prng: Prng): void {
    const { durable } = this;
    if (operation.kind === 'truncate') {
      if (prng.chance(odds)) durable.truncate(operation.size);
      return;
    }
    const { offset, bytes } = operation;
    const sizeBefore = durable.length;
    const end = offset + bytes.length;
    // The new size may survive without the content that made it, and content may be lost for want of the size.
    if (end > sizeBefore && prng.chance(odds)) durable.truncate(end);
    for (let at = 0; at < bytes.length; ) {
      const next = Math.min(bytes.length, at + SECTOR_BYTES - ((offset + at) % SECTOR_BYTES));
      const limit = Math.min(next, durable.length - offset);
      if (limit > at) {
        if (prng.chance(odds)) durable.write(offset + at, bytes.subarray(at, limit));
        else if (offset + at >= sizeBefore && prng.chance(0.2)) durable.write(offset + at, garbage(limit - at, prng));
      }
      at = next;
    }
  }
}

/** Bytes with a length that grows and shrinks; what growing uncovers is zero. Copies share until one is changed. */
export class GrowingBytes {
  length = 0;
  #bytes = new Uint8Array(0);
  #isShared = false;

  view(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  write(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    if (end > this.length) this.truncate(end);
    this.#own(this.length);
    this.#bytes.set(bytes, offset);
  }

  truncate(size: number): void {
    if (size > this.#bytes.length || this.#isShared) {
      this.#own(Math.max(size, Math.min(this.#bytes.length * 2, size + 64 * 1024)));
    }
    if (size < this.length) this.#bytes.fill(0, size, this.length);
    this.length = size;
  }

  copyFrom(other: GrowingBytes): void {
    this.#bytes = other.#bytes;
    this.length = other.length;
    this.#isShared = true;
    other.#isShared = true;
  }

  replace(bytes: Uint8Array): void {
    this.#bytes = bytes.slice();
    this.length = bytes.length;
    this.#isShared = false;
  }

  /** Makes the bytes its own, with room for `capacity`. */
  #own(capacity: number): void {
    if (!this.#isShared && capacity <= this.#bytes.length) return;
    const own = new Uint8Array(Math.max(capacity, this.length));
    own.set(this.view());
    this.#bytes = own;
    this.#isShared = false;
  }
}

/** Sectors that a write touches. */
function sectorsOf({ offset, bytes }: { readonly offset: number; readonly bytes: Uint8Array }): number {
  return Math.ceil(((offset % SECTOR_BYTES) + bytes.length) / SECTOR_BYTES);
}

function apply(bytes: GrowingBytes, operation: Operation): void {
  if (operation.kind === 'write') bytes.write(operation.offset, operation.bytes);
  else bytes.truncate(operation.size);
}

/** Another place in the file, as a drive with a wrong seek would choose: whole sectors away. */
function misdirected(offset: number, length: number, size: number): number {
  const back = Math.floor(size / 2 / SECTOR_BYTES) * SECTOR_BYTES;
  return offset - back >= 0 && back >= length
    ? offset - back
    : offset + Math.ceil(length / SECTOR_BYTES) * SECTOR_BYTES;
}

function garbage(length: number, prng: Prng): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = prng.below(256);
  return bytes;
}
