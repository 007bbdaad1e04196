/** Opens what a storage server's directory holds: the survey's findings as a Recovery. Opening changes nothing. */
import { NEVER } from '../lib/rare.ts';
import { assert } from '../lib/assert.ts';
import { NO_BYTES } from '../lib/bytes.ts';
import { ok, type Result } from '../lib/result.ts';
import type { KvError } from '../model/errors.ts';
import type { Lsn } from '../model/ids.ts';
import { eachLeaf } from './checkpoint-reader.ts';
import { type Disk, DiskError } from './disk.ts';
import { type Scratch, tryDisk } from './files.ts';
import { memoryRecovery } from './memory-store.ts';
import { HEADER_BYTES, SEGMENT_BYTES, SEGMENT_BYTES_MIN } from './segment.ts';
import { eachRecord, type Rot, type VisitRecord } from './segment-scan.ts';
import { startStore } from './start.ts';
import type { Recovery, StoreOptions } from './store.ts';
import { readAgain, survey } from './survey.ts';

/**
 * What the directory of a storage server holds; an empty recovery when there is none yet. CORRUPT, DISK. `visit` sees
 * each record once on the way, in no certain order; what it saw means nothing when the answer is an error.
 */
export function openStore(
  disk: Disk,
  directory: string,
  options: StoreOptions,
  visit?: VisitRecord,
): Result<Recovery, KvError> {
  const { durability, segmentBytes = SEGMENT_BYTES, sync = 'inline', rare = NEVER } = options;
  if (durability === 'memory') return ok(memoryRecovery());
  assert(segmentBytes >= SEGMENT_BYTES_MIN, `a segment has at least ${SEGMENT_BYTES_MIN} bytes`);
  const found = survey(disk, directory, options.server, visit);
  if (!found.ok) return found;
  const { checkpoint, chain, tail, notes } = found.value;
  const begin = checkpoint?.begin ?? (1 as Lsn);
  return ok({
    lastLsn: tail?.end.lsn ?? (0 as Lsn),
    begin,
    entries: checkpoint?.entries ?? 0,
    walBytes: chain.reduce((sum, segment) => sum + segment.end - HEADER_BYTES, 0),
    incarnation: chain.at(-1)?.header.incarnation ?? 0,
    tornBytes: tail?.tornBytes ?? 0,
    notes,
    checkpoint(visit) {
      if (checkpoint === null) return;
      const outcome = eachLeaf(disk, checkpoint.path, visit);
      if (!outcome.ok) throw changed(checkpoint.path, outcome.error);
    },
    records(visit, from = begin) {
      const first = Math.max(begin, from);
      if (first > (tail?.end.lsn ?? 0)) return;
      const scratch: Scratch = { bytes: NO_BYTES };
      for (const [index, segment] of chain.entries()) {
        const next = chain[index + 1];
        if (next !== undefined && next.header.firstLsn <= first) continue;
        eachRecord(readAgain(disk, segment, scratch), segment.end, (lsn, kind, bytes, start, end) => {
          if (lsn >= first) visit(lsn, kind, bytes, start, end);
        });
      }
    },
    start: (incarnation) =>
      tryDisk(() =>
        startStore(
          { disk, directory, server: options.server, incarnation, durability, segmentBytes, sync, rare },
          found.value,
        ),
      ),
  });
}

/** The drive gives other bytes than a moment ago: no state can be built on that. */
function changed(path: string, rot: Rot): DiskError {
  return new DiskError('EIO', `read at offset ${rot.offset} (${rot.reason})`, path);
}
