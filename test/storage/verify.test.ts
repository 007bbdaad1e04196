import { expect, test } from 'vitest';
import { utf8 } from '../../src/lib/bytes.ts';
import { replaceFile } from '../../src/storage/checked-file.ts';
import { claimDirectory } from '../../src/storage/format.ts';
import { verifyDirectory } from '../../src/storage/verify.ts';
import { checkpoint, newDisk, newestSegment, start, unwrap, write } from './scenario.ts';

function dataDirectory() {
  const disk = newDisk();
  unwrap(claimDirectory(disk, 'data', { mode: 'single', servers: 1, replicas: 1 }));
  unwrap(replaceFile(disk, 'data/epoch', utf8('epoch')));
  const store = start(disk);
  write(store, 'a', 'b');
  checkpoint(store, [{ key: 'k', version: 1, value: 'v' }]);
  write(store, 'c');
  store.close();
  return disk;
}

test('a good directory is reported file by file, and unchanged', () => {
  const disk = dataDirectory();
  const calls = ['write', 'rename', 'remove', 'truncate'] as const;
  for (const call of calls) disk.inject({ call, nth: 1, effect: 'crash-before' });

  const report = verifyDirectory(disk, 'data');

  expect(report).toEqual({
    isGood: true,
    lines: [
      'data/FORMAT: good: mode single, servers 1, replicas 1',
      'data/epoch: good: 5 bytes',
      'data/s1: good: checkpoint before LSN 3 with 1 leaves, records 3 … 3, 1 segments with 96 bytes',
    ],
  });
});

test.each(['data/epoch', 'data/FORMAT', 'data/s1/wal-0000000001', 'data/s1/checkpoint-0000000000000003'])(
  'rot in %s is found',
  (path) => {
    const disk = dataDirectory();

    disk.flipBit(path, 20 * 8);

    const report = verifyDirectory(disk, 'data');
    expect(report.isGood).toBe(false);
    expect(report.lines.join('\n')).toContain(path);
  },
);

test('one storage server’s directory can be checked by itself', () => {
  const disk = dataDirectory();

  const before = verifyDirectory(disk, 'data/s1');
  disk.flipBit(newestSegment(disk), 70 * 8);

  expect(before.isGood).toBe(true);
  expect(verifyDirectory(disk, 'data/s1').isGood).toBe(false);
});
