import { expect, test } from 'vitest';
import { Prng } from '../../src/lib/prng.ts';
import type { SimulatedDisk } from '../../src/sim/disk.ts';
import type { DiskCall } from '../../src/sim/disk-faults.ts';
import { putAside } from '../../src/storage/aside.ts';
import { openStore } from '../../src/storage/recovery.ts';
import { SMALL } from './crash-life.ts';
import { checkpoint, DIRECTORY, newDisk, open, recordsOf, start, unwrap, write } from './scenario.ts';

const CHANGING: readonly DiskCall[] = ['rename', 'syncDirectory'];

/** A directory with a checkpoint and several segments, one of them rotten, that cannot get another name. */
function rottenMount(): SimulatedDisk {
  const disk = newDisk();
  const store = start(disk, 1, SMALL);
  write(store, 'x'.repeat(9_000));
  checkpoint(store, [{ key: 'k', version: 1, value: 'v' }]);
  for (let i = 0; i < 4; i++) write(store, 'x'.repeat(9_000));
  store.abandon();
  const segments = disk.namesIn(DIRECTORY).filter((name) => /^wal-\d+$/.test(name));
  expect(segments.length).toBeGreaterThan(3);
  disk.flipBit(`${DIRECTORY}/${segments.at(-2)}`, 8 * 200);
  disk.inject({ call: 'rename', nth: 1, effect: 'EIO' });
  return disk;
}

test('a directory that cannot be moved is empty when its files were put aside, and takes another life', () => {
  const disk = rottenMount();
  const before = disk.namesIn(DIRECTORY);

  putAside(disk, DIRECTORY, '.corrupt-3');
  const recovery = open(disk, SMALL);
  write(unwrap(recovery.start(3)), 'anew');
  disk.crash('none', new Prng(1));

  expect(recovery.lastLsn).toBe(0);
  expect(recordsOf(open(disk, SMALL))).toEqual(['anew']);
  expect(disk.namesIn(DIRECTORY).filter((name) => name.endsWith('.corrupt-3'))).toEqual(
    before.filter((name) => /^(wal|checkpoint)-\d+$/.test(name)).map((name) => `${name}.corrupt-3`),
  );
});

test('a crash while files are put aside leaves a damaged directory or an empty one, never a shorter log', () => {
  const disk = rottenMount();
  const wrong: string[] = [];
  let states = 0;
  let empty = 0;
  const look = (): boolean => {
    for (let seed = 0; seed < 200; seed++) {
      const state = disk.fork();
      state.crash('random', new Prng(seed));
      const opened = openStore(state, DIRECTORY, SMALL);
      if (opened.ok && opened.value.lastLsn > 0) wrong.push(`call ${states}, seed ${seed}: ${opened.value.lastLsn}`);
      if (opened.ok) empty++;
      states++;
    }
    return false;
  };
  for (const call of CHANGING) {
    disk.inject({ call, nth: 1, times: Number.POSITIVE_INFINITY, effect: 'EIO', strikes: look });
  }

  putAside(disk, DIRECTORY, '.corrupt-3');
  look();

  expect(wrong).toEqual([]);
  expect(states).toBeGreaterThan(1_000);
  expect(empty).toBeGreaterThan(0);
});
