/** Every disk call of a storage server's lives fails once, or from then on; after SQLite's tests of the nth call. */
import { expect, test } from 'vitest';
import { Prng } from '../../src/lib/prng.ts';
import type { SimulatedDisk } from '../../src/sim/disk.ts';
import { DiskError } from '../../src/storage/disk.ts';
import { live, type Progress, violation } from './crash-life.ts';
import { newDisk } from './scenario.ts';

/**
 * Names that a directory's failed sync covered are seen by the next process, and by no disk: file systems stop taking
 * writes then (ext4 ends its journal), which the simulated one does not. So power fails after that.
 */
const ENDS = ['the process dies', 'power fails'] as const;

test.each(
  (['EIO', 'ENOSPC', 'EROFS', 'short'] as const).flatMap((effect) =>
    [1, Number.POSITIVE_INFINITY].map((times) => ({ effect, times })),
  ),
)('$effect at the nth call, $times times, for every n: what was acknowledged is there', ({ effect, times }) => {
  const wrong: string[] = [];
  let n = 1;
  for (let isWhole = false; !isWhole; n++) {
    const disk = newDisk();
    const progress = { appended: 0, acknowledged: 0 };
    let isDirectorySync = false;
    const note = (): boolean => {
      if (disk.calls === n) isDirectorySync = true;
      return false;
    };
    disk.inject({ call: 'any', nth: n, effect, times });
    disk.inject({ call: 'syncDirectory', nth: 1, effect, times: Number.POSITIVE_INFINITY, strikes: note });
    const end = livesUntilFailure(disk, progress);
    // A call whose failure costs nothing ends no life: only a life that is shorter than n had none.
    isWhole = disk.calls < n;
    if (end !== null) wrong.push(`call ${n}: ${end}`);
    for (const how of isDirectorySync ? (['power fails'] as const) : ENDS) {
      const left = disk.fork();
      if (how === 'power fails') left.crash(n % 2 === 0 ? 'none' : 'random', new Prng(n));
      const problem = violation(left, progress);
      if (problem !== null) wrong.push(`call ${n}, then ${how}: ${problem}`);
    }
  }

  expect(wrong).toEqual([]);
  expect(n).toBeGreaterThan(200);
});

/** Null when the life ended as lives end, by itself or with the error of the disk; else what else went wrong. */
function livesUntilFailure(disk: SimulatedDisk, progress: Progress): string | null {
  try {
    live(disk, progress);
    return null;
  } catch (error) {
    const { message } = error as Error;
    return error instanceof DiskError || message.startsWith('DISK ') ? null : message;
  }
}
