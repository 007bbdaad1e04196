/** A storage server's life against a disk, in short: what the tests of storage write, and what they find again. */
import { text, utf8 } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import type { Result } from '../../src/lib/result.ts';
import type { KvError } from '../../src/model/errors.ts';
import type { Version } from '../../src/model/ids.ts';
import { SimulatedDisk, type SimulatedDiskOptions } from '../../src/sim/disk.ts';
import type { Disk } from '../../src/storage/disk.ts';
import { openStore } from '../../src/storage/recovery.ts';
import type { Recovery, Store, StoreOptions } from '../../src/storage/store.ts';

export const DIRECTORY = 'data/s1';
export const OPTIONS: StoreOptions = { server: 's1', durability: 'fsync', segmentBytes: 64 * 1024 };

export function newDisk(options: SimulatedDiskOptions = {}): SimulatedDisk {
  return new SimulatedDisk(options);
}

export function unwrap<T>(result: Result<T, KvError>): T {
  if (!result.ok) throw new Error(`${result.error.code} ${result.error.message}`);
  return result.value;
}

export function open(disk: Disk, options: Partial<StoreOptions> = {}): Recovery {
  return unwrap(openStore(disk, DIRECTORY, { ...OPTIONS, ...options }));
}

export function start(disk: Disk, incarnation = 1, options: Partial<StoreOptions> = {}): Store {
  return unwrap(open(disk, options).start(incarnation));
}

/** Appends each text as a record of kind 1 and commits them together. Throws what the commit reports. */
export function write(store: Store, ...texts: string[]): void {
  for (const each of texts) append(store, each);
  store.commit((error) => {
    if (error !== null) throw error;
  });
}

export function append(store: Store, content: string): number {
  const bytes = utf8(content);
  return store.append(1, bytes, 0, bytes.length);
}

/** Texts of all records, in order; fails when their LSNs have a gap. */
export function recordsOf(recovery: Recovery): string[] {
  const found: string[] = [];
  let next = Math.max(recovery.begin, 1);
  recovery.records((lsn, _kind, bytes, start, end) => {
    if (lsn !== next) throw new Error(`LSN ${lsn} where ${next} is next`);
    next++;
    found.push(text(bytes, start, end));
  });
  if (found.length > 0 && next !== recovery.lastLsn + 1)
    throw new Error(`lastLsn ${recovery.lastLsn}, read up to ${next}`);
  return found;
}

export type Leaf = { readonly key: string; readonly version: number; readonly value: string | null };

export function leavesOf(recovery: Recovery): Leaf[] {
  const found: Leaf[] = [];
  recovery.checkpoint((key, version, tombstone, value) => {
    found.push({ key: text(key), version, value: tombstone ? null : text(value) });
  });
  return found;
}

/** Writes the leaves, makes them durable and publishes. Throws what goes wrong. */
export function checkpoint(store: Store, leaves: readonly Leaf[]): void {
  const writer = store.beginCheckpoint();
  for (const { key, version, value } of leaves) {
    writer.add(utf8(key), version as Version, value === null, utf8(value ?? ''));
  }
  writer.finish((error) => {
    if (error !== null) throw error;
  });
  const failure = writer.publish();
  if (failure !== null) throw failure;
}

export function segmentsOf(disk: Disk): string[] {
  return disk.list(DIRECTORY).filter((name) => /^wal-\d+$/.test(name));
}

export function newestSegment(disk: Disk): string {
  return `${DIRECTORY}/${segmentsOf(disk).at(-1)}`;
}

/** Power fails and comes back. */
export function powerLoss(disk: SimulatedDisk, seed = 1): void {
  disk.crash('none', new Prng(seed));
}
