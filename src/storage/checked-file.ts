/**
 * A small file that is replaced whole and checked when read: the host's epoch file. Never written in place. The next
 * content is written into a spare file that has its place on the disk already, so a full disk takes it too.
 *
 *   file = "COPPCHK1" length:u32 crc:u32 payload       crc = CRC-32 of the payload, begun at its length
 *
 * Example, payload "hi":  43 4f 50 50 43 48 4b 31 | 02 00 00 00 | cc cc cc cc | 68 69
 */
import { ByteWriter, equalBytes, utf8 } from '../lib/bytes.ts';
import { ok } from '../lib/result.ts';
import type { Result } from '../lib/result.ts';
import { fail } from '../model/errors.ts';
import type { KvError } from '../model/errors.ts';
import { type Disk, DiskError } from './disk.ts';
import { directoryOf, readWhole, tryDisk } from './files.ts';
import { SPARE } from './names.ts';

const MAGIC = utf8('COPPCHK1');
const HEADER_BYTES = 16;

/** Bytes that a spare keeps: what most file systems give out at once. */
const SPARE_BYTES = 4096;

/** Replaces the file and returns when that is durable. A crash at any time leaves the old or the new content. DISK. */
export function replaceFile(disk: Disk, path: string, bytes: Uint8Array): Result<void, KvError> {
  const file = new ByteWriter(HEADER_BYTES + bytes.length);
  file.bytes(MAGIC);
  file.u32(bytes.length);
  file.u32(disk.crc32(bytes, bytes.length));
  file.bytes(bytes);
  return tryDisk(() => {
    const spare = `${path}${SPARE}`;
    const handle = disk.open(spare, { access: disk.exists(spare) ? 'write' : 'create', sync: 'inline' });
    try {
      disk.write(handle, 0, file.view());
      disk.truncate(handle, file.length);
      disk.syncNow(handle);
    } finally {
      disk.close(handle);
    }
    disk.rename(spare, path);
    disk.syncDirectory(directoryOf(path));
    keepSpare(disk, spare);
  });
}

/** What the file took before is free now: a spare takes it up at once. Without one it works as long as there is space. */
function keepSpare(disk: Disk, spare: string): void {
  try {
    const handle = disk.open(spare, { access: 'create', sync: 'inline' });
    try {
      disk.write(handle, 0, new Uint8Array(SPARE_BYTES));
    } finally {
      disk.close(handle);
    }
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
  }
}

/** What replaceFile wrote, or null when there is no such file. CORRUPT when it is not what was written. DISK. */
export function readFileChecked(disk: Disk, path: string): Result<Uint8Array | null, KvError> {
  const read = tryDisk(() => (disk.exists(path) ? readWhole(disk, path) : null));
  if (!read.ok || read.value === null) return read;
  const file = read.value;
  if (file.length < HEADER_BYTES || !isCheckedFile(file)) {
    return fail('CORRUPT', `${path}: offset 0: not a checked file`);
  }
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const payload = file.subarray(HEADER_BYTES);
  if (view.getUint32(8, true) !== payload.length) {
    return fail('CORRUPT', `${path}: offset 8: ${view.getUint32(8, true)} bytes announced, ${payload.length} there`);
  }
  if (view.getUint32(12, true) !== disk.crc32(payload, payload.length)) {
    return fail('CORRUPT', `${path}: offset ${HEADER_BYTES}: checksum does not match`);
  }
  return ok(payload);
}

/** Whether the bytes begin as replaceFile's do. */
export function isCheckedFile(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length && equalBytes(bytes.subarray(0, MAGIC.length), MAGIC);
}
