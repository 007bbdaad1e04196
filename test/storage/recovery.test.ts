import { describe, expect, test } from 'vitest';
import { utf8 } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import type { Lsn, Version } from '../../src/model/ids.ts';
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
  segmentsOf,
  start,
  unwrap,
  write,
} from './scenario.ts';

describe('what was committed is found again', () => {
  test('after a clean stop', () => {
    const disk = newDisk();
    const store = start(disk);
    write(store, 'a', 'b');
    write(store, 'c');

    store.close();

    expect(recordsOf(open(disk))).toEqual(['a', 'b', 'c']);
    expect(open(disk)).toMatchObject({ lastLsn: 3, begin: 1, entries: 0, incarnation: 1, tornBytes: 0, notes: [] });
  });

  test('after a power loss that keeps nothing unsynced', () => {
    const disk = newDisk();
    const store = start(disk);
    write(store, 'a', 'b');
    append(store, 'never committed');

    powerLoss(disk);

    expect(recordsOf(open(disk))).toEqual(['a', 'b']);
  });

  test('over many lives, each with a segment of its own, and records() can be asked twice', () => {
    const disk = newDisk();
    const written: string[] = [];
    for (let life = 1; life <= 20; life++) {
      const store = start(disk, life);
      for (let i = 0; i < life % 4; i++) {
        written.push(`${life}.${i}`);
        write(store, `${life}.${i}`);
      }
      powerLoss(disk, life);
    }

    const recovery = open(disk);

    expect(recordsOf(recovery)).toEqual(written);
    expect(recordsOf(recovery)).toEqual(written);
    expect(recovery.incarnation).toBe(20);
  });

  test('lives that write nothing leave no segments behind', () => {
    const disk = newDisk();
    for (let life = 1; life <= 10; life++) start(disk, life).close();

    expect(segmentsOf(disk)).toHaveLength(1);
  });

  test('records with any bytes and of any size, also larger than a segment', () => {
    const disk = newDisk();
    const store = start(disk);
    const large = 'x'.repeat(200_000);
    const odd = ['', '\t\n\0', '𝄞', large, 'after'];

    for (const each of odd) write(store, each);

    expect(recordsOf(open(disk))).toEqual(odd);
    expect(segmentsOf(disk).length).toBeGreaterThan(1);
  });

  test('over segment cuts, whatever the sizes', () => {
    const prng = new Prng(7);
    const disk = newDisk();
    const store = start(disk);
    const written: string[] = [];
    for (let batch = 0; batch < 300; batch++) {
      const texts = Array.from({ length: prng.between(1, 4) }, () => `${batch}:${'v'.repeat(prng.below(900))}`);
      written.push(...texts);
      write(store, ...texts);
    }

    powerLoss(disk);

    expect(recordsOf(open(disk))).toEqual(written);
    expect(segmentsOf(disk).length).toBeGreaterThan(4);
  });

  test('with what the caller calls its kinds', () => {
    const disk = newDisk();
    const store = start(disk);
    for (const kind of [1, 2, 255]) store.append(kind, utf8('<x>'), 1, 2);
    store.close();

    const kinds: number[] = [];
    open(disk).records((_lsn, kind, _bytes, start, end) => kinds.push(kind, end - start));

    expect(kinds).toEqual([1, 1, 2, 1, 255, 1]);
  });
});

describe('checkpoints', () => {
  const LEAVES = [
    { key: '', version: 0, value: 'root' },
    { key: 'a', version: 1, value: 'x' },
    { key: 'ab', version: 2 ** 52 + 1, value: null },
    { key: 'abc', version: 3, value: '' },
    { key: 'b', version: 4, value: 'y'.repeat(100_000) },
  ];

  test('leaves come back in order, and records after them', () => {
    const disk = newDisk();
    const store = start(disk);
    write(store, 'before');

    checkpoint(store, LEAVES);
    write(store, 'after');
    powerLoss(disk);

    const recovery = open(disk);
    expect(leavesOf(recovery)).toEqual(LEAVES);
    expect(recordsOf(recovery)).toEqual(['after']);
    expect(recovery).toMatchObject({ begin: 2, entries: LEAVES.length });
  });

  test('a published one frees the segments below its beginning and the one before it', () => {
    const disk = newDisk();
    const store = start(disk);
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 40; i++) write(store, 'z'.repeat(5_000));
      checkpoint(store, LEAVES);
    }

    const names = disk.list(DIRECTORY).filter((name) => !name.endsWith('.tmp'));

    expect(names).toHaveLength(2);
    expect(store.walBytes).toBe(0);
    expect(recordsOf(open(disk))).toEqual([]);
  });

  test('overwriting one key for ever keeps the directory bounded', () => {
    const disk = newDisk();
    const store = start(disk);
    let largest = 0;
    for (let i = 0; i < 20_000; i++) {
      append(store, `key=${i}`);
      if (i % 50 === 49) store.commit(() => undefined);
      if (store.walBytes > 128 * 1024 && store.lastLsn === store.durableLsn) {
        checkpoint(store, [{ key: 'key', version: i, value: String(i) }]);
        const sizes = disk.list(DIRECTORY).map((name) => disk.contentOf(`${DIRECTORY}/${name}`).length);
        largest = Math.max(
          largest,
          sizes.reduce((sum, size) => sum + size, 0),
        );
      }
    }

    expect(largest).toBeGreaterThan(0);
    expect(largest).toBeLessThan(300 * 1024);
  });

  test('an abandoned one leaves nothing, and another can begin', () => {
    const disk = newDisk();
    const store = start(disk);
    write(store, 'a');
    const writer = store.beginCheckpoint();
    writer.add(utf8('k'), 1 as Version, false, utf8('v'));

    writer.abandon();
    checkpoint(store, LEAVES.slice(0, 1));

    expect(leavesOf(open(disk))).toEqual(LEAVES.slice(0, 1));
  });

  test('a finished one that was not published does not count, and is gone after the next start', () => {
    const disk = newDisk();
    const store = start(disk);
    write(store, 'a');
    store.beginCheckpoint().finish(() => undefined);
    disk.kill();
    const left = disk.list(DIRECTORY).filter((name) => name.startsWith('checkpoint'));

    const recovery = open(disk);
    unwrap(recovery.start(2));

    expect(left).toHaveLength(1);
    expect(recovery.entries).toBe(0);
    expect(disk.list(DIRECTORY).some((name) => name.startsWith('checkpoint'))).toBe(false);
  });

  test('one that begins at the last record of a segment keeps that segment', () => {
    const disk = newDisk();
    const store = start(disk);
    const written: string[] = [];
    while (segmentsOf(disk).length === 1) {
      written.push(`${written.length} ${'z'.repeat(3_000)}`);
      write(store, written.at(-1) as string);
    }

    const writer = store.beginCheckpoint(0, (store.lastLsn - 1) as Lsn);
    writer.finish(() => writer.publish());
    const [before] = segmentsOf(disk);
    const nextWriter = store.beginCheckpoint(0, store.lastLsn);
    nextWriter.finish(() => nextWriter.publish());

    expect([before, segmentsOf(disk)]).toEqual(['wal-0000000001', ['wal-0000000002']]);
    expect(recordsOf(open(disk))).toEqual(written.slice(-1));
  });

  test('one with rot is CORRUPT by file and offset', () => {
    const disk = newDisk();
    const store = start(disk);
    write(store, 'a');
    checkpoint(store, LEAVES);
    const path = `${DIRECTORY}/checkpoint-0000000000000002`;

    disk.flipBit(path, 60_000 * 8);
    const outcome = openStore(disk, DIRECTORY, OPTIONS);

    expect(outcome).toMatchObject({ ok: false, error: { code: 'CORRUPT' } });
    expect(outcome).toMatchObject({
      error: { message: expect.stringMatching(/^data\/s1\/checkpoint-0+2: offset 44: /) },
    });
  });
});

describe('what does not belong is refused', () => {
  test('a directory of another server', () => {
    const disk = newDisk();
    write(start(disk), 'a');

    const outcome = openStore(disk, DIRECTORY, { ...OPTIONS, server: 's2' });

    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'CORRUPT', message: expect.stringContaining('server s1') },
    });
  });

  test.each([1, 2, 3])('a chain whose segment %i is missing', (number) => {
    const disk = newDisk();
    for (let life = 1; life <= 4; life++) {
      const store = start(disk, life);
      write(store, 'a', 'b');
      store.close();
    }
    expect(segmentsOf(disk)).toHaveLength(4);

    disk.remove(`${DIRECTORY}/wal-${String(number).padStart(10, '0')}`);

    expect(openStore(disk, DIRECTORY, OPTIONS)).toMatchObject({ ok: false, error: { code: 'CORRUPT' } });
  });

  test('a segment of another history, though it has the same number and length', () => {
    const disk = newDisk();
    const first = start(disk);
    write(first, 'common');
    first.close();
    const other = disk.fork();
    for (const [each, content] of [
      [disk, 'this'],
      [other, 'that'],
    ] as const) {
      const store = start(each, 2);
      write(store, content);
      store.close();
    }
    start(disk, 3).close();

    disk.damage(`${DIRECTORY}/wal-0000000002`, () => other.contentOf(`${DIRECTORY}/wal-0000000002`));

    expect(openStore(disk, DIRECTORY, OPTIONS)).toMatchObject({
      error: { code: 'CORRUPT', message: expect.stringContaining('successor') },
    });
  });

  test('a WAL that ends before its checkpoint begins', () => {
    const disk = newDisk();
    const store = start(disk);
    write(store, 'a');
    write(store, 'b');
    checkpoint(store, []);

    disk.damage(newestSegment(disk), (content) => content.fill(0, 64));

    expect(openStore(disk, DIRECTORY, OPTIONS)).toMatchObject({
      error: { code: 'CORRUPT', message: expect.stringContaining('ends at LSN 0, the checkpoint at 2') },
    });
  });

  test('a checkpoint without the segments after it, and segments without their checkpoint', () => {
    const disk = newDisk();
    const store = start(disk);
    for (let i = 0; i < 40; i++) write(store, 'z'.repeat(5_000));
    checkpoint(store, []);
    const files = disk.list(DIRECTORY);

    const outcomes = ['wal', 'checkpoint'].map((kind) => {
      const copy = newDisk();
      copy.makeDirectory('data');
      copy.makeDirectory(DIRECTORY);
      for (const name of files.filter((file) => !file.startsWith(kind))) {
        const handle = copy.open(`${DIRECTORY}/${name}`, { access: 'create', sync: 'inline' });
        copy.write(handle, 0, disk.contentOf(`${DIRECTORY}/${name}`));
      }
      return openStore(copy, DIRECTORY, OPTIONS);
    });

    expect(outcomes).toMatchObject([
      { ok: false, error: { code: 'CORRUPT' } },
      { ok: false, error: { code: 'CORRUPT' } },
    ]);
  });
});

describe('opening', () => {
  test('changes nothing on the disk', () => {
    const disk = newDisk();
    write(start(disk), 'a');
    const before = disk.list(DIRECTORY).map((name) => disk.contentOf(`${DIRECTORY}/${name}`));

    recordsOf(open(disk));

    expect(disk.list(DIRECTORY).map((name) => disk.contentOf(`${DIRECTORY}/${name}`))).toEqual(before);
  });

  test('finds nothing where no directory is, and makes it at the start, durably', () => {
    const disk = newDisk();
    const recovery = open(disk);
    expect(recovery).toMatchObject({ lastLsn: 0, begin: 1, entries: 0, walBytes: 0 });

    write(unwrap(recovery.start(1)), 'a');
    powerLoss(disk);

    expect(recordsOf(open(disk))).toEqual(['a']);
  });

  test('keeps a copy of a torn tail, says so, and cuts it', () => {
    const disk = newDisk();
    const store = start(disk);
    write(store, 'a');
    const intact = open(disk).walBytes;
    write(store, 'torn '.repeat(50));
    disk.damage(newestSegment(disk), (content) => content.fill(0x55, 64 + intact + 100, 64 + intact + 200));

    const recovery = open(disk);
    const next = unwrap(recovery.start(2));
    write(next, 'b');

    expect(recovery.tornBytes).toBeGreaterThan(200);
    expect(recovery.notes).toHaveLength(1);
    expect(disk.contentOf(`${DIRECTORY}/wal-0000000001.torn`)).toHaveLength(recovery.tornBytes);
    expect(recordsOf(open(disk))).toEqual(['a', 'b']);
  });

  test('with durability memory needs no disk and keeps nothing', () => {
    const disk = newDisk();
    const store = start(disk, 1, { durability: 'memory' });
    write(store, 'a');
    store.close();

    expect(store.lastLsn).toBe(1);
    expect(disk.calls).toBe(0);
  });
});
