/**
 * What counts in a storage server's directory, and the verdict on it. The newest good checkpoint, then the
 * chain of segments from the newest back to the one that holds the checkpoint's beginning. Each segment names where
 * its predecessor ends and with which record, so a missing, older or foreign file is found. Rot is CORRUPT with file
 * and offset, never cut away; a torn tail is. Opening changes nothing.
 */
import { NO_BYTES } from '../lib/bytes.ts';
import { ok, type Result } from '../lib/result.ts';
import { fail, type KvError } from '../model/errors.ts';
import type { Lsn } from '../model/ids.ts';
import { eachBlock } from './checkpoint-reader.ts';
import { type Disk, DiskError } from './disk.ts';
import { diskFailure, readWhole, type Scratch } from './files.ts';
import { checkpointName, classify, segmentName } from './names.ts';
import { decodeHeader, type SegmentHeader } from './segment.ts';
import { type Position, type Rot, scanLast, scanWhole, type VisitRecord } from './segment-scan.ts';

/** A segment that counts, checked up to `end`; `sum` is the CRC-32 of all these bytes, to know them again by. */
export type FoundSegment = {
  readonly path: string;
  readonly header: SegmentHeader;
  readonly end: number;
  readonly sum: number;
};

export type Found = {
  readonly checkpoint: { readonly path: string; readonly begin: Lsn; readonly entries: number } | null;
  /** Oldest first. */
  readonly chain: readonly FoundSegment[];
  /** End and last durable mark of the newest segment. */
  readonly tail: { readonly end: Position; readonly mark: Position; readonly tornBytes: number } | null;
  readonly notes: readonly string[];
};

/**
 * What counts in the directory. `server` null takes any server's files. `visit` sees the records that the checkpoint
 * does not cover, newest segment first, before the verdict is known. CORRUPT, DISK.
 */
export function survey(
  disk: Disk,
  directory: string,
  server: string | null,
  visit?: VisitRecord,
): Result<Found, KvError> {
  try {
    const files = (disk.exists(directory) ? disk.list(directory) : []).map(classify);
    const numbers = (kind: 'segment' | 'checkpoint'): number[] =>
      files.flatMap((file) => (file.kind === kind ? [file.number] : [])).sort((a, b) => b - a);
    const notes: string[] = [];
    const checkpoint = newestCheckpoint(disk, directory, numbers('checkpoint'), server, notes);
    if (!checkpoint.ok) return checkpoint;
    const begin = checkpoint.value?.begin ?? (1 as Lsn);
    const [newest] = numbers('segment');
    if (newest === undefined) {
      return checkpoint.value === null
        ? ok({ checkpoint: null, chain: [], tail: null, notes })
        : fail('CORRUPT', `${directory}: a checkpoint without any WAL segment`);
    }
    return findChain(
      disk,
      directory,
      { newest, begin, server, visit: uncovered(begin, visit) },
      checkpoint.value,
      notes,
    );
  } catch (error) {
    return { ok: false, error: diskFailure(error) };
  }
}

function findChain(
  disk: Disk,
  directory: string,
  from: {
    readonly newest: number;
    readonly begin: Lsn;
    readonly server: string | null;
    readonly visit: VisitRecord | undefined;
  },
  checkpoint: Found['checkpoint'],
  notes: string[],
): Result<Found, KvError> {
  const { begin, server, visit } = from;
  const scratch: Scratch = { bytes: NO_BYTES };
  const newest = readSegment(disk, directory, from.newest, server, scratch);
  if (!newest.ok) return newest;
  const { path, header, bytes } = newest.value;
  const content = scanLast(bytes, header, disk.crc32, visit);
  if (!content.ok) return corrupt(path, content.error);
  const tail = content.value;
  if (tail.tornBytes > 0) {
    notes.push(`${path}: offset ${tail.end.offset}: a torn tail of ${tail.tornBytes} bytes, never acknowledged`);
  }
  if (tail.end.lsn + 1 < begin) {
    return fail(
      'CORRUPT',
      `${path}: offset ${tail.end.offset}: ends at LSN ${tail.end.lsn}, the checkpoint at ${begin - 1}`,
    );
  }
  const chain: FoundSegment[] = [foundSegment(disk, newest.value, tail.end.offset)];
  for (let successor = header; successor.firstLsn > begin; ) {
    const { predecessor } = successor;
    const found = predecessor.number === 0 ? null : readSegment(disk, directory, predecessor.number, server, scratch);
    if (found === null) {
      return fail('CORRUPT', `${directory}: no segment has the records ${begin} … ${successor.firstLsn - 1}`);
    }
    if (!found.ok) return found;
    const end = scanWhole(found.value.bytes, found.value.header, predecessor, disk.crc32, visit);
    if (!end.ok) return corrupt(found.value.path, end.error);
    if (end.value.lsn !== successor.firstLsn - 1) {
      const reason = `ends at LSN ${end.value.lsn}, its successor begins at ${successor.firstLsn}`;
      return corrupt(found.value.path, { offset: end.value.offset, reason });
    }
    chain.push(foundSegment(disk, found.value, predecessor.end));
    successor = found.value.header;
  }
  return ok({ checkpoint, chain: chain.reverse(), tail, notes });
}

/**
 * The bytes of a segment that a survey found, up to its end. Throws DiskError when they are others than a moment ago: no
 * state can be built on that.
 */
export function readAgain(disk: Disk, { path, end, sum }: FoundSegment, scratch?: Scratch): Uint8Array {
  const bytes = readWhole(disk, path, end, scratch);
  if (bytes.length < end || disk.crc32(bytes, 0) !== sum) throw new DiskError('EIO', 'read the same bytes again', path);
  return bytes;
}

function foundSegment(disk: Disk, { path, header, bytes }: ReadSegment, end: number): FoundSegment {
  return { path, header, end, sum: disk.crc32(bytes, 0, 0, end) };
}

/** `visit` without the records that a checkpoint covers. */
function uncovered(begin: Lsn, visit: VisitRecord | undefined): VisitRecord | undefined {
  if (visit === undefined) return undefined;
  return (lsn, kind, bytes, start, end) => {
    if (lsn >= begin) visit(lsn, kind, bytes, start, end);
  };
}

/** Its bytes are good until the next one is read. */
type ReadSegment = { readonly path: string; readonly header: SegmentHeader; readonly bytes: Uint8Array };

function readSegment(
  disk: Disk,
  directory: string,
  number: number,
  server: string | null,
  scratch: Scratch,
): Result<ReadSegment, KvError> {
  const path = `${directory}/${segmentName(number)}`;
  if (!disk.exists(path)) return fail('CORRUPT', `${path}: missing, though a later segment follows it`);
  const bytes = readWhole(disk, path, Number.POSITIVE_INFINITY, scratch);
  const header = decodeHeader(bytes, disk.crc32);
  if (!header.ok) return corrupt(path, { offset: 0, reason: header.error });
  if (header.value.number !== number) {
    return corrupt(path, { offset: 28, reason: `the segment of number ${header.value.number}` });
  }
  if (server !== null && header.value.server !== server) {
    return corrupt(path, { offset: 12, reason: `belongs to server ${header.value.server}, not ${server}` });
  }
  return ok({ path, header: header.value, bytes });
}

/** The newest checkpoint that is good, or null when there is none at all. CORRUPT when none is good. */
function newestCheckpoint(
  disk: Disk,
  directory: string,
  begins: readonly number[],
  server: string | null,
  notes: string[],
): Result<Found['checkpoint'], KvError> {
  for (const begin of begins) {
    const path = `${directory}/${checkpointName(begin)}`;
    const content = eachBlock(disk, path, () => undefined);
    const rot = content.ok ? misplaced(content.value.header, begin, server) : content.error;
    if (content.ok && rot === null) return ok({ path, begin: begin as Lsn, entries: content.value.entries });
    if (rot !== null) notes.push(message(path, rot));
  }
  return notes.length === 0 ? ok(null) : fail('CORRUPT', notes[0] as string);
}

function misplaced(
  header: { readonly server: string; readonly begin: Lsn },
  begin: number,
  server: string | null,
): Rot | null {
  if (header.begin !== begin) return { offset: 28, reason: `the checkpoint of LSN ${header.begin}` };
  if (server !== null && header.server !== server) {
    return { offset: 12, reason: `belongs to server ${header.server}, not ${server}` };
  }
  return null;
}

function message(path: string, rot: Rot): string {
  return `${path}: offset ${rot.offset}: ${rot.reason}`;
}

function corrupt(path: string, rot: Rot): { readonly ok: false; readonly error: KvError } {
  return fail('CORRUPT', message(path, rot));
}
