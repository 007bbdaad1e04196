/**
 * The machine's own disk, by synchronous calls: the caller is a storage server's thread, which has nothing else to do
 * while its batch is written. Only a `background` sync goes through libuv's pool, for files that nobody waits for.
 */
import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { crc32 as nativeCrc32 } from 'node:zlib';
import { assert } from '../lib/assert.ts';
import { crc32 } from '../lib/crc32.ts';
import {
  type Access,
  DISK_ERROR_CODES,
  type Disk,
  DiskError,
  type DiskErrorCode,
  type FileHandle,
  type SyncMode,
} from '../storage/disk.ts';

type OpenFile = {
  readonly path: string;
  readonly fd: number;
  readonly sync: SyncMode;
  /** Background syncs under way: the descriptor stays open for them. */
  pending: number;
  isClosed: boolean;
};

/** From here on the platform's own checksum is faster, though it costs a view of the range and a call. */
const NATIVE_CRC32_BYTES_MIN = 128;

const FLAGS: Record<Access, string> = { read: 'r', write: 'r+', create: 'w+' };

/** The disk of this machine. */
export const nodeDisk: Disk = {
  open(path, { access, sync }): OpenFile {
    const fd = attempt('open', path, () => openSync(path, FLAGS[access]));
    return { path, fd, sync, pending: 0, isClosed: false };
  },

  read(handle, offset, into) {
    const file = opened(handle);
    return attempt('read', file.path, () => {
      let length = 0;
      while (length < into.length) {
        const count = uninterrupted(() => readSync(file.fd, into, length, into.length - length, offset + length));
        if (count === 0) break;
        length += count;
      }
      return length;
    });
  },

  write(handle, offset, bytes) {
    const file = opened(handle);
    attempt('write', file.path, () => {
      for (let written = 0; written < bytes.length; ) {
        // A short write is gone on with: what kept it short answers with its error then.
        const count = writeSync(file.fd, bytes, written, bytes.length - written, offset + written);
        if (count === 0) throw new DiskError('EIO', 'write', file.path);
        written += count;
      }
    });
  },

  sync(handle, done) {
    const file = opened(handle);
    if (file.sync === 'background') {
      file.pending++;
      fdatasync(file.fd, (error) => {
        file.pending--;
        if (file.isClosed && file.pending === 0) closeQuietly(file.fd);
        done(error === null ? null : diskError(error, 'sync', file.path));
      });
      return;
    }
    let failure: DiskError | null = null;
    try {
      fdatasyncSync(file.fd);
    } catch (error) {
      failure = diskError(error, 'sync', file.path);
    }
    done(failure);
  },

  syncNow(handle) {
    const file = opened(handle);
    attempt('sync', file.path, () => fdatasyncSync(file.fd));
  },

  size(handle) {
    const file = opened(handle);
    return attempt('size', file.path, () => fstatSync(file.fd).size);
  },

  truncate(handle, size) {
    const file = opened(handle);
    attempt('truncate', file.path, () => ftruncateSync(file.fd, size));
  },

  close(handle) {
    const file = opened(handle);
    file.isClosed = true;
    if (file.pending === 0) closeQuietly(file.fd);
  },

  rename(from, to) {
    attempt('rename', from, () => renameSync(from, to));
  },

  remove(path) {
    attempt('remove', path, () => unlinkSync(path));
  },

  list(directory) {
    return attempt('list', directory, () => readdirSync(directory).sort());
  },

  makeDirectory(path) {
    attempt('makeDirectory', path, () => mkdirSync(path));
  },

  removeDirectory(path) {
    attempt('removeDirectory', path, () => rmdirSync(path));
  },

  syncDirectory(path) {
    // Windows opens no directories; NTFS journals its names by itself.
    if (process.platform === 'win32') return;
    attempt('syncDirectory', path, () => {
      const fd = openSync(path, 'r');
      try {
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
    });
  },

  exists(path) {
    // What cannot be looked at is not gone.
    return attempt('exists', path, () => statSync(path, { throwIfNoEntry: false }) !== undefined);
  },

  crc32(bytes, seed, start = 0, end = bytes.length) {
    if (end - start < NATIVE_CRC32_BYTES_MIN) return crc32(bytes, seed, start, end);
    return nativeCrc32(bytes.subarray(start, end), seed);
  },
};

function opened(handle: FileHandle): OpenFile {
  const file = handle as OpenFile;
  assert(!file.isClosed, `${file.path} was closed`);
  return file;
}

/** The descriptor is gone even when this fails, and whatever had to be durable was synced through it. */
function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch (error) {
    assert((error as NodeJS.ErrnoException).code !== 'EBADF', 'a descriptor is closed once');
  }
}

function attempt<T>(call: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw diskError(error, call, path);
  }
}

/** libuv makes every call again that a signal interrupts, but not a read. */
function uninterrupted<T>(call: () => T): T {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EINTR') throw error;
    }
  }
}

function diskError(error: unknown, call: string, path: string): DiskError {
  if (error instanceof DiskError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const known = (DISK_ERROR_CODES as readonly string[]).includes(code);
  return new DiskError(known ? (code as DiskErrorCode) : 'EIO', call, path, error);
}
