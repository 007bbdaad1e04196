/**
 * A disk that fails, lies, stops and forgets on command (reliability.md's disk layer), over another one that does not.
 * Waiting and dying are its host's. Without a fault every call passes
 * unchanged. What was not synced is remembered, so that power can fail at any call.
 */
import type { Prng } from '../lib/prng.ts';
import { type Access, type Disk, DiskError, type FileHandle, type SyncMode } from '../storage/disk.ts';
import type { Survivors } from './action.ts';
import { type ActiveDiskFault, DiskDecisions } from './disk-decisions.ts';
import { type TrackedFile, UnsyncedNames } from './unsynced-names.ts';

export type FaultyDiskHost = {
  /** The faults that act on the next call. */
  faults(): readonly ActiveDiskFault[];
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /** Returns after so many milliseconds, in which nothing else happens. */
  wait(ms: number): void;
  /** Calls `then` after so many milliseconds. */
  after(ms: number, then: () => void): void;
  /** Returns when no fault stalls the disk any more. */
  stall(): void;
  /** Ends this life without another instruction of the product. */
  die(reason: string): never;
};

type OpenFile = {
  readonly path: string;
  readonly inner: FileHandle;
  readonly file: TrackedFile;
  readonly sync: SyncMode;
};

/** Power fails at one of so many next calls. */
const CALLS_UNTIL_POWER_FAILS_MAX = 8;

export class FaultyDisk implements Disk {
  readonly crc32: Disk['crc32'];
  readonly #disk: Disk;
  readonly #host: FaultyDiskHost;
  readonly #prng: Prng;
  readonly #decisions: DiskDecisions;
  readonly #names: UnsyncedNames;
  #outage: { readonly survivors: Survivors; readonly prng: Prng; callsLeft: number } | null = null;

  constructor(disk: Disk, host: FaultyDiskHost, prng: Prng) {
    this.#disk = disk;
    this.#host = host;
    this.#prng = prng;
    this.#decisions = new DiskDecisions(() => host.faults(), prng);
    this.#names = new UnsyncedNames(disk);
    this.crc32 = disk.crc32;
  }

  /** Power is to fail at one of the next calls, before or after it; `prng` decides at which, and what survives. */
  powerWillFail(survivors: Survivors, prng: Prng): void {
    this.#outage ??= { survivors, prng, callsLeft: prng.below(CALLS_UNTIL_POWER_FAILS_MAX) };
  }

  /** Power fails now: of what was not synced only what survives is left, and this life is over. */
  failPower(survivors: Survivors): never {
    const prng = this.#outage?.prng ?? this.#prng;
    this.#outage = null;
    this.#names.fail(survivors, prng);
    return this.#host.die('power failed');
  }

  open(path: string, options: { readonly access: Access; readonly sync: SyncMode }): FileHandle {
    const { access, sync } = options;
    if (access !== 'create') {
      this.#mustBeSeen('open', path);
      return this.#opened(path, this.#disk.open(path, options), sync);
    }
    return this.#call(() => {
      this.#names.reveal(path);
      if (!this.#disk.exists(path)) {
        const inner = this.#disk.open(path, options);
        this.#names.onCreated(path);
        return this.#opened(path, inner, sync);
      }
      const inner = this.#disk.open(path, { access: 'write', sync });
      this.#names.fileAt(path).unsynced.beforeTruncate(this.#disk, inner, 0);
      this.#disk.truncate(inner, 0);
      return this.#opened(path, inner, sync);
    });
  }

  read(handle: FileHandle, offset: number, into: Uint8Array): number {
    const { inner, path } = handle as OpenFile;
    if (this.#decisions.readFails()) throw new DiskError('EIO', 'read', path);
    return this.#disk.read(inner, offset, into);
  }

  write(handle: FileHandle, offset: number, bytes: Uint8Array): void {
    const opened = handle as OpenFile;
    this.#call(() => {
      const fate = this.#decisions.fateOfWrite(() => this.#disk.size(opened.inner), offset, bytes.length);
      switch (fate.kind) {
        case 'written':
          this.#write(opened, fate.offset, bytes);
          return;
        case 'lost':
          return;
        case 'refused':
          this.#write(opened, offset, bytes.subarray(0, fate.written));
          throw new DiskError(fate.code, 'write', opened.path);
        case 'torn':
          this.#write(opened, offset, bytes.subarray(0, fate.written));
          return this.#host.die(`crashed in the middle of a write to ${opened.path}`);
        default:
          return fate satisfies never;
      }
    });
  }

  sync(handle: FileHandle, done: (error: DiskError | null) => void): void {
    const { inner, file, path, sync } = handle as OpenFile;
    const point = file.unsynced.syncPoint();
    const began = this.#host.now();
    const complete = (error: DiskError | null): void => {
      if (error === null) file.unsynced.onSynced(point);
      else file.unsynced.onSyncFailed(point);
      done(error);
    };
    this.#call(
      () => {
        if (this.#decisions.syncFails()) {
          complete(new DiskError('EIO', 'sync', path));
          return;
        }
        this.#disk.sync(inner, (error) => {
          const lateMs = this.#decisions.lateMs(this.#host.now() - began);
          if (lateMs === 0) complete(error);
          else if (sync === 'background') this.#host.after(lateMs, () => complete(error));
          else {
            this.#host.wait(lateMs);
            complete(error);
          }
        });
      },
      { isSync: true },
    );
  }

  syncNow(handle: FileHandle): void {
    const { inner, file, path } = handle as OpenFile;
    const point = file.unsynced.syncPoint();
    const began = this.#host.now();
    this.#call(
      () => {
        if (this.#decisions.syncFails()) {
          file.unsynced.onSyncFailed(point);
          throw new DiskError('EIO', 'sync', path);
        }
        this.#disk.syncNow(inner);
        file.unsynced.onSynced(point);
        const lateMs = this.#decisions.lateMs(this.#host.now() - began);
        if (lateMs > 0) this.#host.wait(lateMs);
      },
      { isSync: true },
    );
  }

  size(handle: FileHandle): number {
    return this.#disk.size((handle as OpenFile).inner);
  }

  truncate(handle: FileHandle, size: number): void {
    const { inner, file, path } = handle as OpenFile;
    this.#call(() => {
      if (size > this.#disk.size(inner) && this.#decisions.isFull) throw new DiskError('ENOSPC', 'truncate', path);
      file.unsynced.beforeTruncate(this.#disk, inner, size);
      this.#disk.truncate(inner, size);
    });
  }

  close(handle: FileHandle): void {
    const { inner, file } = handle as OpenFile;
    file.opens--;
    this.#disk.close(inner);
  }

  rename(from: string, to: string): void {
    this.#mustBeSeen('rename', from);
    this.#call(() => this.#names.rename(from, to));
  }

  remove(path: string): void {
    this.#mustBeSeen('remove', path);
    this.#call(() => this.#names.remove(path));
  }

  list(directory: string): string[] {
    return this.#disk.list(directory).filter((name) => !this.#names.isHidden(`${directory}/${name}`));
  }

  makeDirectory(path: string): void {
    this.#disk.makeDirectory(path);
  }

  removeDirectory(path: string): void {
    // What is hidden in it is gone as far as anybody knows.
    this.#names.onSynced(path);
    this.#disk.removeDirectory(path);
  }

  syncDirectory(path: string): void {
    this.#call(
      () => {
        this.#disk.syncDirectory(path);
        this.#names.onSynced(path);
      },
      { isSync: true },
    );
  }

  exists(path: string): boolean {
    return !this.#names.isHidden(path) && this.#disk.exists(path);
  }

  /** One call that changes the disk: power may fail before or after it, and it may have to wait. */
  #call<T>(work: () => T, { isSync } = { isSync: false }): T {
    if (this.#decisions.stalls) this.#host.stall();
    const outage = this.#outage;
    if (outage === null) return work();
    const isNow = outage.callsLeft-- === 0;
    // A sync that power fails in has promised nothing.
    const before = isNow && (isSync || outage.prng.chance(0.5));
    if (before) return this.failPower(outage.survivors);
    const result = work();
    return isNow ? this.failPower(outage.survivors) : result;
  }

  #write({ inner, file }: OpenFile, offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    file.unsynced.beforeWrite(this.#disk, inner, offset, bytes);
    this.#disk.write(inner, offset, bytes);
  }

  #opened(path: string, inner: FileHandle, sync: SyncMode): OpenFile {
    const file = this.#names.fileAt(path);
    file.opens++;
    return { path, inner, file, sync };
  }

  #mustBeSeen(call: string, path: string): void {
    if (this.#names.isHidden(path)) throw new DiskError('ENOENT', call, path);
  }
}
