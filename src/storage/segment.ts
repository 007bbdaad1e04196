/**
 * The bytes of a WAL segment: one header, then records, then zeros. After etcd's WAL (preallocated zeros, zero length
 * ends, aligned records), RocksDB's (records name their segment, segments name their predecessor) and the durable
 * marks of "Protocol-aware recovery" (FAST'18), which tell a torn tail from rot.
 *
 *   segment = header record* zero*
 *   header  = "COPPWAL1" version:u16 algorithm:u8 nameLength:u8 name:16 number:u32 incarnation:u32 firstLsn:u48
 *             0:u16 predecessor:u32 predecessorEnd:u32 predecessorCrc:u32 0:u32 crc:u32         64 bytes
 *   record  = crc:u32 length:u32 lsn:u48 kind:u8 0:u8 mark:u32 payload padding                  a multiple of 8 bytes
 *
 * Numbers are little-endian. `length` counts from crc to the end of the payload; zero means that no record follows.
 * A record's crc covers all after it, padding too, and begins at (header's crc XOR the record's offset), so a record
 * is valid in one place of one file only. `mark` is the offset up to which this segment was durable when the record's
 * batch was written: the batch's own beginning, or with durability `os` the header's end (nothing is promised).
 * The predecessor is the segment before (number 0: none), as far as it counts: up to its end, whose last record has
 * that crc (without a record, the crc of its header). `algorithm` 1 is CRC-32 (IEEE).
 * Kind 0 is a mark alone: no payload, and the LSN of the record before it.
 *
 * Example, the first record of a segment whose header's crc is h, LSN 1, kind 1, payload "abc":
 *   cc cc cc cc | 17 00 00 00 | 01 00 00 00 00 00 | 01 | 00 | 40 00 00 00 | 61 62 63 | 00
 *   (0x17 = 20 + 3 bytes; mark 0x40 = the header's end; crc of the other 20 bytes begun at h XOR 0x40)
 */
import { equalBytes, utf8, text } from '../lib/bytes.ts';
import { assert } from '../lib/assert.ts';
import type { Result } from '../lib/result.ts';
import { err, ok } from '../lib/result.ts';
import type { Lsn } from '../model/ids.ts';

/** CRC-32 (IEEE) of bytes[start, end), all by default, continuing from `seed`: lib/crc32.ts or the platform's own. */
export type Crc32 = (bytes: Uint8Array, seed: number, start?: number, end?: number) => number;

export const WAL_VERSION = 1;
/** CRC-32 as in lib/crc32.ts. The only one so far; named in every header so that another can follow. */
export const CRC32_ALGORITHM = 1;

export const HEADER_BYTES = 64;
export const RECORD_HEADER_BYTES = 20;

/** Kind of a record that only carries a mark. Callers' kinds are 1 … 255. */
export const MARK_KIND = 0;

/** Bytes of a segment, if no batch is larger. One preallocation is short, and a checkpoint frees much at a time. */
export const SEGMENT_BYTES = 16 * 1024 * 1024;
export const SEGMENT_BYTES_MIN = 16 * 1024;

/** Bytes of a server's name in a header. */
export const SERVER_NAME_BYTES_MAX = 16;

const MAGIC = utf8('COPPWAL1');
const U32 = 0x1_0000_0000;

export type SegmentHeader = {
  readonly server: string;
  readonly number: number;
  readonly incarnation: number;
  /** LSN that the first record has, or would have. */
  readonly firstLsn: Lsn;
  readonly predecessor: Predecessor;
  /** The header's own crc: the identity that its records begin their crc at. */
  readonly crc: number;
};

/** The segment before, as far as it counts. */
export type Predecessor = { readonly number: number; readonly end: number; readonly crc: number };

export const NO_PREDECESSOR: Predecessor = { number: 0, end: 0, crc: 0 };

/** Bytes that a record with such a payload takes in a segment. */
export function recordBytes(payloadBytes: number): number {
  return (RECORD_HEADER_BYTES + payloadBytes + 7) & ~7;
}

export function encodeHeader(header: Omit<SegmentHeader, 'crc'>, crc32: Crc32): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  const name = utf8(header.server);
  assert(name.length <= SERVER_NAME_BYTES_MAX, `a server's name has at most ${SERVER_NAME_BYTES_MAX} bytes`);
  bytes.set(MAGIC, 0);
  view.setUint16(8, WAL_VERSION, true);
  bytes[10] = CRC32_ALGORITHM;
  bytes[11] = name.length;
  bytes.set(name, 12);
  view.setUint32(28, header.number, true);
  view.setUint32(32, header.incarnation, true);
  writeLsn(view, 36, header.firstLsn);
  view.setUint32(44, header.predecessor.number, true);
  view.setUint32(48, header.predecessor.end, true);
  view.setUint32(52, header.predecessor.crc, true);
  view.setUint32(60, crc32(bytes.subarray(0, 60), 0), true);
  return bytes;
}

/** The header, or in words what is wrong with it. */
export function decodeHeader(bytes: Uint8Array, crc32: Crc32): Result<SegmentHeader, string> {
  if (bytes.length < HEADER_BYTES) return err(`a segment has a header of ${HEADER_BYTES} bytes, not ${bytes.length}`);
  if (!equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) return err('not a WAL segment');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint16(8, true);
  if (version !== WAL_VERSION) return err(`format version ${version} is not known, only ${WAL_VERSION}`);
  if (bytes[10] !== CRC32_ALGORITHM) return err(`checksum algorithm ${bytes[10]} is not known`);
  const crc = view.getUint32(60, true);
  if (crc !== crc32(bytes.subarray(0, 60), 0)) return err("the header's checksum does not match");
  return ok({
    server: text(bytes, 12, 12 + (bytes[11] as number)),
    number: view.getUint32(28, true),
    incarnation: view.getUint32(32, true),
    firstLsn: readLsn(view, 36),
    predecessor: {
      number: view.getUint32(44, true),
      end: view.getUint32(48, true),
      crc: view.getUint32(52, true),
    },
    crc,
  });
}

/** An LSN in six bytes. */
export function writeLsn(view: DataView, at: number, lsn: number): void {
  view.setUint32(at, lsn % U32, true);
  view.setUint16(at + 4, Math.floor(lsn / U32), true);
}

export function readLsn(view: DataView, at: number): Lsn {
  return (view.getUint16(at + 4, true) * U32 + view.getUint32(at, true)) as Lsn;
}
