/**
 * What was written to one file and not synced yet: both the bytes before and after each change, so that a loss of
 * power can take back what did not reach the disk and leave what did. The file itself always shows everything, as a
 * page cache does. Sectors reach the disk whole or not at all, and a write never touches bytes that it does not cover
 * (SQLite's "powersafe overwrite"). Calls throw DiskError.
 */
import type { Prng } from '../lib/prng.ts';
import type { Disk, FileHandle } from '../storage/disk.ts';
import type { Survivors } from './action.ts';

export const SECTOR_BYTES = 512;

/** Bytes of changes kept of one file; of what is older, the system has written back by itself. */
export const UNSYNCED_BYTES_MAX = 32 * 1024 * 1024;

/** `pending`: a sync makes it durable. `durable`: kept only because an older change is not. `doomed`: no sync ever will. */
type State = 'pending' | 'durable' | 'doomed';

type Change = {
  readonly id: number;
  readonly offset: number;
  /** What lay there, as far as the file reached. */
  readonly before: Uint8Array;
  /** What was written; null when the file was cut or extended with zeros. */
  readonly after: Uint8Array | null;
  readonly sizeBefore: number;
  readonly sizeAfter: number;
  state: State;
};

const NOTHING = new Uint8Array(0);

export class UnsyncedFile {
  #changes: Change[] = [];
  #bytes = 0;
  #nextId = 1;

  /** Whether everything is durable. */
  get isEmpty(): boolean {
    return this.#changes.length === 0;
  }

  /** To be called before a write: keeps what it will cover. */
  beforeWrite(disk: Disk, handle: FileHandle, offset: number, bytes: Uint8Array): void {
    const sizeBefore = disk.size(handle);
    const sizeAfter = Math.max(sizeBefore, offset + bytes.length);
    const before = readPart(disk, handle, offset, Math.min(sizeBefore, offset + bytes.length));
    this.#keep({ id: this.#nextId++, offset, before, after: bytes.slice(), sizeBefore, sizeAfter, state: 'pending' });
  }

  /** To be called before the size is changed. */
  beforeTruncate(disk: Disk, handle: FileHandle, sizeAfter: number): void {
    const sizeBefore = disk.size(handle);
    if (sizeBefore === sizeAfter) return;
    const before = readPart(disk, handle, sizeAfter, sizeBefore);
    this.#keep({ id: this.#nextId++, offset: sizeAfter, before, after: null, sizeBefore, sizeAfter, state: 'pending' });
  }

  /** What a sync that begins now will cover. */
  syncPoint(): number {
    return this.#nextId - 1;
  }

  /** The sync that began at `point` succeeded. */
  onSynced(point: number): void {
    this.#mark(point, 'durable');
  }

  /** The sync that began at `point` failed: its pages count as clean, so no later sync writes them. */
  onSyncFailed(point: number): void {
    this.#mark(point, 'doomed');
  }

  /** Power fails: the file keeps what is durable, and of the rest what survives. It must not be open for writing. */
  fail(disk: Disk, path: string, survivors: Survivors, prng: Prng): void {
    if (this.#changes.length === 0) return;
    const handle = disk.open(path, { access: 'write', sync: 'inline' });
    for (const change of this.#changes.toReversed()) {
      if (change.sizeAfter !== change.sizeBefore) disk.truncate(handle, change.sizeBefore);
      if (change.before.length > 0) disk.write(handle, change.offset, change.before);
    }
    const pending = this.#changes.filter(({ state }) => state === 'pending').length;
    let whole = survivors === 'prefix' ? prng.below(pending + 1) : 0;
    let torn = survivors === 'prefix';
    const odds = prng.pick([0.1, 0.5, 0.9]);
    for (const change of this.#changes) {
      if (change.state === 'doomed') continue;
      if (change.state === 'durable' || whole-- > 0) {
        redo(disk, handle, change);
      } else if (survivors === 'random') {
        scatter(disk, handle, change, odds, prng);
      } else if (torn) {
        torn = false;
        redoFirstSectors(disk, handle, change, prng);
      }
    }
    disk.syncNow(handle);
    disk.close(handle);
    this.#changes = [];
    this.#bytes = 0;
  }

  #keep(change: Change): void {
    this.#changes.push(change);
    this.#bytes += bytesOf(change);
    while (this.#bytes > UNSYNCED_BYTES_MAX) this.#forgetFirst();
  }

  #mark(point: number, state: State): void {
    for (const change of this.#changes) {
      if (change.id > point) break;
      if (change.state === 'pending') change.state = state;
    }
    // Behind one that is not durable they are needed still: taking that one back takes them back too.
    while (this.#changes[0]?.state === 'durable') this.#forgetFirst();
  }

  #forgetFirst(): void {
    const first = this.#changes.shift();
    if (first !== undefined) this.#bytes -= bytesOf(first);
  }
}

function redo(disk: Disk, handle: FileHandle, { offset, after, sizeAfter }: Change): void {
  if (after === null) disk.truncate(handle, sizeAfter);
  else disk.write(handle, offset, after);
}

/** The first sectors of a write; no size but theirs. */
function redoFirstSectors(disk: Disk, handle: FileHandle, { offset, after }: Change, prng: Prng): void {
  if (after === null) return;
  const sectors = Math.ceil(((offset % SECTOR_BYTES) + after.length) / SECTOR_BYTES);
  const end = prng.below(sectors) * SECTOR_BYTES - (offset % SECTOR_BYTES);
  if (end > 0) disk.write(handle, offset, after.subarray(0, end));
}

/** Each sector of a write by itself, and the size by itself. */
function scatter(disk: Disk, handle: FileHandle, change: Change, odds: number, prng: Prng): void {
  const { offset, after, sizeAfter } = change;
  if (after === null) {
    if (prng.chance(odds)) disk.truncate(handle, sizeAfter);
    return;
  }
  // The new size may survive without the content that made it, and content may be lost for want of the size.
  const end = offset + after.length;
  if (end > disk.size(handle) && prng.chance(odds)) disk.truncate(handle, end);
  const limit = Math.min(after.length, disk.size(handle) - offset);
  for (let at = 0; at < limit; ) {
    const next = Math.min(limit, at + SECTOR_BYTES - ((offset + at) % SECTOR_BYTES));
    if (prng.chance(odds)) disk.write(handle, offset + at, after.subarray(at, next));
    at = next;
  }
}

function readPart(disk: Disk, handle: FileHandle, start: number, end: number): Uint8Array {
  if (end <= start) return NOTHING;
  const bytes = new Uint8Array(end - start);
  return bytes.subarray(0, disk.read(handle, start, bytes));
}

function bytesOf({ before, after }: Change): number {
  return before.length + (after?.length ?? 0);
}
