import { expect, test } from 'vitest';
import { utf8 } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import { CrashSignal } from '../../src/sim/disk-faults.ts';
import { readFileChecked, replaceFile } from '../../src/storage/checked-file.ts';
import { newDisk, unwrap } from './scenario.ts';

test('a file that was replaced is read back; a missing one is null', () => {
  const disk = newDisk();
  unwrap(replaceFile(disk, 'epoch', utf8('1')));
  unwrap(replaceFile(disk, 'epoch', utf8('')));
  expect(unwrap(readFileChecked(disk, 'epoch'))).toHaveLength(0);

  unwrap(replaceFile(disk, 'epoch', utf8('three')));

  expect(unwrap(readFileChecked(disk, 'epoch'))).toEqual(utf8('three'));
  expect(unwrap(readFileChecked(disk, 'other'))).toBe(null);
});

test('power loss at any call of a replacement leaves the old content or the new, and the new once it returned', () => {
  const wrong: string[] = [];
  for (const effect of ['crash-before', 'crash-after'] as const) {
    for (let nth = 1, isOver = false; !isOver; nth++) {
      for (let seed = 0; seed < 20; seed++) {
        const disk = newDisk();
        unwrap(replaceFile(disk, 'epoch', utf8('old')));
        disk.inject({ call: 'any', nth, effect });
        isOver = endsWithoutCrash(() => unwrap(replaceFile(disk, 'epoch', utf8('new content'.repeat(200)))));
        disk.heal();
        disk.crash('random', new Prng(seed));

        const read = readFileChecked(disk, 'epoch');

        const length = read.ok ? read.value?.length : read.error.message;
        if (!(length === 2_200 || (length === 3 && !isOver))) wrong.push(`${effect} ${nth}, seed ${seed}: ${length}`);
      }
    }
  }

  expect(wrong).toEqual([]);
});

test('a full disk takes the next content, again and again, and the one after a crash', () => {
  const disk = newDisk();
  unwrap(replaceFile(disk, 'epoch', utf8('0')));
  disk.capacityBytes = disk.list('.').reduce((sum, name) => sum + disk.contentOf(name).length, 0);

  for (let i = 1; i <= 100; i++) {
    unwrap(replaceFile(disk, 'epoch', utf8(`content ${i}`.repeat(i))));
    if (i % 10 === 0) disk.crash('random', new Prng(i));
  }

  expect(unwrap(readFileChecked(disk, 'epoch'))).toEqual(utf8('content 100'.repeat(100)));
});

test('every flipped bit is found', () => {
  const disk = newDisk();
  unwrap(replaceFile(disk, 'epoch', utf8('content')));

  const accepted: number[] = [];
  for (let bit = 0; bit < disk.contentOf('epoch').length * 8; bit++) {
    disk.flipBit('epoch', bit);
    const read = readFileChecked(disk, 'epoch');
    if (read.ok || read.error.code !== 'CORRUPT') accepted.push(bit);
    disk.flipBit('epoch', bit);
  }

  expect(accepted).toEqual([]);
});

test('a disk that fails is told, and the old content stays', () => {
  const disk = newDisk();
  unwrap(replaceFile(disk, 'epoch', utf8('old')));
  disk.inject({ call: 'sync', nth: 1, effect: 'EIO' });

  const outcome = replaceFile(disk, 'epoch', utf8('new'));

  expect(outcome).toMatchObject({ ok: false, error: { code: 'DISK' } });
  expect(unwrap(readFileChecked(disk, 'epoch'))).toEqual(utf8('old'));
});

function endsWithoutCrash(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (!(error instanceof CrashSignal)) throw error;
    return false;
  }
}
