/** Steps over a Disk that several formats share: whole files, durable directories, errors as data. */
import { NO_BYTES } from '../lib/bytes.ts';
import { ok } from '../lib/result.ts';
import type { Result } from '../lib/result.ts';
import { fail } from '../model/errors.ts';
import type { KvError } from '../model/errors.ts';
import { DiskError } from './disk.ts';
import type { Disk, FileHandle } from './disk.ts';

/** Runs `work`; a DiskError that leaves it becomes a KvError DISK. Anything else goes on up. */
export function tryDisk<T>(work: () => T): Result<T, KvError> {
  try {
    return ok(work());
  } catch (error) {
    return fail('DISK', diskFailure(error).message);
  }
}

/** The error as a KvError DISK. Throws it again when it is no DiskError: that is nobody's expected failure. */
export function diskFailure(error: unknown): KvError {
  if (!(error instanceof DiskError)) throw error;
  return { code: 'DISK', message: `disk: ${error.message}` };
}

/** The directory of a path, or '.' of a bare name. */
export function directoryOf(path: string): string {
  const slash = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
  if (slash < 0) return '.';
  return slash === 0 ? path.slice(0, 1) : path.slice(0, slash);
}

/**
 * Makes the directory and every missing one above it, each name durable before anything is put below it. The name of
 * one that exists is made durable too: the process that made it may have died before it could.
 */
export function ensureDirectory(disk: Disk, path: string): void {
  const missing: string[] = [];
  for (let at = path; !disk.exists(at) && at !== directoryOf(at); at = directoryOf(at)) missing.push(at);
  for (const directory of missing.reverse()) {
    disk.makeDirectory(directory);
    disk.syncDirectory(directoryOf(directory));
  }
  if (missing.length === 0) disk.syncDirectory(directoryOf(path));
}

/** Memory that one file after the other is read into, as large as the largest of them. */
export type Scratch = { bytes: Uint8Array };

/**
 * All bytes of a file, or the first `most` of them; with `scratch` they are good until it is read into again. A read
 * that fails is tried once more: a drive's own retry often recovers the sector.
 */
export function readWhole(
  disk: Disk,
  path: string,
  most = Number.POSITIVE_INFINITY,
  scratch: Scratch = { bytes: NO_BYTES },
): Uint8Array {
  const handle = disk.open(path, { access: 'read', sync: 'inline' });
  try {
    const size = Math.min(disk.size(handle), most);
    if (size > scratch.bytes.length) scratch.bytes = new Uint8Array(size);
    return scratch.bytes.subarray(0, readAt(disk, handle, 0, scratch.bytes.subarray(0, size)));
  } finally {
    disk.close(handle);
  }
}

/** One read, tried twice. Returns the bytes read. */
export function readAt(disk: Disk, handle: FileHandle, offset: number, into: Uint8Array): number {
  try {
    return disk.read(handle, offset, into);
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    return disk.read(handle, offset, into);
  }
}

/** Makes a file of these bytes, or replaces the one there, in one step: a crash leaves the old or the new, whole. */
export function writeAtomically(disk: Disk, path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp`;
  const handle = disk.open(temporary, { access: 'create', sync: 'inline' });
  try {
    disk.write(handle, 0, bytes);
    disk.syncNow(handle);
  } finally {
    disk.close(handle);
  }
  disk.rename(temporary, path);
  disk.syncDirectory(directoryOf(path));
}
