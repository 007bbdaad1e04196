/** A storage server's life that power may end at any disk call, and the check of what is left. */
import { assert } from '../../src/lib/assert.ts';
import { utf8 } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import type { Durability } from '../../src/model/config.ts';
import type { SimulatedDisk } from '../../src/sim/disk.ts';
import { CrashSignal } from '../../src/sim/disk-faults.ts';
import { readFileChecked, replaceFile } from '../../src/storage/checked-file.ts';
import { type DataFormat, claimDirectory } from '../../src/storage/format.ts';
import { openStore } from '../../src/storage/recovery.ts';
import { SEGMENT_BYTES_MIN } from '../../src/storage/segment.ts';
import type { Recovery, Store } from '../../src/storage/store.ts';
import { append, checkpoint, DIRECTORY, newDisk, OPTIONS, open, unwrap, write } from './scenario.ts';

/** Small segments: a life with several is short, and its states are quickly looked at. */
export const SMALL = { ...OPTIONS, segmentBytes: SEGMENT_BYTES_MIN };

const INCARNATION = 'data/incarnation';

export const FORMAT: DataFormat = { mode: 'single', servers: 1, replicas: 1 };

/** What a life has done: numbers 1 … `appended` were appended, 1 … `acknowledged` were told durable. */
export type Progress = { appended: number; acknowledged: number };

/** Record and leaf of a number: the leaf of a record that a checkpoint covers. */
const nameOf = (n: number): string => String(n).padStart(6, '0');

/** Numbers that are there, of the checkpoint and of the records after it. */
export function numbersIn(recovery: Recovery): number[] {
  const numbers: number[] = [];
  recovery.checkpoint((key) => numbers.push(numberOf(key, 0)));
  recovery.records((_lsn, _kind, bytes, start) => numbers.push(numberOf(bytes, start)));
  return numbers;
}

/** The six digits that a record or a key begins with. */
function numberOf(bytes: Uint8Array, start: number): number {
  let number = 0;
  for (let i = start; i < start + 6; i++) number = number * 10 + (bytes[i] as number) - 0x30;
  return number;
}

function commitBatch(store: Store, progress: Progress, sizes: readonly number[]): void {
  for (const size of sizes) append(store, `${nameOf(++progress.appended)} ${'x'.repeat(size)}`);
  const last = progress.appended;
  store.commit((error) => {
    if (error !== null) throw error;
    assert(store.failure === null, 'a store that failed acknowledges nothing');
    progress.acknowledged = last;
  });
}

function checkpointAll(store: Store, progress: Progress): void {
  const numbers = Array.from({ length: progress.acknowledged }, (_, index) => index + 1);
  checkpoint(
    store,
    numbers.map((n) => ({ key: nameOf(n), version: n, value: '' })),
  );
}

/** First start, single and group commits, segment cuts, a checkpoint that removes segments, marks, a second life. */
export function live(disk: SimulatedDisk, progress: Progress, durability: Durability = 'fsync'): void {
  const options = { ...SMALL, durability };
  unwrap(claimDirectory(disk, 'data', FORMAT));
  unwrap(replaceFile(disk, INCARNATION, utf8('1')));
  const first = unwrap(open(disk, options).start(1));
  commitBatch(first, progress, [10]);
  commitBatch(first, progress, [600, 1, 700]);
  commitBatch(first, progress, [10_000]);
  first.markDurable();
  commitBatch(first, progress, [7_000, 20]);
  checkpointAll(first, progress);
  commitBatch(first, progress, [100, 100]);
  first.close();
  unwrap(replaceFile(disk, INCARNATION, utf8('2')));
  const second = unwrap(open(disk, options).start(2));
  commitBatch(second, progress, [10, 2_000]);
  commitBatch(second, progress, [12_000]);
  commitBatch(second, progress, [12_000]);
  checkpointAll(second, progress);
  commitBatch(second, progress, [10]);
  second.abandon();
}

/** Another life: steps and sizes are drawn. Lives end in order or not, and the next one takes over. */
export function drawnLife(disk: SimulatedDisk, progress: Progress, seed: number): void {
  const prng = new Prng(seed);
  unwrap(claimDirectory(disk, 'data', FORMAT));
  for (let incarnation = 1, lives = prng.between(2, 4); incarnation <= lives; incarnation++) {
    unwrap(replaceFile(disk, INCARNATION, utf8(String(incarnation))));
    const store = unwrap(open(disk, SMALL).start(incarnation));
    for (let steps = prng.between(1, 6); steps > 0; steps--) {
      const sizes = Array.from({ length: prng.between(1, 4) }, () => prng.below(prng.pick([30, 700, 3_000, 12_000])));
      commitBatch(store, progress, sizes);
      if (prng.chance(0.3)) store.markDurable();
      if (prng.chance(0.25)) checkpointAll(store, progress);
    }
    if (prng.chance(0.5)) store.close();
    else store.abandon();
  }
}

/** Runs the life until power fails at a call. Null when it ends before. */
export function liveUntil(nth: number, effect: 'crash-before' | 'crash-after', durability: Durability = 'fsync') {
  const disk = newDisk();
  disk.inject({ call: 'any', nth, effect });
  const progress = { appended: 0, acknowledged: 0 };
  try {
    live(disk, progress, durability);
    return null;
  } catch (error) {
    if (!(error instanceof CrashSignal)) throw error;
  }
  disk.heal();
  return { disk, progress };
}

/** What is wrong with the disk after a crash, given what was told before it; null when nothing is. */
export function violation(disk: SimulatedDisk, { appended, acknowledged }: Progress): string | null {
  const opened = openStore(disk, DIRECTORY, SMALL);
  if (!opened.ok) return `${opened.error.code} ${opened.error.message}`;
  const numbers = numbersIn(opened.value);
  if (numbers.some((n, index) => n !== index + 1)) return `not a prefix: ${numbers.join(' ')}`;
  if (numbers.length < acknowledged) return `lost: ${numbers.length} of ${acknowledged}`;
  if (numbers.length > appended) return `invented: ${numbers.length} of ${appended}`;
  const kept = readFileChecked(disk, INCARNATION);
  if (!kept.ok) return `${kept.error.code} ${kept.error.message}`;
  const claimed = claimDirectory(disk, 'data', FORMAT);
  if (!claimed.ok) return `${claimed.error.code} ${claimed.error.message}`;
  const started = opened.value.start(9);
  if (!started.ok) return `${started.error.code} ${started.error.message}`;
  write(started.value, `${nameOf(numbers.length + 1)} after`);
  disk.crash('none', new Prng(0));
  const again = openStore(disk, DIRECTORY, SMALL);
  if (!again.ok) return `then ${again.error.code} ${again.error.message}`;
  const found = numbersIn(again.value).length;
  return found === numbers.length + 1 ? null : `then ${found} of ${numbers.length + 1}`;
}
