/** What is in a WAL segment or a checkpoint, as rows for people. Changes nothing, and goes as far as the bytes are good. */
import { text } from '../lib/bytes.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { fail, type KvError } from '../model/errors.ts';
import { showVersion } from '../model/ids.ts';
import {
  BLOCK_HEADER_BYTES,
  BlockDecoder,
  CHECKPOINT_HEADER_BYTES,
  FOOTER_PAYLOAD_BYTES,
} from './checkpoint-format.ts';
import { type CheckpointContent, eachBlock, type VisitBlock } from './checkpoint-reader.ts';
import type { Disk } from './disk.ts';
import { diskFailure, readWhole } from './files.ts';
import { decodeHeader, HEADER_BYTES, MARK_KIND, RECORD_HEADER_BYTES, recordBytes } from './segment.ts';
import { type Rot, scanLast, Walker } from './segment-scan.ts';

/** One thing in a file: where it lies, how long it is, and what it says as names and values in order. */
export type InspectRow = {
  readonly offset: number;
  readonly bytes: number;
  readonly kind: 'header' | 'record' | 'mark' | 'torn' | 'block' | 'leaf' | 'footer';
  readonly fields: Readonly<Record<string, string | number | boolean>>;
};

export type ShowRow = (row: InspectRow) => void;

/** `1088 record 40 bytes lsn=7 kind=1 payload=20` */
export function formatRow(row: InspectRow): string {
  const fields = Object.entries(row.fields).map(([name, value]) => `${name}=${value}`);
  return [row.offset, row.kind, row.bytes, 'bytes', ...fields].join(' ');
}

/** Shows a WAL segment, as if it were the newest. CORRUPT with file and offset after what is good, DISK. */
export function inspectSegment(disk: Disk, path: string, show: ShowRow): Result<void, KvError> {
  return guarded(path, () => {
    const bytes = readWhole(disk, path);
    const header = decodeHeader(bytes, disk.crc32);
    if (!header.ok) return err({ offset: 0, reason: header.error });
    const { predecessor, ...own } = header.value;
    const before = `${predecessor.number} up to ${predecessor.end}`;
    show({ offset: 0, bytes: HEADER_BYTES, kind: 'header', fields: { ...own, predecessor: before } });
    const walker = new Walker(bytes, header.value, disk.crc32);
    for (let offset = walker.offset; walker.next(); offset = walker.offset) {
      const size = recordBytes(walker.length - RECORD_HEADER_BYTES);
      const mark = walker.view.getUint32(offset + 16, true);
      if (walker.kind === MARK_KIND) {
        show({ offset, bytes: size, kind: 'mark', fields: { lsn: walker.lsn, durable: mark } });
      } else {
        const payload = walker.length - RECORD_HEADER_BYTES;
        show({
          offset,
          bytes: size,
          kind: 'record',
          fields: { lsn: walker.lsn, kind: walker.kind, payload, durable: mark },
        });
      }
    }
    const content = scanLast(bytes, header.value, disk.crc32);
    if (!content.ok) return content;
    const { end, tornBytes } = content.value;
    if (tornBytes > 0) {
      const reason = walker.problem ?? 'bytes where no record is';
      show({ offset: end.offset, bytes: tornBytes, kind: 'torn', fields: { reason } });
    }
    return ok(undefined);
  });
}

/** Shows a checkpoint block by block, and its leaves when asked to. CORRUPT with file and offset, DISK. */
export function inspectCheckpoint(
  disk: Disk,
  path: string,
  options: { readonly leaves: boolean },
  show: ShowRow,
): Result<CheckpointContent, KvError> {
  const decoder = new BlockDecoder();
  const showBlock: VisitBlock = (bytes, start, end, entries, offset) => {
    show({ offset, bytes: BLOCK_HEADER_BYTES + end - start, kind: 'block', fields: { entries } });
    if (!options.leaves) return;
    decoder.decode(bytes, start, end, entries, (key, version, tombstone, value) => {
      const fields = { key: text(key), version: showVersion(version), tombstone, value: value.length };
      show({ offset, bytes: value.length, kind: 'leaf', fields });
    });
  };
  return guarded(path, () => {
    const content = eachBlock(disk, path, showBlock, (header) =>
      show({ offset: 0, bytes: CHECKPOINT_HEADER_BYTES, kind: 'header', fields: header }),
    );
    if (content.ok) {
      const { bytes, entries } = content.value;
      const size = BLOCK_HEADER_BYTES + FOOTER_PAYLOAD_BYTES;
      show({ offset: bytes - size, bytes: size, kind: 'footer', fields: { entries } });
    }
    return content;
  });
}

function guarded<T>(path: string, work: () => Result<T, Rot>): Result<T, KvError> {
  try {
    const outcome = work();
    if (outcome.ok) return outcome;
    return fail('CORRUPT', `${path}: offset ${outcome.error.offset}: ${outcome.error.reason}`);
  } catch (error) {
    return err(diskFailure(error));
  }
}
