/** What all disks promise: the machine's own, the simulated one, and one that could fail and does not. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { crc32 } from '../../src/lib/crc32.ts';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { FaultyDisk, type FaultyDiskHost } from '../../src/faults/faulty-disk.ts';
import { Prng } from '../../src/lib/prng.ts';
import { nodeDisk } from '../../src/node/disk.ts';
import { SimulatedDisk } from '../../src/sim/disk.ts';
import { type Disk, DiskError, type FileHandle } from '../../src/storage/disk.ts';

const scratch = mkdtempSync(join(tmpdir(), 'coppice-disk-'));
afterAll(() => rmSync(scratch, { recursive: true }));

let directories = 0;

const FAULTLESS: FaultyDiskHost = {
  faults: () => [],
  now: () => 0,
  wait: () => undefined,
  after: (_ms, then) => then(),
  stall: () => undefined,
  die: (reason) => {
    throw new Error(reason);
  },
};

/** Each test gets an empty directory. */
const DISKS: [string, () => { disk: Disk; directory: string }][] = [
  [
    'the machine’s disk',
    () => {
      const directory = join(scratch, String(++directories));
      nodeDisk.makeDirectory(directory);
      return { disk: nodeDisk, directory };
    },
  ],
  [
    'the simulated disk',
    () => {
      const disk = new SimulatedDisk();
      disk.makeDirectory('d');
      return { disk, directory: 'd' };
    },
  ],
  [
    'a disk without a fault',
    () => {
      const directory = join(scratch, String(++directories));
      nodeDisk.makeDirectory(directory);
      return { disk: new FaultyDisk(nodeDisk, FAULTLESS, new Prng(1)), directory };
    },
  ],
];

describe.each(DISKS)('%s', (_name, make) => {
  test('a file that was written is read back, from any offset', () => {
    const { disk, directory } = make();
    const file = create(disk, `${directory}/a`, 'hello world');

    const middle = new Uint8Array(5);
    const count = disk.read(file, 6, middle);

    expect([count, text(middle)]).toEqual([5, 'world']);
  });

  test('a read beyond the end returns fewer bytes, and none at the end', () => {
    const { disk, directory } = make();
    const file = create(disk, `${directory}/a`, 'hello');

    const counts = [3, 5, 99].map((offset) => disk.read(file, offset, new Uint8Array(10)));

    expect(counts).toEqual([2, 0, 0]);
  });

  test('a write beyond the end leaves zeros between', () => {
    const { disk, directory } = make();
    const file = create(disk, `${directory}/a`, 'x');

    disk.write(file, 4, utf8('y'));

    expect([...content(disk, `${directory}/a`)]).toEqual([0x78, 0, 0, 0, 0x79]);
  });

  test('opening to create empties the file that is there; opening to write or read keeps it', () => {
    const { disk, directory } = make();
    disk.close(create(disk, `${directory}/a`, 'kept'));
    const kept = (['read', 'write'] as const).map((access) => {
      const file = disk.open(`${directory}/a`, { access, sync: 'inline' });
      return disk.size(file);
    });

    const emptied = disk.open(`${directory}/a`, { access: 'create', sync: 'inline' });

    expect([...kept, disk.size(emptied)]).toEqual([4, 4, 0]);
  });

  test('a file opened for reading refuses writes', () => {
    const { disk, directory } = make();
    disk.close(create(disk, `${directory}/a`, 'x'));

    const file = disk.open(`${directory}/a`, { access: 'read', sync: 'inline' });

    expect(() => disk.write(file, 0, utf8('y'))).toThrow(DiskError);
  });

  test('truncate cuts, and extends with zeros', () => {
    const { disk, directory } = make();
    const file = create(disk, `${directory}/a`, 'hello');

    disk.truncate(file, 2);
    disk.truncate(file, 4);

    expect([...content(disk, `${directory}/a`)]).toEqual([0x68, 0x65, 0, 0]);
  });

  test('what is missing is ENOENT, whatever is asked of it', () => {
    const { disk, directory } = make();
    const path = `${directory}/none`;

    const codes = [
      () => disk.open(path, { access: 'read', sync: 'inline' }),
      () => disk.open(path, { access: 'write', sync: 'inline' }),
      () => disk.open(`${path}/a`, { access: 'create', sync: 'inline' }),
      () => disk.rename(path, `${directory}/b`),
      () => disk.remove(path),
      () => disk.list(path),
      () => disk.makeDirectory(`${path}/a`),
      () => disk.removeDirectory(path),
      () => disk.syncDirectory(path),
    ].map(codeOf);

    expect(new Set(codes)).toEqual(new Set(['ENOENT']));
  });

  test('names are listed in order, and exist', () => {
    const { disk, directory } = make();
    for (const name of ['b', 'a', 'c']) disk.close(create(disk, `${directory}/${name}`, name));
    disk.makeDirectory(`${directory}/d`);

    disk.remove(`${directory}/c`);

    expect(disk.list(directory)).toEqual(['a', 'b', 'd']);
    expect(['a', 'c', 'd'].map((name) => disk.exists(`${directory}/${name}`))).toEqual([true, false, true]);
  });

  test('a rename replaces the file of that name', () => {
    const { disk, directory } = make();
    disk.close(create(disk, `${directory}/new`, 'new'));
    disk.close(create(disk, `${directory}/old`, 'old'));

    disk.rename(`${directory}/new`, `${directory}/old`);

    expect(disk.list(directory)).toEqual(['old']);
    expect(text(content(disk, `${directory}/old`))).toBe('new');
  });

  test('a directory can be renamed with what is in it', () => {
    const { disk, directory } = make();
    disk.makeDirectory(`${directory}/d`);
    disk.close(create(disk, `${directory}/d/a`, 'inside'));

    disk.rename(`${directory}/d`, `${directory}/e`);

    expect(text(content(disk, `${directory}/e/a`))).toBe('inside');
  });

  test('a directory is made once and removed only when empty', () => {
    const { disk, directory } = make();
    disk.makeDirectory(`${directory}/d`);
    disk.close(create(disk, `${directory}/d/a`, ''));

    const codes = [
      codeOf(() => disk.makeDirectory(`${directory}/d`)),
      codeOf(() => disk.removeDirectory(`${directory}/d`)),
    ];
    disk.remove(`${directory}/d/a`);
    disk.removeDirectory(`${directory}/d`);

    expect(codes).toEqual(['EEXIST', 'ENOTEMPTY']);
    expect(disk.list(directory)).toEqual([]);
  });

  test('an inline sync is done before the call returns', () => {
    const { disk, directory } = make();
    const file = create(disk, `${directory}/a`, 'x');
    const outcomes: (DiskError | null)[] = [];

    disk.sync(file, (error) => outcomes.push(error));
    disk.syncNow(file);
    disk.syncDirectory(directory);

    expect(outcomes).toEqual([null]);
  });

  test('a background sync is done once, also when the file is closed meanwhile', async () => {
    const { disk, directory } = make();
    const file = disk.open(`${directory}/a`, { access: 'create', sync: 'background' });
    disk.write(file, 0, utf8('x'));

    const outcome = await new Promise((resolve) => {
      disk.sync(file, resolve);
      disk.close(file);
    });

    expect(outcome).toBe(null);
  });

  test('crc32 is the one of the table, and goes on from a seed', () => {
    const { disk } = make();
    const bytes = utf8('123456789');

    const sums = [disk.crc32(bytes, 0), disk.crc32(bytes.subarray(4), disk.crc32(bytes.subarray(0, 4), 0))];

    expect(sums).toEqual([0xcbf4_3926, 0xcbf4_3926]);
    expect(disk.crc32(bytes, 77)).toBe(crc32(bytes, 77));
  });
});

function create(disk: Disk, path: string, bytes: string): FileHandle {
  const file = disk.open(path, { access: 'create', sync: 'inline' });
  disk.write(file, 0, utf8(bytes));
  return file;
}

function content(disk: Disk, path: string): Uint8Array {
  const file = disk.open(path, { access: 'read', sync: 'inline' });
  const bytes = new Uint8Array(disk.size(file));
  disk.read(file, 0, bytes);
  disk.close(file);
  return bytes;
}

function codeOf(call: () => unknown): string {
  try {
    call();
    return 'done';
  } catch (error) {
    return error instanceof DiskError ? error.code : String(error);
  }
}
