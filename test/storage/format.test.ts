import { expect, test } from 'vitest';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { claimDirectory, type DataFormat, readFormat } from '../../src/storage/format.ts';
import { newDisk, powerLoss, unwrap } from './scenario.ts';

const FORMAT: DataFormat = { mode: 'replicated', servers: 3, replicas: 2 };

test('a directory is made once, durably, and found again', () => {
  const disk = newDisk();

  const outcomes = [claimDirectory(disk, 'deep/data', FORMAT), claimDirectory(disk, 'deep/data', FORMAT)];
  powerLoss(disk);

  expect(outcomes.map(unwrap)).toEqual(['made', 'found']);
  expect(unwrap(readFormat(disk, 'deep/data'))).toEqual(FORMAT);
});

test('people can read it', () => {
  const disk = newDisk();
  unwrap(claimDirectory(disk, 'data', FORMAT));

  expect(text(disk.contentOf('data/FORMAT'))).toMatch(
    /^coppice-data 2\nmode replicated\nservers 3\nreplicas 2\ncrc [\da-f]{8}\n$/,
  );
});

test.each([
  [
    { mode: 'leader' as const },
    'data: data of mode replicated, not leader; start with mode replicated, servers 3, replicas 2',
  ],
  [{ servers: 4 }, 'data: data of servers 3, not 4; start with mode replicated, servers 3, replicas 2'],
  [{ replicas: 1 }, 'data: data of replicas 2, not 1; start with mode replicated, servers 3, replicas 2'],
])('one that was made for something else is refused untouched: %o', (change, message) => {
  const disk = newDisk();
  unwrap(claimDirectory(disk, 'data', FORMAT));
  const before = disk.contentOf('data/FORMAT');

  const outcome = claimDirectory(disk, 'data', { ...FORMAT, ...change });

  expect(outcome).toEqual({ ok: false, error: { code: 'USAGE', message } });
  expect(disk.contentOf('data/FORMAT')).toEqual(before);
});

test('a newer version is refused by its number', () => {
  const disk = newDisk();
  unwrap(claimDirectory(disk, 'data', FORMAT));
  disk.damage('data/FORMAT', () => utf8('coppice-data 3\nshape unknown\n'));

  expect(claimDirectory(disk, 'data', FORMAT)).toMatchObject({
    error: { code: 'USAGE', message: 'data/FORMAT: data of format 3; this program knows format 2' },
  });
});

test('no flipped bit makes it another one', () => {
  const disk = newDisk();
  unwrap(claimDirectory(disk, 'data', FORMAT));

  const accepted: number[] = [];
  for (let bit = 0; bit < disk.contentOf('data/FORMAT').length * 8; bit++) {
    disk.flipBit('data/FORMAT', bit);
    if (claimDirectory(disk, 'data', FORMAT).ok) accepted.push(bit);
    disk.flipBit('data/FORMAT', bit);
  }

  expect(accepted).toEqual([]);
});

test('data without a FORMAT file is refused', () => {
  const disk = newDisk();
  unwrap(claimDirectory(disk, 'data', FORMAT));
  disk.makeDirectory('data/s1');
  disk.remove('data/FORMAT');

  expect(claimDirectory(disk, 'data', FORMAT)).toMatchObject({ error: { code: 'CORRUPT' } });
});
