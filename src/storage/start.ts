/**
 * Begins a life of a store: opens its first segment. What lay above the last durable mark is written into it and
 * synced before the segment gets its name, for a page cache may show what the disk never got; a crash on the way
 * leaves everything as it was. Throws DiskError.
 */
import type { Lsn } from '../model/ids.ts';
import { type Disk, DiskError } from './disk.ts';
import { ensureDirectory, readWhole } from './files.ts';
import { classify, segmentName, segmentNumber, TORN } from './names.ts';
import { RecordBuffer } from './record-buffer.ts';
import { type Found, type FoundSegment, readAgain } from './survey.ts';
import { HEADER_BYTES, NO_PREDECESSOR, RECORD_HEADER_BYTES } from './segment.ts';
import { SegmentFile } from './segment-file.ts';
import { eachRecord } from './segment-scan.ts';
import type { Store } from './store.ts';
import { WalStore } from './wal-store.ts';
import { isGrown, type Life, type LiveSegment, marginBytes, reserveBytes } from './wal-tail.ts';

/** A store that goes on where `found` ends. */
export function startStore(life: Life, found: Found): Store {
  const { disk, directory, segmentBytes, server, incarnation } = life;
  ensureDirectory(disk, directory);
  const names = disk.list(directory);
  if (!life.rare('storage: no copy of a torn tail is kept')) keepTornTail(disk, directory, found, names);
  const kept = keptRecords(disk, found);
  const { older, predecessor, firstLsn } = placeInChain(found);
  const segment = new SegmentFile(disk, directory, 1 + Math.max(0, ...names.map(segmentNumber)), life.sync);
  const target = HEADER_BYTES + kept.length + 2 * reserveBytes(segmentBytes);
  // Room ahead is wanted, not needed: on a full disk a server still comes up, to answer reads and take deletes.
  if (!isGrown(segment, target, reserveBytes(segmentBytes))) {
    freeSpace(disk, directory, names, found);
    isGrown(segment, target, marginBytes(segmentBytes));
  }
  const header = { server, number: segment.number, incarnation, firstLsn, predecessor };
  let lastCrc = 0;
  const identity = segment.publish(header, (own) => {
    lastCrc =
      kept.length === 0 ? own : kept.seal({ identity: own, offset: HEADER_BYTES, mark: HEADER_BYTES }, disk.crc32);
    return kept.view();
  });
  const live: LiveSegment[] = [
    ...older.map(({ header: { number, firstLsn } }) => ({ number, firstLsn })),
    { number: segment.number, firstLsn },
  ];
  removeStrays(life, names, found, new Set(live.map(({ number }) => number)));
  return new WalStore(life, {
    segment,
    identity,
    position: HEADER_BYTES + kept.length,
    lastLsn: found.tail?.end.lsn ?? (0 as Lsn),
    lastCrc,
    live,
    bytes: older.reduce((sum, { end }) => sum + end - HEADER_BYTES, kept.length),
    checkpoint: found.checkpoint?.begin ?? null,
  });
}

/** Where the new segment follows on: at the durable mark, or, when nothing of the newest is durable, in its place. */
function placeInChain(found: Found): Pick<Parameters<SegmentFile['publish']>[0], 'predecessor' | 'firstLsn'> & {
  readonly older: readonly FoundSegment[];
} {
  const newest = found.chain.at(-1);
  if (newest === undefined || found.tail === null) {
    return { older: [], predecessor: NO_PREDECESSOR, firstLsn: 1 as Lsn };
  }
  const { mark } = found.tail;
  if (mark.offset === HEADER_BYTES) {
    const { predecessor, firstLsn } = newest.header;
    return { older: found.chain.slice(0, -1), predecessor, firstLsn };
  }
  const older = [...found.chain.slice(0, -1), { ...newest, end: mark.offset }];
  const predecessor = { number: newest.header.number, end: mark.offset, crc: mark.crc };
  return { older, predecessor, firstLsn: (mark.lsn + 1) as Lsn };
}

/** The records above the last durable mark, to be written again. */
function keptRecords(disk: Disk, found: Found): RecordBuffer {
  const kept = new RecordBuffer();
  const newest = found.chain.at(-1);
  const mark = found.tail?.mark.offset ?? 0;
  if (newest === undefined || newest.end === mark) return kept;
  eachRecord(readAgain(disk, newest), newest.end, (lsn, kind, bytes, start, end) => {
    if (start - RECORD_HEADER_BYTES >= mark) kept.append(lsn, kind, bytes, start, end);
  });
  return kept;
}

/** On a full disk: what the life before had prepared is room for this one. Nothing that counts is touched. */
function freeSpace(disk: Disk, directory: string, names: readonly string[], found: Found): void {
  const chain = new Set(found.chain.map(({ header }) => header.number));
  tryTo(() => {
    // What a checkpoint stands for goes when its name is durable.
    disk.syncDirectory(directory);
    for (const name of names) {
      const file = classify(name);
      if (file.kind === 'torn' || isStray(file, chain, found)) tryTo(() => disk.remove(`${directory}/${name}`));
    }
  });
  const newest = found.chain.at(-1);
  if (newest === undefined) return;
  tryTo(() => {
    const handle = disk.open(newest.path, { access: 'write', sync: 'inline' });
    try {
      // Only zeros and a torn tail follow, of which a copy was kept or had no room.
      disk.truncate(handle, newest.end);
    } finally {
      disk.close(handle);
    }
  });
}

/** Does what a start can do without. */
function tryTo(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
  }
}

/** A copy of the newest torn tail is evidence for people, and no more: a disk without room for it is no obstacle. */
function keepTornTail(disk: Disk, directory: string, found: Found, names: readonly string[]): void {
  const newest = found.chain.at(-1);
  if (newest === undefined || found.tail === null || found.tail.tornBytes === 0) return;
  const { end, tornBytes } = found.tail;
  tryTo(() => {
    for (const name of names) if (classify(name).kind === 'torn') disk.remove(`${directory}/${name}`);
    const torn = readWhole(disk, newest.path).subarray(end.offset, end.offset + tornBytes);
    const path = `${directory}/${segmentName(newest.header.number)}${TORN}`;
    const handle = disk.open(path, { access: 'create', sync: 'inline' });
    try {
      disk.write(handle, 0, torn);
      disk.syncNow(handle);
    } finally {
      disk.close(handle);
    }
  });
}

/** Removes what does not count; others stay. */
function removeStrays(
  { disk, directory, rare }: Life,
  names: readonly string[],
  found: Found,
  live: ReadonlySet<number>,
): void {
  for (const name of names) {
    if (!isStray(classify(name), live, found)) continue;
    // It does not count, so it does no harm either: the next start tries again.
    if (!rare('storage: a stray file stays at a start')) tryTo(() => disk.remove(`${directory}/${name}`));
  }
}

/** Whether a file does not count: a temporary one, a segment that is none of these, an older checkpoint. */
function isStray(file: ReturnType<typeof classify>, segments: ReadonlySet<number>, { checkpoint }: Found): boolean {
  return (
    file.kind === 'temporary' ||
    (file.kind === 'segment' && !segments.has(file.number)) ||
    (file.kind === 'checkpoint' && checkpoint !== null && file.number < checkpoint.begin)
  );
}
