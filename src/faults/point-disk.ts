/**
 * A disk whose calls pass named points, over another one. Without a fault at a point every call goes through unchanged.
 * It keeps no content and fails by itself never.
 */
import type { Access, Disk, DiskError, FileHandle, SyncMode } from '../storage/disk.ts';
import { fileOf, type PointCall } from './point-names.ts';
import type { Points } from './points.ts';

export class PointDisk implements Disk {
  readonly crc32: Disk['crc32'];
  readonly #disk: Disk;
  readonly #points: Points;
  /** Temporary names whose files have their own by now: an open one still says the old one. */
  readonly #renamed = new Set<string>();

  constructor(disk: Disk, points: Points) {
    this.#disk = disk;
    this.#points = points;
    this.crc32 = disk.crc32;
  }

  open(path: string, options: { readonly access: Access; readonly sync: SyncMode }): FileHandle {
    if (options.access !== 'create') return this.#disk.open(path, options);
    this.#renamed.delete(path);
    return this.#around('create', path, () => this.#disk.open(path, options));
  }

  read(handle: FileHandle, offset: number, into: Uint8Array): number {
    return this.#around('read', handle.path, () => this.#disk.read(handle, offset, into));
  }

  write(handle: FileHandle, offset: number, bytes: Uint8Array): void {
    this.#around('write', handle.path, () => this.#disk.write(handle, offset, bytes));
  }

  /** A sync that is to fail is made all the same: nothing is known of what a failed one did. */
  sync(handle: FileHandle, done: (error: DiskError | null) => void): void {
    const before = this.#pass('before', 'sync', handle.path);
    this.#disk.sync(handle, (error) => done(error ?? before ?? this.#pass('after', 'sync', handle.path)));
  }

  syncNow(handle: FileHandle): void {
    this.#around('sync', handle.path, () => this.#disk.syncNow(handle));
  }

  size(handle: FileHandle): number {
    return this.#disk.size(handle);
  }

  truncate(handle: FileHandle, size: number): void {
    this.#disk.truncate(handle, size);
  }

  close(handle: FileHandle): void {
    this.#disk.close(handle);
  }

  rename(from: string, to: string): void {
    this.#around('rename', from, () => {
      this.#disk.rename(from, to);
      this.#renamed.add(from);
    });
  }

  remove(path: string): void {
    this.#around('remove', path, () => this.#disk.remove(path));
  }

  list(directory: string): string[] {
    return this.#disk.list(directory);
  }

  makeDirectory(path: string): void {
    this.#disk.makeDirectory(path);
  }

  removeDirectory(path: string): void {
    this.#disk.removeDirectory(path);
  }

  syncDirectory(path: string): void {
    this.#between(
      (when) => this.#points.pass(when, 'directory-sync', path),
      () => this.#disk.syncDirectory(path),
    );
  }

  exists(path: string): boolean {
    return this.#disk.exists(path);
  }

  #around<T>(call: PointCall, path: string, work: () => T): T {
    return this.#between((when) => this.#pass(when, call, path), work);
  }

  #between<T>(pass: (when: 'before' | 'after') => DiskError | null, work: () => T): T {
    if (this.#points.isIdle) return work();
    const before = pass('before');
    if (before !== null) throw before;
    const result = work();
    const after = pass('after');
    if (after !== null) throw after;
    return result;
  }

  #pass(when: 'before' | 'after', call: PointCall, path: string): DiskError | null {
    if (this.#points.isIdle) return null;
    const isRenamed = call !== 'rename' && this.#renamed.has(path);
    const file = fileOf(path, isRenamed);
    return file === null ? null : this.#points.pass(when, `${file}-${call}`, path);
  }
}
