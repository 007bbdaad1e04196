/**
 * Rot, bit by bit: every bit of a WAL of 64 KiB, and drawn bits of a checkpoint and of the small files, each flipped by
 * itself. What was durable for certain is refused with file and offset, a last batch that no mark covers is cut, and no
 * value is ever wrong in silence.
 */
import { text, utf8 } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import type { SimulatedDisk } from '../../src/sim/disk.ts';
import { readFileChecked, replaceFile } from '../../src/storage/checked-file.ts';
import { claimDirectory, readFormat } from '../../src/storage/format.ts';
import { openStore } from '../../src/storage/recovery.ts';
import { SEGMENT_BYTES_MIN } from '../../src/storage/segment.ts';
import type { Store } from '../../src/storage/store.ts';
import { FORMAT } from './crash-life.ts';
import { append, checkpoint, DIRECTORY, newDisk, newestSegment, OPTIONS, start, unwrap, write } from './scenario.ts';

export type FlipReport = { flips: number; refused: number; cut: number; harmless: number; readonly wrong: string[] };

const WAL_BYTES = 64 * 1024;
const LEAVES = 1_500;

/** Flips this share of the bits of a WAL, and so many drawn bits of the other files. */
export function flipBits(share: number, others: number, seed: number): FlipReport {
  const report: FlipReport = { flips: 0, refused: 0, cut: 0, harmless: 0, wrong: [] };
  const prng = new Prng(seed);
  flipWal(share, prng, report);
  flipOthers(others, prng, report);
  return report;
}

/** A WAL of 64 KiB: batches with a mark behind them, and a last one without. */
function flipWal(share: number, prng: Prng, report: FlipReport): void {
  const disk = newDisk();
  const store = start(disk, 1, { segmentBytes: 2 * WAL_BYTES });
  const written: string[] = [];
  const add = (content: string): void => {
    written.push(content);
    append(store, content);
  };
  while (store.walBytes < WAL_BYTES - 3_000) {
    for (let count = prng.between(1, 4); count > 0; count--) add(`${written.length} ${'v'.repeat(prng.below(400))}`);
    commit(store);
  }
  store.markDurable();
  // What the last batch says of itself: all before it was durable, the mark too.
  const markedBytes = 64 + store.walBytes;
  const marked = written.length;
  for (let i = 0; i < 3; i++) add(`last ${i} ${'v'.repeat(500)}`);
  commit(store);
  store.abandon();
  const path = newestSegment(disk);
  for (let bit = 0; bit < (64 + store.walBytes + 64) * 8; bit++) {
    if (!prng.chance(share)) continue;
    disk.flipBit(path, bit);
    const found = recordsIn(disk);
    report.flips++;
    if (found === null) report.refused++;
    else if (found.length < written.length) report.cut++;
    else report.harmless++;
    const isRight =
      bit < markedBytes * 8 ? found === null : found !== null && found.length >= marked && isPrefix(found, written);
    if (!isRight) report.wrong.push(`bit ${bit} of the WAL: ${found === null ? 'refused' : `${found.length} records`}`);
    disk.flipBit(path, bit);
  }
}

/** A checkpoint, the FORMAT and a checked file. */
function flipOthers(count: number, prng: Prng, report: FlipReport): void {
  const disk = newDisk();
  unwrap(claimDirectory(disk, 'data', FORMAT));
  unwrap(replaceFile(disk, 'data/epoch', utf8('the table of an epoch')));
  const store = start(disk, 1, { segmentBytes: SEGMENT_BYTES_MIN });
  write(store, 'a', 'b');
  const leaves = Array.from({ length: LEAVES }, (_, index) => ({
    key: String(index).padStart(5, '0'),
    version: index + 1,
    value: index % 7 === 0 ? null : 'v'.repeat(index % 60),
  }));
  checkpoint(store, leaves);
  store.close();
  const checkpointPath = `${DIRECTORY}/${disk.list(DIRECTORY).find((name) => name.startsWith('checkpoint'))}`;
  const expected = JSON.stringify(leaves.map(({ key, version, value }) => [key, version, value]));
  for (let i = 0; i < count; i++) {
    const path = prng.pick([checkpointPath, checkpointPath, checkpointPath, 'data/FORMAT', 'data/epoch']);
    const bit = prng.below(disk.contentOf(path).length * 8);
    disk.flipBit(path, bit);
    report.flips++;
    const verdict = path === checkpointPath ? leavesIn(disk, expected) : smallFile(disk, path);
    if (verdict === 'refused') report.refused++;
    else report.wrong.push(`bit ${bit} of ${path}: ${verdict}`);
    disk.flipBit(path, bit);
  }
}

function commit(store: Store): void {
  store.commit((error) => {
    if (error !== null) throw error;
  });
}

/** Texts of the records, or null when the WAL is refused. */
function recordsIn(disk: SimulatedDisk): string[] | null {
  const opened = openStore(disk, DIRECTORY, OPTIONS);
  if (!opened.ok) return null;
  const found: string[] = [];
  opened.value.records((_lsn, _kind, bytes, start, end) => found.push(text(bytes, start, end)));
  return found;
}

function leavesIn(disk: SimulatedDisk, expected: string): string {
  const opened = openStore(disk, DIRECTORY, OPTIONS);
  if (!opened.ok) return opened.error.code === 'CORRUPT' ? 'refused' : opened.error.code;
  const found: unknown[] = [];
  opened.value.checkpoint((key, version, tombstone, value) =>
    found.push([text(key), version, tombstone ? null : text(value)]),
  );
  return JSON.stringify(found) === expected ? 'not seen' : 'other leaves';
}

function smallFile(disk: SimulatedDisk, path: string): string {
  const read = path.endsWith('FORMAT') ? readFormat(disk, 'data') : readFileChecked(disk, path);
  if (read.ok) return 'not seen';
  return read.error.code === 'CORRUPT' || read.error.code === 'USAGE' ? 'refused' : read.error.code;
}

function isPrefix(found: readonly string[], written: readonly string[]): boolean {
  return found.every((each, index) => each === written[index]);
}
