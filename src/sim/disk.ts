/**
 * A disk that remembers what was synced and forgets the rest when power fails, and that fails, lies and stops on
 * command (reliability.md's disk layer). One object is one machine's disk; a crash ends every handle of it.
 */
import { assert } from '../lib/assert.ts';
import { crc32 } from '../lib/crc32.ts';
import type { Prng } from '../lib/prng.ts';
import { type Disk, DiskError, type FileHandle, type SyncMode } from '../storage/disk.ts';
import { SimulatedDirectory } from './disk-directory.ts';
import { type DiskCall, type DiskEffect, type DiskFault, DiskFaults } from './disk-faults.ts';
import type { Survivors } from '../faults/action.ts';
import { type Choice, SimulatedFile } from './disk-file.ts';
import { DiskTree } from './disk-tree.ts';

export type SimulatedDiskOptions = {
  /** Runs `work` after some virtual time; without it a background sync completes before the call returns. */
  readonly after?: (delayMs: number, work: () => void) => void;
  /** Milliseconds that a sync takes, asked at each; Infinity stalls it until release(). Default 0. */
  readonly latencyMs?: () => number;
  /** Bytes that all files together may have. */
  readonly capacityBytes?: number;
};

type OpenFile = {
  readonly path: string;
  readonly file: SimulatedFile;
  readonly sync: SyncMode;
  readonly life: number;
  readonly isWritable: boolean;
  isClosed: boolean;
};

export class SimulatedDisk implements Disk {
  /** Calls made so far. */
  calls = 0;
  capacityBytes: number;
  latencyMs: () => number;
  readonly crc32 = crc32;
  readonly #after: ((delayMs: number, work: () => void) => void) | null;
  #tree = new DiskTree();
  readonly #faults = new DiskFaults();
  #stalled: (() => void)[] = [];
  #life = 1;

  constructor(options: SimulatedDiskOptions = {}) {
    this.#after = options.after ?? null;
    this.latencyMs = options.latencyMs ?? (() => 0);
    this.capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Makes calls to come go wrong; the answer heals it. */
  inject(fault: DiskFault): () => void {
    return this.#faults.inject(fault);
  }

  /** No call goes wrong any more. */
  heal(): void {
    this.#faults.clear();
  }

  /** Bytes that all files have. */
  get usedBytes(): number {
    return this.#tree.usedBytes;
  }

  /** Completes the syncs that stalled. */
  release(): void {
    for (const complete of this.#stalled.splice(0)) complete();
  }

  /** Power fails: open files are gone, and of what was not synced only `survivors` are there when it is back. */
  crash(survivors: Survivors | Choice, prng: Prng): void {
    this.#life++;
    this.#stalled = [];
    this.#tree.crash(survivors, prng);
  }

  /** The process dies and the machine lives: open files are gone, and everything written stays. */
  kill(): void {
    this.#life++;
    this.#stalled = [];
  }

  /** Everything on it is gone; open files with it. */
  erase(): void {
    this.kill();
    this.#tree = new DiskTree();
  }

  /** A copy of what is there and pending, without handles and faults: several ends of one beginning. */
  fork(): SimulatedDisk {
    const copy = new SimulatedDisk({ latencyMs: this.latencyMs, capacityBytes: this.capacityBytes });
    copy.#tree = this.#tree.fork();
    return copy;
  }

  /** Changes a file at rest, unseen by anybody: `change` is given its content and returns the new one. */
  damage(path: string, change: (content: Uint8Array) => Uint8Array): void {
    this.#tree.file('damage', path).damage(change);
  }

  flipBit(path: string, bit: number): void {
    this.damage(path, (content) => {
      content[bit >> 3] = (content[bit >> 3] as number) ^ (1 << (bit & 7));
      return content;
    });
  }

  /** What a file holds now; for tests and checkers, which make no calls. */
  contentOf(path: string): Uint8Array {
    return this.#tree.file('contentOf', path).now.view().slice();
  }

  /** Names in a directory, sorted; for faults and checkers, which make no calls. */
  namesIn(directory: string): string[] {
    return [...this.#tree.directory('namesIn', directory).now.keys()].sort();
  }

  open(path: string, { access, sync }: { access: 'read' | 'write' | 'create'; sync: SyncMode }): FileHandle {
    return this.#call('open', path, () => {
      const { directory, name } = this.#tree.place('open', path);
      const existing = directory.now.get(name);
      if (existing instanceof SimulatedDirectory) throw new DiskError('EISDIR', 'open', path);
      if (existing === undefined && access !== 'create') throw new DiskError('ENOENT', 'open', path);
      const file = existing ?? new SimulatedFile();
      if (existing === undefined) directory.link(name, file);
      else if (access === 'create') file.truncate(0);
      return { path, file, sync, life: this.#life, isWritable: access !== 'read', isClosed: false } satisfies OpenFile;
    });
  }

  read(handle: FileHandle, offset: number, into: Uint8Array): number {
    const { file, path } = this.#opened(handle);
    return this.#call('read', path, () => {
      const bytes = file.now.view().subarray(offset, offset + into.length);
      into.set(bytes);
      return bytes.length;
    });
  }

  write(handle: FileHandle, offset: number, bytes: Uint8Array): void {
    const { file, path, isWritable } = this.#opened(handle);
    this.#call('write', path, (effect) => {
      if (!isWritable) throw new DiskError('EACCES', 'write', path);
      const room = this.#room(file, offset, bytes.length);
      const isShort = effect === 'short' || room < bytes.length;
      const count = effect === 'short' || effect === 'crash-amid' ? Math.floor(bytes.length / 2) : room;
      const fate = effect === 'lost' || effect === 'misdirected' || effect === 'torn' ? effect : 'written';
      if (count > 0) file.write(offset, bytes.subarray(0, count), fate);
      if (isShort) throw new DiskError('ENOSPC', 'write', path);
    });
  }

  sync(handle: FileHandle, done: (error: DiskError | null) => void): void {
    const opened = this.#opened(handle);
    const { file, path } = opened;
    const point = file.syncPoint();
    const life = this.#life;
    let failure: DiskError | null = null;
    const complete = (): void => {
      if (this.#life !== life) return;
      if (failure === null) file.onSynced(point);
      else file.onSyncFailed(point);
      done(failure);
    };
    try {
      this.#call('sync', path, (effect) => {
        // A crash after the call finds it under way: nothing of it is promised.
        if (effect === 'crash-after') return;
        const delayMs = this.latencyMs();
        if (delayMs === Number.POSITIVE_INFINITY) this.#stalled.push(complete);
        else if (this.#after === null) complete();
        else this.#after(delayMs, complete);
      });
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      failure = error;
      if (this.#after === null) complete();
      else this.#after(this.latencyMs(), complete);
    }
  }

  syncNow(handle: FileHandle): void {
    const { file, path } = this.#opened(handle);
    const point = file.syncPoint();
    this.#call(
      'sync',
      path,
      (effect) => {
        if (effect !== 'crash-after') file.onSynced(point);
      },
      () => file.onSyncFailed(point),
    );
  }

  size(handle: FileHandle): number {
    return this.#opened(handle).file.now.length;
  }

  truncate(handle: FileHandle, size: number): void {
    const { file, path } = this.#opened(handle);
    this.#call('truncate', path, () => {
      if (size > file.now.length && this.#room(file, size - 1, 1) < 1) throw new DiskError('ENOSPC', 'truncate', path);
      file.truncate(size);
    });
  }

  close(handle: FileHandle): void {
    const opened = this.#opened(handle);
    opened.isClosed = true;
    try {
      this.#call('close', opened.path, () => undefined);
    } catch (error) {
      // Like the machine's own: there is nothing that a caller could do.
      if (!(error instanceof DiskError)) throw error;
    }
  }

  rename(from: string, to: string): void {
    this.#call('rename', from, () => {
      const source = this.#tree.place('rename', from);
      const target = this.#tree.place('rename', to);
      assert(source.directory === target.directory, 'a rename stays in its directory');
      if (!source.directory.now.has(source.name)) throw new DiskError('ENOENT', 'rename', from);
      source.directory.rename(source.name, target.name);
    });
  }

  remove(path: string): void {
    this.#call('remove', path, () => {
      this.#tree.file('remove', path);
      const { directory, name } = this.#tree.place('remove', path);
      directory.unlink(name);
    });
  }

  list(directory: string): string[] {
    return this.#call('list', directory, () => [...this.#tree.directory('list', directory).now.keys()].sort());
  }

  makeDirectory(path: string): void {
    this.#call('makeDirectory', path, () => {
      const { directory, name } = this.#tree.place('makeDirectory', path);
      if (directory.now.has(name)) throw new DiskError('EEXIST', 'makeDirectory', path);
      directory.link(name, new SimulatedDirectory());
    });
  }

  removeDirectory(path: string): void {
    this.#call('removeDirectory', path, () => {
      if (this.#tree.directory('removeDirectory', path).now.size > 0) {
        throw new DiskError('ENOTEMPTY', 'removeDirectory', path);
      }
      const { directory, name } = this.#tree.place('removeDirectory', path);
      directory.unlink(name);
    });
  }

  syncDirectory(path: string): void {
    const directory = this.#tree.directory('syncDirectory', path);
    this.#call(
      'syncDirectory',
      path,
      (effect) => {
        if (effect !== 'crash-after') directory.onSynced();
      },
      () => directory.onSyncFailed(),
    );
  }

  exists(path: string): boolean {
    return this.#tree.find(path) !== undefined;
  }

  /** Counts the call and does it, or what was injected instead. */
  #call<T>(call: DiskCall, path: string, work: (effect: DiskEffect | null) => T, onError?: () => void): T {
    this.calls++;
    return this.#faults.carryOut(call, path, work, onError);
  }

  /** How many of `length` bytes at `offset` the disk has room for. */
  #room(file: SimulatedFile, offset: number, length: number): number {
    if (this.capacityBytes === Number.POSITIVE_INFINITY) return length;
    const free = Math.max(0, this.capacityBytes - this.#tree.usedBytes);
    return Math.min(length, Math.max(0, file.now.length + free - offset));
  }

  #opened(handle: FileHandle): OpenFile {
    const opened = handle as OpenFile;
    assert(opened.life === this.#life, `${opened.path} was opened before the crash`);
    assert(!opened.isClosed, `${opened.path} was closed`);
    return opened;
  }
}
