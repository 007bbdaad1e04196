/**
 * One storage server of a simulated cluster: the real replica on a thread, a disk and links in virtual time, and the
 * supervision that starts it again (lib/restart-policy). It plays thread and supervisor; it decides nothing.
 */
import { backOffMs, diesTooOften, recentDeaths } from '../lib/restart-policy.ts';
import type { Incarnation, ServerIndex } from '../model/ids.ts';
import type { Replica } from '../replica/replica.ts';
import { DiskError } from '../storage/disk.ts';
import type { Neighbour, Survivors } from '../faults/action.ts';
import type { Flakiness } from '../faults/flaky.ts';
import { POINTS } from '../faults/point-names.ts';
import type { ActivePoint } from '../faults/points.ts';
import { SimulatedClock } from './clock.ts';
import { type CrashPoint, CrashPoints } from './crash-point.ts';
import { SimulatedDisk } from './disk.ts';
import { CrashSignal } from './disk-faults.ts';
import { type Life, LifeOver, type LifeOwner, newLife, Panic, replicaOf } from './server-life.ts';
import type { ServerWorld } from './server-world.ts';
import { InjectedError } from './thread.ts';

/** Milliseconds at most from the end of a thread until its exit is heard of. */
const EXIT_MS = 5;

/** How often the host hears of an exit later than of the start that follows, and how much later at most. */
const LATE_EXITS = 0.2;
const LATE_MS = 15;

export class SimulatedServer implements LifeOwner {
  readonly index: ServerIndex;
  readonly disk: SimulatedDisk;
  readonly clock: SimulatedClock;
  /** Syncs take this many times as long, and so much longer. Infinity: they wait. */
  syncFactor = 1;
  syncDelayMs = 0;
  /** The faults that leave writes out of its memory. */
  readonly flakiness = new Set<Flakiness>();
  /** The faults at points of its code. */
  pointFaults: readonly ActivePoint[] = [];
  passed: Int32Array | null = null;
  readonly #world: ServerWorld;
  readonly #crashPoints: CrashPoints;
  #life: Life | null = null;
  #incarnation = 0;
  #isExiting = false;
  #isWantedAtOnce = false;
  #holds = 0;
  #deathsMs: readonly number[] = [];
  #isGivenUp = false;
  #lastReason = '';
  /** How often it fell with its host. */
  #falls = 0;
  /** Grows with every wish to start or end it, so that an older one is not carried out any more. */
  #wish = 0;

  constructor(index: ServerIndex, world: ServerWorld) {
    this.index = index;
    this.#world = world;
    this.clock = new SimulatedClock(world.queue);
    this.disk = new SimulatedDisk({
      latencyMs: () => world.prng.float() * world.knobs.syncMs * this.syncFactor + this.syncDelayMs,
      after: (delayMs, run) => this.#onThreadAfter(delayMs, run),
    });
    this.#crashPoints = new CrashPoints(this.disk, world.prng);
  }

  /** Counts from now on how often its points are passed: a thousand seeds have no time for it. */
  countPoints(): Int32Array {
    this.passed ??= new Int32Array(POINTS.length);
    return this.passed;
  }

  get life(): Life | null {
    return this.#life;
  }

  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  get isHeld(): boolean {
    return this.#holds > 0;
  }

  /** Why it last died. */
  get reason(): string {
    return this.#lastReason;
  }

  /** The host begins: earlier deaths are forgotten. A server that is held tries, and does not get as far as its disk. */
  boot(): void {
    this.#deathsMs = [];
    this.#isGivenUp = false;
    if (this.#holds === 0) {
      this.start();
      return;
    }
    const life = this.#newLife();
    this.#life = life;
    this.#world.connect(this, life);
    this.#world.queue.after(this.#world.prng.float() * EXIT_MS, () => this.#end(life, 'its disk is not there', null));
  }

  /** Starts it, unless it runs or is held down; when its last life has exited. One that was given up gets a clean record. */
  start(): void {
    this.#isWantedAtOnce = this.#isExiting;
    if (this.#life !== null || this.#isExiting || this.#holds > 0 || !this.#world.isOn()) return;
    if (this.#isGivenUp) this.#deathsMs = [];
    this.#isGivenUp = false;
    this.#wish++;
    const life = this.#newLife();
    this.#life = life;
    this.#world.event(this.index, `starts as ${life.incarnation}`);
    this.#world.connect(this, life);
    life.thread.run(() => this.#replica(life).start());
  }

  /** Ends it as a death of its own; it is started again. `survivors`: what it had not synced is lost but for these. */
  kill(reason: string, survivors: Survivors | null = null): void {
    if (this.#life !== null) this.#end(this.#life, reason, survivors);
    else if (survivors !== null) this.disk.crash(survivors, this.#world.prng);
  }

  /** Ends it and keeps it down; the answer lets it go and starts it when nothing else holds it. */
  hold(reason: string, survivors: Survivors | null = null): () => void {
    this.#holds++;
    this.kill(reason, survivors);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#holds--;
      this.start();
    };
  }

  /** Its earlier deaths had causes that are gone. */
  pardon(): void {
    this.#deathsMs = [];
  }

  /** Ends it and starts it anew, at once. */
  restart(): void {
    this.#deathsMs = [];
    this.#isGivenUp = false;
    if (this.#life === null) this.start();
    else this.#end(this.#life, 'restarted', null, { asked: true });
  }

  /** Ends it and starts it anew without its page cache: what its disk never kept must show. */
  reread(): void {
    if (this.#life !== null) this.#end(this.#life, 'reads its disk anew', 'none', { asked: true });
    else this.disk.crash('none', this.#world.prng);
  }

  /** The host dies: so does it, and nobody restarts it. */
  fall(survivors: Survivors | null): void {
    const life = this.#life;
    this.#wish++;
    this.#falls++;
    this.#life = null;
    this.#isExiting = false;
    life?.thread.end();
    if (life !== null) for (const end of life.links.values()) end.close();
    if (survivors === null) this.disk.kill();
    else this.disk.crash(survivors, this.#world.prng);
  }

  /** Makes it die at a point of its own code; the answer takes that back. */
  crashAt(point: CrashPoint): () => void {
    return this.#crashPoints.set(point);
  }

  onSend(): void {
    this.#crashPoints.onSend();
  }

  onFailed(life: Life, reason: string): void {
    this.#end(life, reason, null);
  }

  /** Something comes for the replica, in a turn of its thread. */
  deliver(life: Life, from: Neighbour, bytes: Uint8Array, start: number, end: number): void {
    const replica = this.#replica(life);
    replica.onFrame(from, bytes, start, end);
    // Batches of every size: the end of a turn comes sooner or later than the next frame.
    const waitMs = this.#world.prng.float() * this.#world.knobs.turnMs;
    this.#world.queue.after(waitMs, () => life.thread.run(() => replica.onBatchEnd()));
  }

  #newLife(): Life {
    const incarnation = ++this.#incarnation as Incarnation;
    return newLife(incarnation, this.#world.queue, (life, error) => this.#onThrown(life, error));
  }

  #replica(life: Life): Replica {
    life.replica ??= replicaOf(life, this, this.#world);
    return life.replica;
  }

  #onThreadAfter(delayMs: number, run: () => void): void {
    const life = this.#life;
    this.#world.queue.after(delayMs, () => life?.thread.run(run));
  }

  /** What leaves a turn ends the thread, and so this server alone. */
  #onThrown(life: Life, error: unknown): void {
    if (error instanceof LifeOver) return;
    if (error instanceof CrashSignal) {
      this.#crashPoints.onCrash();
      this.#end(life, error.message, this.#crashPoints.survivors);
      return;
    }
    const isExplained = error instanceof DiskError || error instanceof InjectedError || error instanceof Panic;
    if (!isExplained)
      this.#world.bug(`s${this.index + 1} threw ${error instanceof Error ? error.stack : String(error)}`);
    this.#end(life, error instanceof Error ? error.message : String(error), null);
  }

  #end(life: Life, reason: string, survivors: Survivors | null, { asked } = { asked: false }): void {
    if (this.#life !== life) return;
    const { queue, prng } = this.#world;
    life.thread.end();
    this.#life = null;
    this.#isExiting = true;
    this.#lastReason = reason;
    const wish = ++this.#wish;
    if (survivors === null) this.disk.kill();
    else this.disk.crash(survivors, prng);
    this.#world.event(this.index, `ends: ${reason}`);
    const exit = (): void => {
      if (wish !== this.#wish) return;
      // A thread that waits in the kernel for its disk does not end before the disk answers.
      if (this.syncDelayMs === Number.POSITIVE_INFINITY) queue.after(EXIT_MS, exit);
      else
        this.#world.onHost(() => {
          if (wish === this.#wish) this.#onExit(life, reason, asked || this.#holds > 0);
        });
    };
    queue.after(prng.float() * EXIT_MS, exit);
  }

  #onExit(life: Life, reason: string, asked: boolean): void {
    const { queue, prng } = this.#world;
    this.#isExiting = false;
    for (const end of life.links.values()) end.close();
    for (const settle of life.waiting) settle();
    this.#deathsMs = recentDeaths(this.#deathsMs, queue.nowMs, { asked });
    if (!prng.chance(LATE_EXITS)) this.#world.onExited(this, life, reason);
    else {
      const falls = this.#falls;
      const tell = (): void => {
        if (falls === this.#falls) this.#world.onHost(() => this.#world.onExited(this, life, reason));
      };
      queue.after(prng.float() * LATE_MS, tell);
    }
    if (this.#holds > 0) return;
    if (this.#isWantedAtOnce) {
      this.start();
      return;
    }
    if (diesTooOften(this.#deathsMs)) {
      this.#isGivenUp = true;
      this.#world.event(this.index, 'is given up');
      return;
    }
    const wish = this.#wish;
    queue.after(backOffMs(asked ? 0 : this.#deathsMs.length, prng.float()), () =>
      this.#world.onHost(() => {
        if (wish === this.#wish) this.start();
      }),
    );
  }
}
