/**
 * What a segment's bytes hold, and the verdict on what is wrong with them. Pure: it changes and keeps nothing.
 *
 * The rule: everything up to the highest mark found in a valid record was durable, so a bad record below it is rot;
 * above it is a torn tail, never acknowledged. To find that mark, what follows a bad record is searched for valid
 * ones: they lie at multiples of eight and are tied to their place by their checksum.
 */
import type { Result } from '../lib/result.ts';
import { err, ok } from '../lib/result.ts';
import type { Lsn } from '../model/ids.ts';
import {
  type Crc32,
  HEADER_BYTES,
  MARK_KIND,
  RECORD_HEADER_BYTES,
  readLsn,
  recordBytes,
  type SegmentHeader,
} from './segment.ts';

/** A place in a segment between two records: where, what came last before it, its crc. */
export type Position = { readonly offset: number; readonly lsn: Lsn; readonly crc: number };

export type SegmentContent = {
  /** End of the valid records. */
  readonly end: Position;
  /** Highest durable mark: what lies before it was synced for certain. */
  readonly mark: Position;
  /** Bytes after `end` that are not zero-filled: a torn tail, or 0. */
  readonly tornBytes: number;
};

/** A bad record where a good one must be. */
export type Rot = { readonly offset: number; readonly reason: string };

/** Called with each record but bare marks; the payload is bytes[start, end), good during the call only. */
export type VisitRecord = (lsn: Lsn, kind: number, bytes: Uint8Array, start: number, end: number) => void;

/** What the newest segment holds. `visit` sees each record as it is found good, whatever the verdict on the segment. */
export function scanLast(
  bytes: Uint8Array,
  header: SegmentHeader,
  crc32: Crc32,
  visit?: VisitRecord,
): Result<SegmentContent, Rot> {
  const walker = new Walker(bytes, header, crc32);
  while (walker.next()) if (visit !== undefined) walker.show(visit);
  const end = walker.position();
  const nonZeroEnd = lastNonZero(bytes, end.offset);
  if (nonZeroEnd > end.offset) {
    const witness = findMarkAbove(walker, bytes, nonZeroEnd);
    if (witness !== null) {
      const reason = `the record at ${witness.offset} says that all up to ${witness.mark} was durable`;
      return err({ offset: end.offset, reason: `${walker.problem ?? 'no record'}; ${reason}` });
    }
  }
  return ok({ end, mark: walker.mark, tornBytes: nonZeroEnd - end.offset });
}

/** Checks a segment that has a successor, which says where it ends and with which record. `visit` as above. */
export function scanWhole(
  bytes: Uint8Array,
  header: SegmentHeader,
  until: { readonly end: number; readonly crc: number },
  crc32: Crc32,
  visit?: VisitRecord,
): Result<Position, Rot> {
  const walker = new Walker(bytes, header, crc32);
  while (walker.offset < until.end && walker.next()) if (visit !== undefined) walker.show(visit);
  const end = walker.position();
  if (end.offset !== until.end) return err({ offset: end.offset, reason: walker.problem ?? 'no record' });
  if (end.crc !== until.crc) return err({ offset: end.offset, reason: 'not the segment that its successor follows' });
  return ok(end);
}

/** Visits the records before the offset `end` of a segment that a scan found good: nothing is checked again. */
export function eachRecord(bytes: Uint8Array, end: number, visit: VisitRecord): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = HEADER_BYTES; at < end; ) {
    const length = view.getUint32(at + 4, true);
    const kind = bytes[at + 14] as number;
    if (kind !== MARK_KIND) visit(readLsn(view, at + 8), kind, bytes, at + RECORD_HEADER_BYTES, at + length);
    at += recordBytes(length - RECORD_HEADER_BYTES);
  }
}

/** Steps from record to record as long as they are valid. */
export class Walker {
  readonly header: SegmentHeader;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where the next record begins. */
  offset = HEADER_BYTES;
  /** Of the record before: LSN, kind, length without padding, checksum. */
  lsn: Lsn;
  kind = MARK_KIND;
  length = 0;
  crc: number;
  mark: Position;
  /** Why next() answered false; null when there simply is no record. */
  problem: string | null = null;
  readonly #crc32: Crc32;

  constructor(bytes: Uint8Array, header: SegmentHeader, crc32: Crc32) {
    this.header = header;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.lsn = (header.firstLsn - 1) as Lsn;
    this.crc = header.crc;
    this.mark = this.position();
    this.#crc32 = crc32;
  }

  /** Shows the record that next() moved over, unless it is a bare mark. */
  show(visit: VisitRecord): void {
    if (this.kind === MARK_KIND) return;
    const start = this.offset - recordBytes(this.length - RECORD_HEADER_BYTES);
    visit(this.lsn, this.kind, this.bytes, start + RECORD_HEADER_BYTES, start + this.length);
  }

  position(): Position {
    return { offset: this.offset, lsn: this.lsn, crc: this.crc };
  }

  /** Moves over the next record; false when there is none or it is not valid. */
  next(): boolean {
    const at = this.offset;
    this.problem = null;
    if (at + RECORD_HEADER_BYTES > this.bytes.length) return false;
    const length = this.view.getUint32(at + 4, true);
    if (length === 0) return false;
    this.problem = this.#problemAt(at, length);
    if (this.problem !== null) return false;
    const mark = this.view.getUint32(at + 16, true);
    if (mark === at && mark > this.mark.offset) this.mark = this.position();
    this.lsn = readLsn(this.view, at + 8);
    this.kind = this.bytes[at + 14] as number;
    this.length = length;
    this.crc = this.view.getUint32(at, true);
    this.offset = at + recordBytes(length - RECORD_HEADER_BYTES);
    return true;
  }

  /** Whether the checksum says that a record of this length was written at this place. */
  isIntact(at: number, length: number): boolean {
    if (length < RECORD_HEADER_BYTES || length > this.bytes.length - at) return false;
    const end = at + recordBytes(length - RECORD_HEADER_BYTES);
    if (end > this.bytes.length) return false;
    const seed = (this.header.crc ^ at) >>> 0;
    return this.#crc32(this.bytes, seed, at + 4, end) === this.view.getUint32(at, true);
  }

  #problemAt(at: number, length: number): string | null {
    if (!this.isIntact(at, length)) return 'the checksum of the record does not match';
    const lsn = readLsn(this.view, at + 8);
    const expected = this.bytes[at + 14] === MARK_KIND ? this.lsn : this.lsn + 1;
    if (lsn !== expected) return `the record has LSN ${lsn} where ${expected} is next`;
    const mark = this.view.getUint32(at + 16, true);
    // Batches follow each other: a mark stays within its batch and moves on to the beginning of the next one.
    if (mark !== at && mark !== this.mark.offset)
      return `the record has a mark of ${mark} that is no batch's beginning`;
    return null;
  }
}

/** A valid record after the walker's position whose mark lies above it: the proof that something durable is gone. */
function findMarkAbove(walker: Walker, bytes: Uint8Array, end: number): { offset: number; mark: number } | null {
  const from = walker.offset;
  const { view } = walker;
  for (let at = from; at < end && at + RECORD_HEADER_BYTES <= bytes.length; at += 8) {
    const length = view.getUint32(at + 4, true);
    if (length === 0) continue;
    const mark = view.getUint32(at + 16, true);
    if (mark <= from || mark > at) continue;
    // No checksum over what cannot be a record of this place: else random bytes would cost a second a megabyte.
    const lsn = readLsn(view, at + 8);
    const recordsBetween = (at - from) / recordBytes(0) + 1;
    if (lsn < walker.lsn || lsn > walker.lsn + recordsBetween) continue;
    if (length > bytes.length - at || !walker.isIntact(at, length)) continue;
    return { offset: at, mark };
  }
  return null;
}

/** End of the last byte at or after `from` that is not zero; `from` when all are. */
function lastNonZero(bytes: Uint8Array, from: number): number {
  let end = bytes.length;
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  while (end - 8 >= from && words.getUint32(end - 8, true) === 0 && words.getUint32(end - 4, true) === 0) end -= 8;
  while (end > from && bytes[end - 1] === 0) end--;
  return end;
}
