/**
 * Every state that a power loss can leave of a storage server's lives, after "All file systems are not created equal"
 * (OSDI'14): at each disk call that changes anything, all subsets of what is not synced (drawn ones where there are more
 * than eight), each write torn at each of its sectors, and some with sectors here and there.
 */
import { Prng } from '../../src/lib/prng.ts';
import type { SimulatedDisk } from '../../src/sim/disk.ts';
import type { DiskCall } from '../../src/sim/disk-faults.ts';
import type { Choice } from '../../src/sim/disk-file.ts';
import { drawnLife, live, type Progress, violation } from './crash-life.ts';
import { newDisk } from './scenario.ts';

export type CrashReport = { states: number; calls: number; lives: number; readonly failures: string[] };

const CHANGING: readonly DiskCall[] = [
  'open',
  'write',
  'sync',
  'truncate',
  'rename',
  'remove',
  'makeDirectory',
  'removeDirectory',
  'syncDirectory',
];

/** More pending operations than this have too many subsets to look at all of them. */
const EXHAUSTIVE_MAX = 8;
const DRAWN_SUBSETS = 64;
const DRAWN_SCATTERS = 6;
/** A long write of zeros is torn here and there only. */
const TEARS_MAX = 100;
const FAILURES_MAX = 20;

/**
 * Looks at states until there were `statesMax` or something is wrong: first those of one life that has everything, then
 * of lives drawn from `seed` on. `onLife` is told after each.
 */
export function crashStates(statesMax: number, seed: number, onLife: (report: CrashReport) => void = () => {}) {
  const report: CrashReport = { states: 0, calls: 0, lives: 0, failures: [] };
  const isEnough = (): boolean => report.states >= statesMax || report.failures.length >= FAILURES_MAX;
  for (let life = 0; !isEnough(); life++) {
    const disk = newDisk();
    const progress = { appended: 0, acknowledged: 0 };
    const visit = (): boolean => {
      if (!isEnough()) lookAt(disk, progress, life === 0 ? 'the life' : `life ${seed + life}`, report);
      return false;
    };
    // Nothing fails: each call is only looked at before it is made.
    for (const call of CHANGING) {
      disk.inject({ call, nth: 1, times: Number.POSITIVE_INFINITY, effect: 'EIO', strikes: visit });
    }
    if (life === 0) live(disk, progress);
    else drawnLife(disk, progress, seed + life);
    report.lives++;
    onLife(report);
  }
  return report;
}

function lookAt(disk: SimulatedDisk, progress: Progress, life: string, report: CrashReport): void {
  const before = { ...progress };
  const call = ++report.calls;
  const prng = new Prng(call);
  const check = (how: string, crash: (state: SimulatedDisk) => void): void => {
    const state = disk.fork();
    crash(state);
    report.states++;
    const wrong = violation(state, before);
    if (wrong !== null) report.failures.push(`${life}, call ${call}, ${how}: ${wrong}`);
  };
  const keep = (how: string, kept: (index: number, parts: number) => number): void =>
    check(how, (state) => state.crash(choice(kept), prng));
  const parts = partsOf(disk);
  for (const mask of subsets(parts.length, prng)) {
    keep(`subset ${mask.toString(2)}`, (index, all) => (((mask >> BigInt(index)) & 1n) === 1n ? all : 0));
  }
  parts.forEach((all, torn) => {
    const step = Math.max(1, Math.ceil(all / TEARS_MAX));
    for (let sectors = 1; sectors < all; sectors += step) {
      // All before it and nothing after it, or everything else.
      keep(`write ${torn} torn at sector ${sectors}`, (index, whole) =>
        index === torn ? sectors : index < torn ? whole : 0,
      );
      keep(`write ${torn} alone torn at sector ${sectors}`, (index, whole) => (index === torn ? sectors : whole));
    }
  });
  if (parts.length === 0) return;
  for (let draw = 0; draw < DRAWN_SCATTERS; draw++) {
    check(`sectors drawn ${draw}`, (state) => state.crash('random', new Prng(draw)));
  }
}

/** How many parts each operation has that is not synced, in the order in which a crash asks for them. */
function partsOf(disk: SimulatedDisk): number[] {
  const found: number[] = [];
  disk.fork().crash(
    choice((_index, parts) => {
      found.push(parts);
      return parts;
    }),
    new Prng(0),
  );
  return found;
}

function choice(kept: (index: number, parts: number) => number): Choice {
  let index = 0;
  return { keep: (parts) => kept(index++, parts) };
}

function subsets(operations: number, prng: Prng): Set<bigint> {
  const all = 1n << BigInt(operations);
  const masks = new Set<bigint>();
  if (operations <= EXHAUSTIVE_MAX) {
    for (let mask = 0n; mask < all; mask++) masks.add(mask);
    return masks;
  }
  masks.add(0n).add(all - 1n);
  for (let i = 0; i < DRAWN_SUBSETS; i++) {
    let mask = 0n;
    for (let bit = 0; bit < operations; bit++) mask = (mask << 1n) | (prng.chance(0.5) ? 1n : 0n);
    masks.add(mask);
  }
  return masks;
}
