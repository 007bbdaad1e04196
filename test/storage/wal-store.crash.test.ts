/** Power fails at every disk call of a storage server's life; after "All file systems are not created equal" (OSDI'14). */
import { describe, expect, test } from 'vitest';
import { Prng } from '../../src/lib/prng.ts';
import { CrashSignal, type SimulatedDisk } from '../../src/sim/disk.ts';
import type { Survivors } from '../../src/sim/disk-file.ts';
import { claimDirectory } from '../../src/storage/format.ts';
import { FORMAT, liveUntil, numbersIn, violation } from './crash-life.ts';
import { open, unwrap } from './scenario.ts';

const MODES: Survivors[] = ['none', 'prefix', 'random'];

/** How often each end is drawn. */
const DRAWS: Record<Survivors, number> = { none: 1, prefix: 6, random: 18 };

describe.each(['crash-before', 'crash-after'] as const)('%s every disk call', (effect) => {
  test.each(MODES)('nothing acknowledged is lost, nothing is half there: %s survives', (mode) => {
    const failures: string[] = [];
    let states = 0;

    for (let nth = 1; ; nth++) {
      const run = liveUntil(nth, effect);
      if (run === null) break;
      for (let seed = 0; seed < DRAWS[mode]; seed++) {
        const disk = run.disk.fork();
        disk.crash(mode, new Prng(seed));
        states++;
        const wrong = violation(disk, run.progress);
        if (wrong !== null) failures.push(`call ${nth}, seed ${seed}: ${wrong}`);
      }
    }

    expect(failures).toEqual([]);
    expect(states).toBeGreaterThan(100 * DRAWS[mode]);
  });
});

test('what a restart found and told is there after the next power loss, also when power fails during the restart', () => {
  const failures: string[] = [];
  for (let nth = 40; ; nth += 7) {
    const run = liveUntil(nth, 'crash-after');
    if (run === null) break;
    for (let seed = 0; seed < 3; seed++) {
      run.disk.crash('random', new Prng(seed));
      for (let inRestart = 1; ; inRestart += 2) {
        const disk = run.disk.fork();
        const found = numbersIn(open(disk)).length;
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
    unwrap(open(disk).start(3)).abandon();
    return true;
  } catch (error) {
    if (!(error instanceof CrashSignal)) throw error;
    return false;
  }
}
