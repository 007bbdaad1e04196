/** Power fails at every disk call of a storage server's life, and again while it starts; see crash-states.test.ts. */
import { expect, test } from 'vitest';
import { Prng } from '../../src/lib/prng.ts';
import type { SimulatedDisk } from '../../src/sim/disk.ts';
import { CrashSignal } from '../../src/sim/disk-faults.ts';
import { claimDirectory } from '../../src/storage/format.ts';
import { FORMAT, liveUntil, numbersIn, SMALL, violation } from './crash-life.ts';
import { open, unwrap } from './scenario.ts';

test('what a restart found and told is there after the next power loss, also when power fails during the restart', () => {
  const failures: string[] = [];
  for (let nth = 40; ; nth += 7) {
    const run = liveUntil(nth, 'crash-after');
    if (run === null) break;
    for (let seed = 0; seed < 3; seed++) {
      run.disk.crash('random', new Prng(seed));
      for (let inRestart = 1; ; inRestart += 2) {
        const disk = run.disk.fork();
        const found = numbersIn(open(disk, SMALL)).length;
        disk.inject({ call: 'any', nth: inRestart, effect: 'crash-before' });
        const isStarted = startsWithoutCrash(disk);
        disk.heal();
        disk.crash('random', new Prng(seed + inRestart));
        // A restart that finished has told what it found: it may answer reads from it.
        const atLeast = isStarted ? found : run.progress.acknowledged;
        const wrong = violation(disk, { appended: run.progress.appended, acknowledged: atLeast });
        if (wrong !== null) failures.push(`call ${nth}, seed ${seed}, restart ${inRestart}: ${wrong}`);
        if (isStarted) break;
      }
    }
  }

  expect(failures).toEqual([]);
});

test('durability os survives the death of the process at every call', () => {
  const failures: string[] = [];
  for (let nth = 1; ; nth++) {
    const run = liveUntil(nth, 'crash-after', 'os');
    if (run === null) break;
    run.disk.kill();
    const wrong = violation(run.disk, run.progress);
    if (wrong !== null) failures.push(`call ${nth}: ${wrong}`);
  }

  expect(failures).toEqual([]);
});

test('durability os loses acknowledged records when power fails: the checker sees it', () => {
  let lost = 0;
  let other = 0;
  for (let nth = 1; ; nth++) {
    const run = liveUntil(nth, 'crash-before', 'os');
    if (run === null) break;
    run.disk.crash('none', new Prng(nth));
    const wrong = violation(run.disk, run.progress);
    if (wrong?.startsWith('lost')) lost++;
    else if (wrong !== null) other++;
  }

  expect(lost).toBeGreaterThan(10);
  expect(other).toBe(0);
});

function startsWithoutCrash(disk: SimulatedDisk): boolean {
  try {
    unwrap(claimDirectory(disk, 'data', FORMAT));
    unwrap(open(disk, SMALL).start(3)).abandon();
    return true;
  } catch (error) {
    if (!(error instanceof CrashSignal)) throw error;
    return false;
  }
}
