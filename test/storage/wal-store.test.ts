import { describe, expect, test } from 'vitest';
import { utf8 } from '../../src/lib/bytes.ts';
import type { Version } from '../../src/model/ids.ts';
import type { SimulatedDisk } from '../../src/sim/disk.ts';
import { DiskError } from '../../src/storage/disk.ts';
import { openStore } from '../../src/storage/recovery.ts';
import {
  append,
  checkpoint,
  DIRECTORY,
  leavesOf,
  newDisk,
  newestSegment,
  OPTIONS,
  open,
  powerLoss,
  recordsOf,
  start,
  unwrap,
  write,
} from './scenario.ts';

/** A disk whose syncs take 1 ms of a virtual clock that `run` moves. */
function slowDisk(): { disk: SimulatedDisk; run: () => void } {
  const queue: (() => void)[] = [];
  const disk = newDisk({ after: (_delayMs, work) => queue.push(work), latencyMs: () => 1 });
  return {
    disk,
    run() {
      for (let work = queue.shift(); work !== undefined; work = queue.shift()) work();
    },
  };
}

describe('group commit', () => {
  test('many records are one write and one sync', () => {
    const disk = newDisk();
    const store = start(disk);
    const before = disk.calls;

    write(store, ...Array.from({ length: 100 }, (_, index) => `record ${index}`));

    expect(disk.calls - before).toBeLessThanOrEqual(3);
  });

  test('nothing is told durable before its sync returned', () => {
    const { disk, run } = slowDisk();
    const store = start(disk);
    const told: string[] = [];

    append(store, 'a');
    store.commit(() => told.push(`durable up to ${store.durableLsn}`));
    told.push(`written up to ${store.lastLsn}, durable up to ${store.durableLsn}`);
    run();

    expect(told).toEqual(['written up to 1, durable up to 0', 'durable up to 1']);
  });

  test('commits that come while one is under way share the next one', () => {
    const { disk, run } = slowDisk();
    const store = start(disk);
    const told: string[] = [];
    append(store, 'a');
    store.commit(() => told.push('a'));
    const before = disk.calls;

    for (const name of ['b', 'c', 'd']) {
      append(store, name);
      store.commit(() => told.push(name));
    }
    run();

    expect(told).toEqual(['a', 'b', 'c', 'd']);
    expect(disk.calls - before).toBeLessThanOrEqual(3);
    expect(recordsOf(open(disk))).toEqual(['a', 'b', 'c', 'd']);
  });

  test('a commit of nothing is done at once', () => {
    const disk = newDisk();
    const store = start(disk);
    const before = disk.calls;

    write(store);

    expect(disk.calls).toBe(before);
  });

  test('an abandoned store tells nothing any more', () => {
    const { disk, run } = slowDisk();
    const store = start(disk);
    let told = 0;
    append(store, 'a');
    store.commit(() => told++);

    store.abandon();
    run();

    expect(told).toBe(0);
  });
});

describe('a durable mark', () => {
  test('is written when idle, once, and lets rot in the last batch be told from a torn tail', () => {
    const disk = newDisk();
    const store = start(disk);
    write(store, 'a', 'b');

    store.markDurable();
    const calls = disk.calls;
    store.markDurable();
    const marked = disk.fork();
    marked.flipBit(newestSegment(marked), (64 + 24 + 21) * 8);

    expect(disk.calls).toBe(calls);
    expect(openStore(marked, DIRECTORY, OPTIONS)).toMatchObject({ ok: false, error: { code: 'CORRUPT' } });
    expect(recordsOf(open(disk))).toEqual(['a', 'b']);
  });

  test('waits for nothing: while a commit is under way none is written', () => {
    const { disk, run } = slowDisk();
    const store = start(disk);
    append(store, 'a');
    store.commit(() => undefined);
    const calls = disk.calls;

    store.markDurable();
    run();

    expect(disk.calls).toBe(calls);
  });
});

describe('after a failed sync', () => {
  test('the batch and every later one get the error, and the sync is not tried again', () => {
    const disk = newDisk();
    const store = start(disk);
    write(store, 'a');
    disk.inject({ call: 'sync', nth: 1, effect: 'EIO' });

    expect(() => write(store, 'b')).toThrow('EIO');
    const calls = disk.calls;
    expect(() => write(store, 'c')).toThrow('EIO');

    expect(disk.calls).toBe(calls);
    expect(store.failure).toBeInstanceOf(DiskError);
    powerLoss(disk);
    expect(recordsOf(open(disk))).toEqual(['a']);
  });

  test('a restart trusts no page cache: what it finds and tells is on the disk by then', () => {
    const disk = newDisk();
    const store = start(disk);
    write(store, 'a');
    disk.inject({ call: 'sync', nth: 1, effect: 'EIO' });
    expect(() => write(store, 'b')).toThrow('EIO');
    store.abandon();

    const recovery = open(disk);
    const found = recordsOf(recovery);
    unwrap(recovery.start(2));
    powerLoss(disk);

    expect(found).toEqual(['a', 'b']);
    expect(recordsOf(open(disk))).toEqual(['a', 'b']);
  });
});

describe('a full disk', () => {
  const value = utf8('v'.repeat(1_000));

  /** Writes until the store says that the disk is full; how many were acknowledged. */
  function fill(store: ReturnType<typeof start>): number {
    let count = 0;
    for (store.makeRoom(); !store.isFull; store.makeRoom()) {
      store.append(1, value, 0, value.length);
      store.commit((error) => {
        expect(error).toBe(null);
        count++;
      });
    }
    return count;
  }

  test('is told while what is on its way and deletes still fit', () => {
    const disk = newDisk({ capacityBytes: 200 * 1024 });
    const store = start(disk);

    const written = fill(store);
    const isFull = store.isFull;
    let deletes = 0;
    write(store, ...Array.from({ length: 2 }, () => 'v'.repeat(1_000)));
    for (; store.room >= 64; deletes++) write(store, `delete ${deletes}`);
    powerLoss(disk);

    expect(written).toBeGreaterThan(100);
    expect(isFull).toBe(true);
    expect(deletes).toBeGreaterThan(100);
    expect(store.failure).toBe(null);
    expect(recordsOf(open(disk))).toHaveLength(written + 2 + deletes);
  });

  test('takes writes again as soon as there is space, a hundred times over', () => {
    const disk = newDisk({ capacityBytes: 300 * 1024 });
    const store = start(disk);
    for (let round = 1; round <= 100; round++) {
      fill(store);
      disk.capacityBytes += 20 * 1024;

      expect(fill(store)).toBeGreaterThan(0);
      if (store.walBytes > 200 * 1024) {
        disk.capacityBytes += 20 * 1024;
        checkpoint(store, [{ key: 'k', version: round, value: 'v' }]);
        disk.capacityBytes = 300 * 1024;
      }
    }

    expect(store.failure).toBe(null);
  });

  test('with hardly any room left gets no mark, and the store lives on', () => {
    for (let bytes = 8; bytes <= 128; bytes += 8) {
      const disk = newDisk({ capacityBytes: 200 * 1024 });
      const store = start(disk);
      fill(store);
      let refused: DiskError | null = null;
      while (refused === null) {
        store.append(1, value, 0, bytes);
        store.commit((error) => {
          refused = error;
        });
        if (refused === null) store.markDurable();

        // Only what was asked for and had no room fails.
        const isEndedByMark = refused === null && store.failure !== null;
        expect(isEndedByMark, `records of ${bytes} bytes`).toBe(false);
      }
    }
  });

  test('lets a server come up and take deletes', () => {
    const disk = newDisk({ capacityBytes: 200 * 1024 });
    const store = start(disk);
    const written = fill(store);
    store.close();
    disk.capacityBytes = disk
      .list(DIRECTORY)
      .reduce((sum, name) => sum + disk.contentOf(`${DIRECTORY}/${name}`).length, 0);

    const next = start(disk, 2);

    // What the life before had ahead is all there is.
    expect(next.room).toBeGreaterThan(64);
    write(next, 'delete');
    expect(recordsOf(open(disk))).toHaveLength(written + 1);
  });

  test('has space again after a checkpoint of little, a hundred times over', () => {
    const disk = newDisk({ capacityBytes: 200 * 1024 });
    const store = start(disk);
    let written = 0;
    for (let round = 1; round <= 100; round++) {
      written = fill(store);
      expect(written, `round ${round}`).toBeGreaterThan(100);
      checkpoint(store, [{ key: 'k', version: round, value: 'v' }]);
    }
    const room = store.room;
    powerLoss(disk);

    expect(room).toBeGreaterThan(0);
    expect(leavesOf(open(disk))).toEqual([{ key: 'k', version: 100, value: 'v' }]);
    expect(recordsOf(open(disk))).toEqual([]);
  });

  test('costs a checkpoint, not the store', () => {
    const disk = newDisk();
    const store = start(disk);
    write(store, 'a');
    disk.capacityBytes = 0;
    const writer = store.beginCheckpoint();
    let outcome: DiskError | null = null;
    for (let i = 0; i < 2_000; i++) writer.add(utf8(String(i).padStart(5, '0')), 1 as Version, false, value);

    writer.finish((error) => {
      outcome = error;
    });
    writer.abandon();
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    write(store, 'b');

    expect(outcome).toMatchObject({ code: 'ENOSPC' });
    expect(recordsOf(open(disk))).toEqual(['a', 'b']);
  });
});

test('writes go on while a checkpoint is written, and it does not hold them up', () => {
  const { disk, run } = slowDisk();
  const store = start(disk);
  append(store, '0');
  store.commit(() => undefined);
  run();
  const writer = store.beginCheckpoint();
  const told: string[] = [];

  for (let i = 1; i <= 20_000; i++) {
    writer.add(utf8(String(i).padStart(6, '0')), i as Version, false, utf8('v'.repeat(600)));
    if (i % 5_000 !== 0) continue;
    append(store, String(i));
    store.commit(() => told.push(String(i)));
    run();
  }
  writer.finish(() => told.push('finished'));
  run();
  writer.publish();

  expect(told).toEqual(['5000', '10000', '15000', '20000', 'finished']);
  powerLoss(disk);
  expect(recordsOf(open(disk))).toEqual(['5000', '10000', '15000', '20000']);
  expect(open(disk).entries).toBe(20_000);
});
