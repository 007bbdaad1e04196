/**
 * What does durability cost, and how fast is the way back? On the disk of the temporary directory (TMPDIR): a commit by the
 * number of its records, beside one bare write + fdatasync of as many bytes into a preallocated file and into one that
 * grows; opening and replaying a log; decoding a checkpoint. No timing is a test.
 */
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '../src/lib/assert.ts';
import { utf8 } from '../src/lib/bytes.ts';
import type { Version } from '../src/model/ids.ts';
import { nodeDisk } from '../src/node/disk.ts';
import { openStore } from '../src/storage/recovery.ts';
import type { Recovery, Store } from '../src/storage/store.ts';
import { alone, beside, type Row } from './measure/answer.ts';
import { scratchFolder } from './measure/processes.ts';
import { report } from './measure/report.ts';
import { interleaved } from './measure/rounds.ts';
import { amount, settings } from './measure/settings.ts';

const COMMITS_A_ROUND = 300;
const RECORD_BYTES = 100;
const REPLAY_RECORDS = amount(640_000);
const LEAVES = amount(1_000_000);
/** With the one that warms up. */
const ROUNDS_ALL = settings.rounds + 1;

const scratch = scratchFolder();
const rows: Row[] = [];
for (const records of [1, 16, 100, 1_000]) rows.push(...(await measureCommits(records)));
report({
  question: 'wal',
  title: 'The log and the checkpoint, one storage server',
  rows: [...rows, ...(await measureReplay()), ...(await measureCheckpoint())],
  notes: [],
});

/** Commits of so many records, beside the bare system calls. */
async function measureCommits(records: number): Promise<Row[]> {
  const store = start('commits');
  const payload = new Uint8Array(RECORD_BYTES).fill(7);
  const bytes = records * 120;
  const zeroed = openSync(join(scratch, 'zeroed'), 'w+');
  const growing = openSync(join(scratch, 'growing'), 'w+');
  writeSync(zeroed, new Uint8Array(COMMITS_A_ROUND * ROUNDS_ALL * bytes));
  fdatasyncSync(zeroed);
  const bare = new Uint8Array(bytes).fill(7);
  const into = (file: number): (() => number) => {
    let offset = 0;
    return () =>
      microsecondsEach(() => {
        writeSync(file, bare, 0, bytes, offset);
        fdatasyncSync(file);
        offset += bytes;
      });
  };
  const figures = await interleaved({
    store: () =>
      microsecondsEach(() => {
        for (let i = 0; i < records; i++) store.append(1, payload, 0, RECORD_BYTES);
        store.commit((error) => assert(error === null, 'the disk works'));
      }),
    zeroed: into(zeroed),
    growing: into(growing),
  });
  store.close();
  closeSync(zeroed);
  closeSync(growing);
  rmSync(join(scratch, 'commits'), { recursive: true });
  const name = [`a commit of ${records.toLocaleString('en')} × ${RECORD_BYTES} bytes`, 'µs'] as const;
  return [
    beside(name, figures.store, ['write + fdatasync, preallocated', figures.zeroed]),
    beside(name, figures.store, ['write + fdatasync, growing', figures.growing]),
  ];
}

/** Opening (every byte checked) and one pass over the records. */
async function measureReplay(): Promise<Row[]> {
  const store = start('replay');
  const payload = new Uint8Array(RECORD_BYTES).fill(7);
  for (let i = 0; i < REPLAY_RECORDS; i++) {
    store.append(1, payload, 0, RECORD_BYTES);
    if (i % 1_000 === 999) store.commit((error) => assert(error === null, 'the disk works'));
  }
  store.close();
  let recovery: Recovery | null = null;
  let seen = 0;
  const figures = await interleaved({
    open: () =>
      milliseconds(() => {
        recovery = open('replay');
      }),
    replay: () =>
      milliseconds(() =>
        recovery?.records((_lsn, _kind, _bytes, start, end) => {
          seen += end - start;
        }),
      ),
  });
  assert(seen === ROUNDS_ALL * REPLAY_RECORDS * RECORD_BYTES, 'all records are there');
  rmSync(join(scratch, 'replay'), { recursive: true });
  const what = `a log of ${REPLAY_RECORDS.toLocaleString('en')} records`;
  return [
    alone(`opening ${what}, every byte checked`, 'ms', figures.open),
    alone(`replaying ${what}`, 'ms', figures.replay),
  ];
}

/** Writing, checking and decoding a checkpoint of many small leaves. */
async function measureCheckpoint(): Promise<Row[]> {
  const store = start('checkpoint');
  const keys = Array.from({ length: LEAVES }, (_, index) => utf8(`key:${String(index).padStart(9, '0')}`));
  const value = new Uint8Array(64).fill(7);
  const write = async (): Promise<number> => {
    const begun = performance.now();
    const writer = store.beginCheckpoint();
    for (const [index, key] of keys.entries()) writer.add(key, (index + 1) as Version, false, value);
    await new Promise<void>((resolve) => {
      writer.finish((error) => {
        assert(error === null, 'the disk works');
        resolve();
      });
    });
    assert(writer.publish() === null, 'the disk works');
    return performance.now() - begun;
  };
  const written = await interleaved({ write });
  store.close();
  let recovery: Recovery | null = null;
  let seen = 0;
  const read = await interleaved({
    open: () =>
      milliseconds(() => {
        recovery = open('checkpoint');
      }),
    decode: () =>
      milliseconds(() =>
        recovery?.checkpoint((key, _version, _tombstone, bytes) => {
          seen += key.length + bytes.length;
        }),
      ),
  });
  assert(seen === ROUNDS_ALL * LEAVES * (13 + 64), 'all leaves are there');
  const what = `a checkpoint of ${LEAVES.toLocaleString('en')} leaves`;
  return [
    alone(`writing ${what}`, 'ms', written.write),
    alone(`opening ${what}, every byte checked`, 'ms', read.open),
    alone(`decoding ${what}`, 'ms', read.decode),
  ];
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

/** Of one call, on the average of a round. */
function microsecondsEach(work: () => void): number {
  const all = milliseconds(() => {
    for (let i = 0; i < COMMITS_A_ROUND; i++) work();
  });
  return (all * 1_000) / COMMITS_A_ROUND;
}

function milliseconds(work: () => void): number {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}
