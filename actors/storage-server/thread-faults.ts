/**
 * The faults that act inside a storage server's thread: its disk, its pace, its memory, its loss of power. What they do
 * survives no life; which of them act is given to each life anew. Not made at all unless faults are enabled.
 */
import type { ActiveDiskFault } from '../../src/faults/disk-decisions.ts';
import { FaultyDisk } from '../../src/faults/faulty-disk.ts';
import { leavesOut } from '../../src/faults/flaky.ts';
import { PointDisk } from '../../src/faults/point-disk.ts';
import { type ActivePoint, Points } from '../../src/faults/points.ts';
import type { Survivors } from '../../src/faults/action.ts';
import { Prng } from '../../src/lib/prng.ts';
import { nodeDisk } from '../../src/node/disk.ts';
import { type ServerFault, SURVIVORS, takeCall, takeOne } from '../../src/node/server-fault.ts';
import { GATE_WORD, type ServerReport, type ServerThreadData } from '../../src/node/server-thread.ts';
import type { Version } from '../../src/model/ids.ts';
import type { ReplicaFaults } from '../../src/replica/skipping.ts';
import type { Disk } from '../../src/storage/disk.ts';

export type ThreadFaultsWorld = {
  report(report: ServerReport): void;
  /** Ends the thread; does not return. */
  end(code: number): never;
};

/** Milliseconds until power fails for a disk that nobody uses. */
const IDLE_POWER_MS = 5;

/** Milliseconds after which a thread that waits for a stalled disk looks whether power is gone. */
const STALL_LOOK_MS = 50;

/** Milliseconds between the pauses of a thread that is slow. */
const SLOW_INTERVAL_MS = 5;

/** Numbers of one piece of memory that nobody needs. */
const HOARD_LENGTH = 65_536;

/** A thread of several lives and servers draws different numbers in each. */
const LIVES_APART = 0x9e37_79b1;

export class ThreadFaults implements ReplicaFaults {
  readonly disk: Disk;
  readonly points: Points;
  readonly #disk: FaultyDisk;
  readonly #world: ThreadFaultsWorld;
  readonly #gate: Int32Array;
  readonly #prng: Prng;
  readonly #nothing = new Int32Array(new SharedArrayBuffer(4));
  #faults: readonly ServerFault[] = [];
  #disks: readonly (ActiveDiskFault & { readonly left: Int32Array })[] = [];
  #atPoints: readonly ActivePoint[] = [];
  #slowing: NodeJS.Timeout | null = null;

  constructor(
    data: ServerThreadData,
    { acting, passed }: NonNullable<ServerThreadData['faults']>,
    world: ThreadFaultsWorld,
  ) {
    this.#world = world;
    this.#gate = new Int32Array(data.gate);
    this.#prng = new Prng(data.seed ^ Math.imul(data.incarnation, LIVES_APART));
    this.#disk = new FaultyDisk(
      nodeDisk,
      {
        // One that was healed while this thread was busy, or began, acts no more.
        faults: () =>
          this.#disks.length === 0 ? this.#disks : this.#disks.filter(({ left }) => Atomics.load(left, 0) !== 0),
        now: () => performance.now(),
        wait: (ms) => void Atomics.wait(this.#nothing, 0, 0, ms),
        after: (ms, then) => void setTimeout(then, ms),
        stall: () => this.#stall(),
        die: (reason) => this.#die(reason),
      },
      this.#prng.fork(0),
    );
    this.points = new Points({
      faults: () => this.#atPoints,
      passed,
      sleep: (ms) => {
        Atomics.wait(this.#nothing, 0, 0, ms);
        this.onWake();
      },
      die: (reason) => this.#die(reason),
    });
    this.disk = new PointDisk(this.#disk, this.points);
    this.replace(acting);
  }

  replace(faults: readonly ServerFault[]): void {
    this.#faults = faults;
    this.#disks = faults.flatMap((each) =>
      each.kind === 'disk' ? [{ ...each, take: () => takeCall(each.left, each.calls) }] : [],
    );
    this.#atPoints = faults.flatMap((each) =>
      each.kind === 'point'
        ? [{ fault: each.fault, take: () => this.#prng.chance(each.probability) && takeCall(each.left, each.calls) }]
        : [],
    );
    this.#replacePace(faults.reduce((product, each) => (each.kind === 'slow' ? product * each.factor : product), 1));
  }

  /** Whether there are any. */
  get isActive(): boolean {
    return this.#faults.length > 0;
  }

  /** To be called with each message that is handled: throws when a fault wants it. */
  onMessage(): void {
    for (const each of this.#faults) {
      if (each.kind === 'throw' && takeOne(each.left)) throw new Error('thrown by a fault');
    }
  }

  /** Whether a write is left out of memory. */
  skips(version: Version): boolean {
    return this.#faults.some((each) => each.kind === 'flaky' && leavesOut(each, version));
  }

  /** Power fails at one of the next calls of the disk, or in a moment when there is none. */
  failPower(survivors: Survivors, seed: number): void {
    this.#disk.powerWillFail(survivors, new Prng(seed));
    setTimeout(() => this.#disk.failPower(survivors), IDLE_POWER_MS);
  }

  /** To be called by a thread that wakes up: it may have been woken for its last moment only. */
  onWake(): void {
    const order = Atomics.load(this.#gate, GATE_WORD.power);
    if (order > 0) this.#disk.failPower(SURVIVORS[order - 1] ?? 'none');
  }

  /** Takes memory until the thread is ended for it. */
  exhaustMemory(): never {
    const hoard: number[][] = [];
    for (;;) hoard.push(Array.from({ length: HOARD_LENGTH }, (_, i) => i + hoard.length / 2));
  }

  #stall(): void {
    for (const each of this.#faults) {
      if (each.kind !== 'disk' || each.fault.kind !== 'stall') continue;
      for (let left = Atomics.load(each.left, 0); left !== 0; left = Atomics.load(each.left, 0)) {
        Atomics.wait(each.left, 0, left, STALL_LOOK_MS);
        this.onWake();
      }
    }
  }

  /** Whatever the thread did since the last pause is followed by one that makes it take `factor` times as long. */
  #replacePace(factor: number): void {
    if (this.#slowing !== null) clearInterval(this.#slowing);
    this.#slowing = null;
    if (factor <= 1) return;
    let before = performance.eventLoopUtilization();
    this.#slowing = setInterval(() => {
      const { active } = performance.eventLoopUtilization(before);
      if (active > 0) Atomics.wait(this.#nothing, 0, 0, active * (factor - 1));
      this.onWake();
      before = performance.eventLoopUtilization();
    }, SLOW_INTERVAL_MS);
  }

  #die(reason: string): never {
    this.#world.report({ kind: 'failed', reason });
    return this.#world.end(1);
  }
}
