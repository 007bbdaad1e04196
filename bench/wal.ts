/**
 * What does durability cost, and how fast is the way back? On the disk of the temporary directory (TMPDIR): µs a commit
 * by batch size, beside one bare write + fdatasync of the same bytes into a preallocated file and into one that grows;
 * opening and replaying a WAL; decoding a checkpoint. Medians of interleaved rounds. No timing is a test.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from '../src/lib/assert.ts';
import { utf8 } from '../src/lib/bytes.ts';
import type { Version } from '../src/model/ids.ts';
import { nodeDisk } from '../src/node/disk.ts';
import { openStore } from '../src/storage/recovery.ts';
import type { Recovery, Store } from '../src/storage/store.ts';

const ROUNDS = 5;
const COMMITS_A_ROUND = 300;
const RECORD_BYTES = 100;
const REPLAY_RECORDS = 640_000;
const LEAVES = 1_000_000;

const scratch = mkdtempSync(join(tmpdir(), 'coppice-wal-'));
try {
  for (const records of [1, 16, 100, 1_000]) measureCommits(records);
  measureReplay();
  await measureCheckpoint();
} finally {
  rmSync(scratch, { recursive: true });
}

/** Commits of so many records, beside the bare system calls. */
function measureCommits(records: number): void {
  const store = start('commits');
  const payload = new Uint8Array(RECORD_BYTES).fill(7);
  const bytes = records * 120;
  const zeroed = openSync(join(scratch, 'zeroed'), 'w+');
  const growing = openSync(join(scratch, 'growing'), 'w+');
  writeSync(zeroed, new Uint8Array(COMMITS_A_ROUND * ROUNDS * bytes));
  fdatasyncSync(zeroed);
  const bare = new Uint8Array(bytes).fill(7);
  const times: Record<'store' | 'preallocated' | 'growing', number[]> = { store: [], preallocated: [], growing: [] };
  for (let round = 0; round < ROUNDS; round++) {
    times.store.push(
      timeEach(() => {
        for (let i = 0; i < records; i++) store.append(1, payload, 0, RECORD_BYTES);
        store.commit((error) => assert(error === null, 'the disk works'));
      }),
    );
    for (const [name, fd] of [
      ['preallocated', zeroed],
      ['growing', growing],
    ] as const) {
      let offset = round * COMMITS_A_ROUND * bytes;
      times[name].push(
        timeEach(() => {
          writeSync(fd, bare, 0, bytes, offset);
          fdatasyncSync(fd);
          offset += bytes;
        }),
      );
    }
  }
  store.close();
  closeSync(zeroed);
  closeSync(growing);
  rmSync(join(scratch, 'commits'), { recursive: true });
  const us = median(times.store);
  console.log(
    `commit of ${records} × ${RECORD_BYTES} B: ${us.toFixed(0)} µs (${spread(times.store)}), ${perSecond(records, us)} records/s; ` +
      `bare write + fdatasync: preallocated ${median(times.preallocated).toFixed(0)} µs, growing ${median(times.growing).toFixed(0)} µs`,
  );
}

/** Opening (every byte checked) and one pass over the records. */
function measureReplay(): void {
  const store = start('replay');
  const payload = new Uint8Array(RECORD_BYTES).fill(7);
  for (let i = 0; i < REPLAY_RECORDS; i++) {
    store.append(1, payload, 0, RECORD_BYTES);
    if (i % 1_000 === 999) store.commit((error) => assert(error === null, 'the disk works'));
  }
  const megabytes = store.walBytes / 1e6;
  store.close();
  const opened: number[] = [];
  const replayed: number[] = [];
  let seen = 0;
  for (let round = 0; round < ROUNDS; round++) {
    let recovery: Recovery | null = null;
    opened.push(
      timeOnce(() => {
        recovery = open('replay');
      }),
    );
    replayed.push(
      timeOnce(() =>
        recovery?.records((_lsn, _kind, bytes) => {
          seen += bytes.length;
        }),
      ),
    );
  }
  assert(seen === ROUNDS * REPLAY_RECORDS * RECORD_BYTES, 'all records are there');
  for (const [name, times] of [
    ['open', opened],
    ['records()', replayed],
  ] as const) {
    const ms = median(times);
    console.log(
      `${name} of ${megabytes.toFixed(0)} MB: ${ms.toFixed(0)} ms, ${((megabytes / ms) * 1000).toFixed(0)} MB/s, ${perSecond(REPLAY_RECORDS, ms * 1000)} records/s`,
    );
  }
  rmSync(join(scratch, 'replay'), { recursive: true });
}

/** Writing, checking and decoding a checkpoint of many small leaves. */
async function measureCheckpoint(): Promise<void> {
  const store = start('checkpoint');
  const keys = Array.from({ length: LEAVES }, (_, index) => utf8(`key:${String(index).padStart(9, '0')}`));
  const value = new Uint8Array(64).fill(7);
  const begun = performance.now();
  const writer = store.beginCheckpoint();
  for (const [index, key] of keys.entries()) writer.add(key, (index + 1) as Version, false, value);
  const added = performance.now();
  await new Promise<void>((resolve) => {
    writer.finish((error) => {
      assert(error === null, 'the disk works');
      resolve();
    });
  });
  assert(writer.publish() === null, 'the disk works');
  const published = performance.now();
  console.log(
    `checkpoint of ${LEAVES} leaves: add ${(added - begun).toFixed(0)} ms, finish and publish ${(published - added).toFixed(0)} ms`,
  );
  store.close();
  const opened: number[] = [];
  const decoded: number[] = [];
  let seen = 0;
  for (let round = 0; round < ROUNDS; round++) {
    let recovery: Recovery | null = null;
    opened.push(
      timeOnce(() => {
        recovery = open('checkpoint');
      }),
    );
    decoded.push(
      timeOnce(() =>
        recovery?.checkpoint((key, _version, _tombstone, bytes) => {
          seen += key.length + bytes.length;
        }),
      ),
    );
  }
  assert(seen === ROUNDS * LEAVES * (13 + 64), 'all leaves are there');
  const ms = median(decoded);
  console.log(
    `open (checked): ${median(opened).toFixed(0)} ms; decode: ${ms.toFixed(0)} ms, ${perSecond(LEAVES, ms * 1000)} leaves/s`,
  );
}

function open(name: string): Recovery {
  const opened = openStore(nodeDisk, join(scratch, name), { server: 's1', durability: 'fsync' });
  assert(opened.ok, 'the directory is good');
  return opened.value;
}

function start(name: string): Store {
  const started = open(name).start(1);
  assert(started.ok, 'the disk works');
  return started.value;
}

/** µs of one call, on the average of a round. */
function timeEach(work: () => void): number {
  return (
    (timeOnce(() => {
      for (let i = 0; i < COMMITS_A_ROUND; i++) work();
    }) *
      1000) /
    COMMITS_A_ROUND
  );
}

/** Milliseconds. */
function timeOnce(work: () => void): number {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] as number;
}

function spread(times: readonly number[]): string {
  return `${Math.min(...times).toFixed(0)} … ${Math.max(...times).toFixed(0)}`;
}

function perSecond(count: number, us: number): string {
  return Math.round((count / us) * 1e6).toLocaleString('en');
}
