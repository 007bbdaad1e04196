/** The verdict on every kind of damage to a WAL: rot below the durable mark is refused, a torn tail is cut. */
import { describe, expect, test } from 'vitest';
import { Prng } from '../../src/lib/prng.ts';
import type { SimulatedDisk } from '../../src/sim/disk.ts';
import { openStore } from '../../src/storage/recovery.ts';
import { HEADER_BYTES, recordBytes } from '../../src/storage/segment.ts';
import type { StoreOptions } from '../../src/storage/store.ts';
import { DIRECTORY, newDisk, newestSegment, OPTIONS, open, recordsOf, start, write } from './scenario.ts';

const SECTOR = 512;

/** Batches that follow each other; the last one has no mark behind it unless the store is closed. */
function disksWith(
  batches: readonly (readonly string[])[],
  end: 'closed' | 'unmarked',
  options: Partial<StoreOptions> = {},
): SimulatedDisk {
  const disk = newDisk();
  const store = start(disk, 1, options);
  for (const batch of batches) write(store, ...batch);
  if (end === 'closed') store.close();
  else store.abandon();
  return disk;
}

/** Where the records of the batches end, one after the other. */
function endsOf(batches: readonly (readonly string[])[]): number[] {
  let at = HEADER_BYTES;
  return batches.flat().map((each) => {
    at += recordBytes(new TextEncoder().encode(each).length);
    return at;
  });
}

function verdict(disk: SimulatedDisk): { code: string } | { records: string[] } {
  const opened = openStore(disk, DIRECTORY, OPTIONS);
  return opened.ok ? { records: recordsOf(opened.value) } : { code: opened.error.code };
}

const BATCHES = [['first'], ['second', 'third '.repeat(20)], ['fourth'], ['fifth '.repeat(9)], ['sixth']];
const ALL = BATCHES.flat();

test('cut short at every byte of its last three records, a WAL opens with the records before', () => {
  const ends = endsOf(BATCHES);
  const wrong: string[] = [];
  for (let size = ends.at(-4) as number; size <= (ends.at(-1) as number); size++) {
    const disk = disksWith(BATCHES, 'unmarked');
    disk.damage(newestSegment(disk), (content) => content.slice(0, size));
    const expected = ALL.slice(0, ends.filter((end) => end <= size).length);

    const got = verdict(disk);

    if (JSON.stringify(got) !== JSON.stringify({ records: expected })) wrong.push(`${size}: ${JSON.stringify(got)}`);
  }

  expect(wrong).toEqual([]);
});

test('cut short at every sector, a WAL of 1 MiB opens with the records before', () => {
  const batches = Array.from({ length: 535 }, (_, index) => [`${index} ${'v'.repeat((index * 1_300) % 5_200)}`]);
  const disk = disksWith(batches, 'unmarked', { segmentBytes: 1_200 * 1024 });
  const [path, ends] = [newestSegment(disk), endsOf(batches)];
  const wrong: number[] = [];
  for (let size = SECTOR; size < (ends.at(-1) as number) + SECTOR; size += SECTOR) {
    const cut = disk.fork();
    cut.damage(path, (content) => content.slice(0, size));

    const got = open(cut).lastLsn;

    if (got !== ends.filter((end) => end <= size).length) wrong.push(size);
  }

  expect(wrong).toEqual([]);
  expect(ends.at(-1)).toBeGreaterThan(1024 * 1024);
});

describe('with any one bit flipped', () => {
  test('a WAL whose end is marked is refused below the mark, and complete when it is opened', () => {
    const disk = disksWith(BATCHES, 'closed');
    const markAt = endsOf(BATCHES).at(-1) as number;

    const wrong = flipEveryBit(disk, 0, markAt + 24 + 64, (bit, got) =>
      bit < markAt * 8 ? 'code' in got && got.code === 'CORRUPT' : 'records' in got && same(got.records, ALL),
    );

    expect(wrong).toEqual([]);
  });

  test('a WAL whose last batch is not marked loses at most that batch, and is refused below it', () => {
    const batches = [...BATCHES, ['seventh', 'eighth', 'ninth']];
    const disk = disksWith(batches, 'unmarked');
    const ends = endsOf(batches);
    const markAt = ends[ALL.length - 1] as number;

    const wrong = flipEveryBit(disk, 0, (ends.at(-1) as number) + 64, (bit, got) => {
      if (bit < markAt * 8) return 'code' in got && got.code === 'CORRUPT';
      const intact = ends.filter((end) => end * 8 <= bit).length;
      return 'records' in got && same(got.records, batches.flat().slice(0, intact));
    });

    expect(wrong).toEqual([]);
  });

  test('an older segment is refused up to where its successor begins, and what lies behind does not count', () => {
    const disk = disksWith(BATCHES, 'closed');
    const older = newestSegment(disk);
    start(disk, 2).close();
    const end = endsOf(BATCHES).at(-1) as number;

    const wrong = flipEveryBit(
      disk,
      0,
      end + 24 + 64,
      (bit, got) =>
        bit < end * 8 ? 'code' in got && got.code === 'CORRUPT' : 'records' in got && same(got.records, ALL),
      older,
    );

    expect(wrong).toEqual([]);
  });
});

describe('a drive that errs', () => {
  const batches = Array.from({ length: 40 }, (_, index) => [`${index} ${'v'.repeat(300)}`]);
  const end = endsOf(batches).at(-1) as number;

  test.each(['zeros', 'garbage', 'the sector before', 'a sector of another file'])(
    'a sector of %s is refused',
    (kind) => {
      const disk = disksWith(batches, 'closed');
      const path = newestSegment(disk);
      const other = disksWith(
        batches.map(([each]) => [`other ${each}`]),
        'closed',
      ).contentOf(path);
      const prng = new Prng(5);
      const wrong: number[] = [];
      for (let at = 0; at + SECTOR < end; at += SECTOR) {
        const damaged = disk.fork();
        damaged.damage(path, (content) => {
          const sector = content.subarray(at, at + SECTOR);
          if (kind === 'zeros') sector.fill(0);
          else if (kind === 'garbage')
            sector.forEach((_, index) => {
              sector[index] = prng.below(256);
            });
          else if (kind === 'the sector before')
            sector.set(content.slice(Math.max(SECTOR, at) - SECTOR, Math.max(SECTOR, at)));
          else sector.set(other.subarray(at, at + SECTOR));
          return content;
        });

        const got = verdict(damaged);

        const isSame = kind === 'the sector before' && at === 0;
        if (!isSame && !('code' in got && got.code === 'CORRUPT')) wrong.push(at);
      }

      expect(wrong).toEqual([]);
    },
  );

  test.each(['lost', 'misdirected'] as const)(
    'a batch whose write was %s is refused once a later one was written',
    (effect) => {
      const wrong: number[] = [];
      let refused = 0;
      for (let nth = 1; nth <= 12; nth++) {
        const disk = newDisk();
        const store = start(disk);
        // The first writes also prepare zeros; a lost batch among them is what matters.
        disk.inject({ call: 'write', nth, effect });
        for (let i = 0; i < 20; i++) write(store, `${i} ${'v'.repeat(600)}`);
        store.close();
        disk.crash('none', new Prng(nth));

        const got = verdict(disk);

        const isWhole = 'records' in got && got.records.length === 20;
        if ('code' in got && got.code === 'CORRUPT') refused++;
        else if (!isWhole) wrong.push(nth);
      }

      expect(wrong).toEqual([]);
      expect(refused).toBeGreaterThan(5);
    },
  );

  test('a batch that lies where an earlier one was is refused, wherever something vouches for that one', () => {
    const batches = Array.from({ length: 12 }, (_, index) => [`batch ${String(index).padStart(2, '0')}`]);
    const bytes = recordBytes('batch 00'.length);
    // What vouched for the last but one went with the last.
    for (let place = 0; place < batches.length - 2; place++) {
      const disk = disksWith(batches, 'unmarked');
      disk.damage(newestSegment(disk), (content) => {
        const last = HEADER_BYTES + (batches.length - 1) * bytes;
        content.copyWithin(HEADER_BYTES + place * bytes, last, last + bytes);
        return content.fill(0, last, last + bytes);
      });

      const got = verdict(disk);

      expect([place, got]).toEqual([place, { code: 'CORRUPT' }]);
    }
  });

  test('a segment put in place of another is refused', () => {
    const disk = newDisk();
    for (let life = 1; life <= 3; life++) {
      const store = start(disk, life);
      write(store, `life ${life}`);
      store.close();
    }
    const stale = disk.contentOf(`${DIRECTORY}/wal-0000000001`);

    disk.damage(`${DIRECTORY}/wal-0000000002`, () => stale);

    expect(verdict(disk)).toEqual({ code: 'CORRUPT' });
  });

  test('bytes of random content after the end are a torn tail, judged quickly', () => {
    const disk = disksWith(BATCHES, 'closed');
    const path = newestSegment(disk);
    const prng = new Prng(11);
    const markEnd = (endsOf(BATCHES).at(-1) as number) + 24;
    disk.damage(path, (content) => {
      const noisy = new Uint8Array(2 * 1024 * 1024);
      for (let i = markEnd; i < noisy.length; i++) noisy[i] = prng.below(256);
      noisy.set(content.subarray(0, markEnd));
      return noisy;
    });

    const recovery = open(disk);

    expect(recordsOf(recovery)).toEqual(ALL);
    expect(recovery.tornBytes).toBeGreaterThan(2_000_000);
  });
});

test('CORRUPT names the file and the offset of the first bad record', () => {
  const disk = disksWith(BATCHES, 'closed');
  const [, second] = endsOf(BATCHES);

  disk.flipBit(newestSegment(disk), (second as number) * 8 + 300);
  const opened = openStore(disk, DIRECTORY, OPTIONS);

  expect(opened).toMatchObject({
    ok: false,
    error: { code: 'CORRUPT', message: expect.stringContaining(`data/s1/wal-0000000001: offset ${second}: `) },
  });
});

type Judge = (bit: number, got: ReturnType<typeof verdict>) => boolean;

/** Bits of the bytes [from, to) whose flip gets another verdict than it must. */
function flipEveryBit(
  disk: SimulatedDisk,
  from: number,
  to: number,
  isRight: Judge,
  path = newestSegment(disk),
): number[] {
  const wrong: number[] = [];
  for (let bit = from * 8; bit < to * 8; bit++) {
    disk.flipBit(path, bit);
    if (!isRight(bit, verdict(disk))) wrong.push(bit);
    disk.flipBit(path, bit);
  }
  return wrong;
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}
