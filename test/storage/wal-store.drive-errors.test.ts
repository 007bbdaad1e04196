/**
 * A drive that errs in silence, over a storage server's lives: a write that is lost (stale content stays) or that lands
 * elsewhere, and sectors of a checkpoint that are zero, garbage, old or another file's.
 */
import { expect, test } from 'vitest';
import { equalBytes } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import type { SimulatedDisk } from '../../src/sim/disk.ts';
import { DiskError } from '../../src/storage/disk.ts';
import { openStore } from '../../src/storage/recovery.ts';
import { live, type Progress, violation } from './crash-life.ts';
import { checkpoint, DIRECTORY, type Leaf, leavesOf, newDisk, OPTIONS, start } from './scenario.ts';

const SECTOR = 512;

test.each(['lost', 'misdirected'] as const)(
  'the nth write is %s, for every n: it is refused, or nothing is missing but a last batch that nothing vouches for',
  (effect) => {
    const wrong: string[] = [];
    let refused = 0;
    for (let n = 1, isOver = false; !isOver; n++) {
      const disk = newDisk();
      const progress = { appended: 0, acknowledged: 0 };
      let hasStruck = false;
      disk.inject({
        call: 'write',
        nth: n,
        effect,
        strikes: () => {
          hasStruck = true;
          return true;
        },
      });
      liveAsFarAsPossible(disk, progress);
      isOver = !hasStruck;
      disk.heal();
      disk.crash('none', new Prng(n));

      const problem = violation(disk, { ...progress, acknowledged: progress.acknowledged - LAST_BATCH });

      if (problem === null) continue;
      if (/CORRUPT|USAGE/.test(problem)) refused++;
      else wrong.push(`write ${n}: ${problem}`);
    }

    expect(wrong).toEqual([]);
    expect(refused).toBeGreaterThan(2);
  },
);

/** Records of the batch that ends the life, with no mark behind them. */
const LAST_BATCH = 1;

/** A life that meets its own damage at a start is over. */
function liveAsFarAsPossible(disk: SimulatedDisk, progress: Progress): void {
  try {
    live(disk, progress);
  } catch (error) {
    if (!(error instanceof DiskError) && !/^(CORRUPT|DISK|USAGE) /.test((error as Error).message)) throw error;
  }
}

test.each(['zeros', 'garbage', 'the sector before', 'the same sector of an older checkpoint'])(
  'a checkpoint with a sector of %s is refused, and no other leaf is ever read',
  (kind) => {
    const leaves = Array.from({ length: 1_200 }, (_, index) => leaf(index, index));
    const disk = checkpointed(leaves);
    const older = checkpointed(
      leaves.map(({ key, version, value }) => ({ key, version, value: value?.replace('v', 'w') ?? null })),
    );
    const path = checkpointOf(disk);
    const stale = older.contentOf(checkpointOf(older));
    const prng = new Prng(9);
    const expected = JSON.stringify(leaves);
    const before = disk.contentOf(path);
    const size = before.length;
    const wrong: number[] = [];
    for (let at = 0; at < size; at += SECTOR) {
      const damaged = disk.fork();
      damaged.damage(path, (content) => {
        const sector = content.subarray(at, at + SECTOR);
        if (kind === 'zeros') sector.fill(0);
        else if (kind === 'garbage') sector.set(sector.map(() => prng.below(256)));
        else if (kind === 'the sector before')
          sector.set(content.slice(Math.max(0, at - SECTOR), Math.max(0, at - SECTOR) + sector.length));
        else sector.set(stale.subarray(at, at + sector.length));
        return content;
      });

      const opened = openStore(damaged, DIRECTORY, OPTIONS);

      const isSame = equalBytes(damaged.contentOf(path), before);
      const isRight = opened.ok
        ? isSame && JSON.stringify(leavesOf(opened.value)) === expected
        : opened.error.code === 'CORRUPT';
      if (!isRight) wrong.push(at);
    }

    expect(wrong).toEqual([]);
    expect(size).toBeGreaterThan(30 * SECTOR);
  },
);

function leaf(index: number, version: number): Leaf {
  return {
    key: String(index).padStart(5, '0'),
    version: version + 1,
    value: index % 9 === 0 ? null : `v${index}`.repeat(3),
  };
}

function checkpointed(leaves: readonly Leaf[]): SimulatedDisk {
  const disk = newDisk();
  const store = start(disk);
  checkpoint(store, leaves);
  store.close();
  return disk;
}

function checkpointOf(disk: SimulatedDisk): string {
  return `${DIRECTORY}/${disk.list(DIRECTORY).find((name) => name.startsWith('checkpoint'))}`;
}
