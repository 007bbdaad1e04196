/**
 * The disk as storage sees it: files with offsets, directories, and an explicit sync of each. Two implementations
 * share one contract suite: src/node/disk.ts (the machine's own) and src/sim/disk.ts (one that forgets what was not
 * synced). Nothing here touches the world.
 *
 * What a caller may rely on, and nothing more: a write is durable after a later sync of the same handle reported
 * success; a created, renamed or removed name is durable after a later syncDirectory of its directory. Until then
 * any part of it may survive a crash, in any order. A failed sync tells nothing about what it covered, for ever:
 * the pages count as clean, so a second sync that succeeds proves nothing.
 */

/** How `sync` waits: in the caller's thread, or behind its back. */
export type SyncMode = 'inline' | 'background';

/** `create` makes the file, empty, or empties the one that exists; the other two need it to exist. */
export type Access = 'read' | 'write' | 'create';

/** An open file. Made by a Disk, good for that Disk only, until it is closed. */
export type FileHandle = { readonly path: string };

/** Calls throw DiskError; `sync` reports to its callback. Paths use `/` between names. */
export type Disk = {
  open(path: string, options: { readonly access: Access; readonly sync: SyncMode }): FileHandle;
  /** Fills `into` from `offset`; returns the bytes read, fewer than asked only at the end of the file. */
  read(handle: FileHandle, offset: number, into: Uint8Array): number;
  /** Writes all of the bytes, or throws with any part of them written. Grows the file where it ends before. */
  write(handle: FileHandle, offset: number, bytes: Uint8Array): void;
  /**
   * Makes what was written through the handle durable (content and size), then calls `done` once: before it
   * returns when the handle is `inline`, later when it is `background`.
   */
  sync(handle: FileHandle, done: (error: DiskError | null) => void): void;
  /** The same, waiting, whatever the handle's mode. */
  syncNow(handle: FileHandle): void;
  /** Bytes of the file. */
  size(handle: FileHandle): number;
  /** Cuts the file, or extends it with zeros. */
  truncate(handle: FileHandle, size: number): void;
  /** Never fails: what mattered was synced. A background sync under way still calls its `done`. */
  close(handle: FileHandle): void;
  /** Replaces `to` when it exists, in one step. Both in one directory. */
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** Names in the directory, sorted. */
  list(directory: string): string[];
  /** The directory's parent must exist. */
  makeDirectory(path: string): void;
  /** Removes an empty directory. */
  removeDirectory(path: string): void;
  /** Makes the names of the directory durable. */
  syncDirectory(path: string): void;
  exists(path: string): boolean;
  /** CRC-32 (IEEE) of bytes[start, end), all by default, continuing from `seed`: lib/crc32.ts or the platform's own. */
  readonly crc32: (bytes: Uint8Array, seed: number, start?: number, end?: number) => number;
};

/** What the system calls of the fault model answer; everything else is `EIO`. */
export const DISK_ERROR_CODES = [
  'EIO',
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'ENOENT',
  'EEXIST',
  'EACCES',
  'EPERM',
  'ENOTDIR',
  'EISDIR',
  'ENOTEMPTY',
  'EMFILE',
] as const;

export type DiskErrorCode = (typeof DISK_ERROR_CODES)[number];

/** A call that failed. Thrown, because a disk fails at any call and nearly every caller gives up the same way. */
export class DiskError extends Error {
  override name = 'DiskError';
  readonly code: DiskErrorCode;
  readonly call: string;
  readonly path: string;

  constructor(code: DiskErrorCode, call: string, path: string, cause?: unknown) {
    super(`${code} from ${call} of ${path}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.call = call;
    this.path = path;
  }

  /** Whether it is only space that is missing: nothing is broken, and it may come back. */
  get isFull(): boolean {
    return this.code === 'ENOSPC' || this.code === 'EDQUOT';
  }
}
