/**
 * Where batches go: the newest segment, the one prepared to follow it, and what a recovery would need of the older
 * ones. A batch is written whole into one segment, never beyond what zeros were written to before: so a full disk is
 * met while growing, when nothing of the batch is on the disk. Calls throw DiskError.
 */
import type { Rare } from '../lib/rare.ts';
import { NO_BYTES } from '../lib/bytes.ts';
import type { Durability } from '../model/config.ts';
import type { Lsn } from '../model/ids.ts';
import { type Disk, DiskError, type SyncMode } from './disk.ts';
import { segmentName } from './names.ts';
import type { RecordBuffer } from './record-buffer.ts';
import { HEADER_BYTES } from './segment.ts';
import { SegmentFile } from './segment-file.ts';

/** One of the segments that a recovery would need. */
export type LiveSegment = { readonly number: number; readonly firstLsn: Lsn };

/** What does not change in the life of a store. */
export type Life = {
  readonly disk: Disk;
  readonly directory: string;
  readonly server: string;
  readonly incarnation: number;
  readonly durability: Exclude<Durability, 'memory'>;
  readonly segmentBytes: number;
  readonly sync: SyncMode;
  readonly rare: Rare;
};

/** A published segment, filled up to `position`, all of it durable. */
export type TailStart = {
  readonly segment: SegmentFile;
  readonly identity: number;
  readonly position: number;
  readonly lastLsn: Lsn;
  readonly lastCrc: number;
  /** Oldest first; the last one is `segment`. */
  readonly live: LiveSegment[];
  /** Bytes of the records in all of them. */
  readonly bytes: number;
};

/** Room that is kept for deletes on a full disk; also the piece by which segments grow. */
export function reserveBytes(segmentBytes: number): number {
  return Math.floor(segmentBytes / 16);
}

/** Room that deletes leave to what must be written whatever happens: epochs, marks, what is agreed. */
export function marginBytes(segmentBytes: number): number {
  return Math.floor(segmentBytes / 64);
}

/** Bytes of a piece that a segment grows by where it grows by little. */
const LITTLE_BYTES = 512;

export class WalTail {
  /** Bytes of the records that it began with and of all that were written since. */
  bytes: number;
  /** Why the last attempt to grow found no space, or null. */
  noSpace: DiskError | null = null;
  /** Room that only the store's own bookkeeping may use. */
  readonly margin: number;
  readonly #reserve: number;
  readonly #life: Life;
  /** Bytes of the largest batch: what may be on its way when space runs out is about as much. */
  #largest = 0;
  readonly #live: LiveSegment[];
  #current: SegmentFile;
  #next: SegmentFile | null = null;
  #identity: number;
  #position: number;
  #lastLsn: Lsn;
  #lastCrc: number;

  constructor(life: Life, start: TailStart) {
    this.#life = life;
    this.#reserve = reserveBytes(life.segmentBytes);
    this.margin = marginBytes(life.segmentBytes);
    this.#live = start.live;
    this.bytes = start.bytes;
    this.#current = start.segment;
    this.#identity = start.identity;
    this.#position = start.position;
    this.#lastLsn = start.lastLsn;
    this.#lastCrc = start.lastCrc;
  }

  /** Bytes that one batch may have without growing anything. */
  get room(): number {
    const here = this.#current.frontier - this.#position;
    return this.#next === null ? here : Math.max(here, this.#next.frontier - HEADER_BYTES);
  }

  /**
   * Grows for a batch of `size` bytes, what may follow it before anybody hears that the disk is full, the reserve and
   * the margin; where there is no space for all that, `noSpace` says so.
   */
  grow(size: number): void {
    const { disk, directory, segmentBytes, sync, rare } = this.#life;
    this.#largest = Math.max(this.#largest, size);
    const onItsWay = Math.min(2 * this.#largest, segmentBytes / 4);
    const wanted = size + onItsWay + this.#reserve + this.margin;
    const piece = rare('storage: a segment grows by little') ? LITTLE_BYTES : this.#reserve;
    try {
      if (this.#current.frontier - this.#position < wanted) {
        const endsHere = rare('storage: the next segment is prepared early');
        if (this.#position + wanted <= segmentBytes && !endsHere) {
          this.#current.growTo(this.#position + wanted, piece);
        } else {
          this.#next ??= new SegmentFile(disk, directory, this.#current.number + 1, sync);
          this.#next.growTo(HEADER_BYTES + wanted, piece);
        }
      }
      this.noSpace = null;
    } catch (error) {
      if (!(error instanceof DiskError) || !error.isFull) throw error;
      this.noSpace = error;
    }
  }

  /**
   * A checkpoint of about so many bytes begins here. Goes on in another segment, so that it frees all that was before,
   * unless that would be little. On a full disk the room ahead is lent to the checkpoint, and to the new segment.
   * Everything written is durable.
   */
  turn(checkpointBytes: number): void {
    const { disk, directory, sync, rare } = this.#life;
    const isFull = this.noSpace !== null;
    const little = rare('storage: a checkpoint begins a segment for little') ? 0 : this.#reserve / 4;
    const stays = rare('storage: a checkpoint stays in the segment');
    const goesOn = this.#position - HEADER_BYTES > little && !stays;
    if (isFull) {
      const lent = checkpointBytes + (goesOn ? this.margin : 0);
      if (this.#current.frontier - this.#position < lent + 2 * this.margin) return;
      this.#current.shrinkTo(this.#current.frontier - lent);
    }
    const ahead = this.#current.frontier - this.#position;
    if (goesOn) {
      this.#next ??= new SegmentFile(disk, directory, this.#current.number + 1, sync);
      if (isGrown(this.#next, HEADER_BYTES + this.margin, this.margin)) this.#cut(0);
    }
    // At once, before somebody else takes what the old segment gave back.
    if (isFull) isGrown(this.#current, this.#position + ahead, this.margin / 4);
    else this.grow(0);
  }

  /** Writes the batch, whose last record has this LSN. Everything written before is durable, unless nothing is synced. */
  write(records: RecordBuffer, lastLsn: Lsn): void {
    const { disk, durability } = this.#life;
    const size = records.length;
    // On a full disk the one who makes room ahead asks again, not every batch.
    if (this.noSpace === null || this.room < size) this.grow(size);
    if (this.#current.frontier - this.#position < size || this.#endsEarly(size)) this.#cut(size);
    // With durability `os` nothing was promised durable, so nothing may be called rot.
    const mark = durability === 'fsync' ? this.#position : HEADER_BYTES;
    this.#lastCrc = records.seal({ identity: this.#identity, offset: this.#position, mark }, disk.crc32);
    disk.write(this.#current.handle, this.#position, records.view());
    this.#position += size;
    this.#lastLsn = lastLsn;
    this.bytes += size;
  }

  sync(done: (error: DiskError | null) => void): void {
    this.#life.disk.sync(this.#current.handle, done);
  }

  syncNow(): void {
    this.#life.disk.syncNow(this.#current.handle);
  }

  /** Paths of the segments that hold nothing from `begin` on. They are no longer counted. */
  takeBelow(begin: Lsn): string[] {
    const paths: string[] = [];
    for (let second = this.#live[1]; second !== undefined && second.firstLsn <= begin; second = this.#live[1]) {
      const first = this.#live.shift() as LiveSegment;
      paths.push(`${this.#life.directory}/${segmentName(first.number)}`);
    }
    return paths;
  }

  /** Closes the files. Returns the path of the segment that was prepared and never used, or null. */
  close(): string | null {
    const { disk } = this.#life;
    disk.close(this.#current.handle);
    if (this.#next === null) return null;
    disk.close(this.#next.handle);
    return this.#next.handle.path;
  }

  /** Whether the batch goes into the next segment though this one has room. */
  #endsEarly(size: number): boolean {
    const hasNext = this.#next !== null && this.#next.frontier - HEADER_BYTES >= size;
    return hasNext && this.#position > HEADER_BYTES && this.#life.rare('storage: a segment ends before it is full');
  }

  /** Goes on in the next segment, which has room for `size` bytes or there is no space. */
  #cut(size: number): void {
    const { disk, server, incarnation, durability } = this.#life;
    const next = this.#next;
    if (next === null || next.frontier - HEADER_BYTES < size) {
      throw this.noSpace ?? new DiskError('ENOSPC', 'grow', this.#current.handle.path);
    }
    // The header says where its predecessor ends, and that must be true of the disk.
    if (durability === 'os') this.syncNow();
    const firstLsn = (this.#lastLsn + 1) as Lsn;
    const predecessor = { number: this.#current.number, end: this.#position, crc: this.#lastCrc };
    const header = { server, number: next.number, incarnation, firstLsn, predecessor };
    this.#identity = next.publish(header, () => NO_BYTES);
    this.#current.shrinkTo(this.#position);
    disk.close(this.#current.handle);
    this.#current = next;
    this.#next = null;
    this.#position = HEADER_BYTES;
    this.#lastCrc = this.#identity;
    this.#live.push({ number: next.number, firstLsn });
  }
}

/** Grows the segment if the disk has space for it. */
export function isGrown(segment: SegmentFile, target: number, pieceBytes: number): boolean {
  try {
    segment.growTo(target, pieceBytes);
    return true;
  } catch (error) {
    if (!(error instanceof DiskError) || !error.isFull) throw error;
    return false;
  }
}
