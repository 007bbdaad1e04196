/**
 * One storage server of a simulated cluster: the real replica on a thread, a disk and links in virtual time, and the
 * supervision that starts it again (lib/restart-policy). It plays thread and supervisor; it decides nothing.
 */
import type { Prng } from '../lib/prng.ts';
import type { Rare, RareSite } from '../lib/rare.ts';
import { backOffMs, diesTooOften, recentDeaths } from '../lib/restart-policy.ts';
import type { ClusterConfig } from '../model/config.ts';
import type { Incarnation, ServerIndex } from '../model/ids.ts';
import { Replica } from '../replica/replica.ts';
import { DiskError } from '../storage/disk.ts';
import { openStore } from '../storage/recovery.ts';
import { SimulatedClock } from './clock.ts';
import { SimulatedDisk } from './disk.ts';
import { CrashSignal, type DiskCall } from './disk-faults.ts';
import type { Survivors } from '../faults/action.ts';
import { type Flakiness, leavesOut } from '../faults/flaky.ts';
import { PointDisk } from '../faults/point-disk.ts';
import { type ActivePoint, Points } from '../faults/points.ts';
import type { DuplexEnd } from './duplex-link.ts';
import type { EventQueue } from './event-queue.ts';
import { LateSends } from './late-sends.ts';
import { InjectedError, SimulatedThread } from './thread.ts';

export type Neighbour = 'broker' | ServerIndex;

/** What differs from seed to seed in how a cluster runs. */
export type Knobs = {
  readonly checkpointBytes: number;
  readonly segmentBytes: number;
  /** Milliseconds that a frame, a sync and the wait for the end of a batch take at most. */
  readonly linkMs: number;
  readonly syncMs: number;
  readonly turnMs: number;
  /** How long the host takes at most to keep an epoch in its own file; a few by default. */
  readonly epochMs?: number;
  /** How much later than asked the host's timers may fire, and how fast its clock runs. */
  readonly lateMs: number;
  readonly clockRate: number;
  /** Sites of rare behaviour that are active; none by default. */
  readonly rare?: readonly RareSite[];
};

export type ServerWorld = {
  readonly queue: EventQueue;
  readonly prng: Prng;
  readonly config: ClusterConfig;
  readonly knobs: Knobs;
  readonly rare: Rare;
  /** Whether there is a process for it to run in. */
  isOn(): boolean;
  /** Does something in a turn of the process's own thread, where supervision is. */
  onHost(work: () => void): void;
  /** Makes its links; the broker hears of it when they are there. */
  connect(server: SimulatedServer, life: Life): void;
  onExited(server: SimulatedServer, life: Life, reason: string): void;
  event(server: ServerIndex, what: string): void;
  /** Something that no fault explains. */
  bug(what: string): void;
};

export type Life = {
  readonly incarnation: Incarnation;
  readonly thread: SimulatedThread;
  readonly links: Map<Neighbour, DuplexEnd>;
  replica: Replica | null;
  isAnnounced: boolean;
  /** Who waits for this life to take something, and need not when it is over. */
  readonly waiting: Set<() => void>;
  /** What it sends while it sleeps at a point. */
  readonly late: LateSends;
};

/** Where a server dies: at the nth of its calls to the disk, or of the frames it sends, counted from now. */
export type CrashPoint = {
  readonly at: 'disk' | 'send';
  readonly nth: number;
  /** Of its calls to the disk, only these; any by default. */
  readonly call?: DiskCall | 'any';
  readonly survivors: Survivors | null;
};

/** Milliseconds at most from the end of a thread until its exit is heard of. */
const EXIT_MS = 5;

/** How often the host hears of an exit later than of the start that follows, and how much later at most. */
const LATE_EXITS = 0.2;
const LATE_MS = 15;

/** Thrown at a point of the code by a fault. */
class Panic extends Error {
  override name = 'Panic';
}

class LifeOver extends Error {
  override name = 'LifeOver';
}

export class SimulatedServer {
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
  readonly #world: ServerWorld;
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
  #crashAfterSends = 0;
  #crashSurvivors: Survivors | null = null;
  #crash: (() => void) | null = null;
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
  crashAt({ at, nth, call = 'any', survivors }: CrashPoint): () => void {
    this.#crashSurvivors = survivors;
    if (at === 'send') {
      this.#crashAfterSends = nth;
      return () => {
        this.#crashAfterSends = 0;
      };
    }
    const effect = this.#world.prng.pick(['crash-before', 'crash-amid', 'crash-after'] as const);
    this.#crash?.();
    this.#crash = this.disk.inject({ call, nth, effect });
    return this.#crash;
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
    const { queue } = this.#world;
    const life: Life = {
      incarnation: ++this.#incarnation as Incarnation,
      thread: new SimulatedThread(queue, (error) => this.#onThrown(life, error)),
      links: new Map(),
      replica: null,
      isAnnounced: false,
      waiting: new Set(),
      late: new LateSends(queue),
    };
    return life;
  }

  #replica(life: Life): Replica {
    life.replica ??= this.#newReplica(life);
    return life.replica;
  }

  #newReplica(life: Life): Replica {
    const { config, knobs, queue, rare } = this.#world;
    const points = new Points({
      faults: () => this.pointFaults,
      sleep: (ms) => life.late.sleep(ms, life.thread),
      die: (reason) => {
        throw new Panic(reason);
      },
    });
    const disk = new PointDisk(this.disk, points);
    let isIdling = false;
    const idleSoon = (): void => {
      if (isIdling) return;
      isIdling = true;
      queue.after(0.05, () =>
        life.thread.run(() => {
          isIdling = false;
          if (life.replica?.onIdle() === true) idleSoon();
        }),
      );
    };
    return new Replica(
      {
        servers: config.servers,
        replicas: config.replicas,
        index: this.index,
        incarnation: life.incarnation,
        checkpointBytes: knobs.checkpointBytes,
      },
      {
        send: (to, frame) => {
          if (this.#crashAfterSends > 0 && --this.#crashAfterSends === 0) throw new CrashSignal('crash at a send');
          points.send(frame, () => this.#send(life, to, frame));
        },
        openStore: (visit) => {
          const { segmentBytes } = knobs;
          const options = { server: `s${this.index + 1}`, durability: config.durability, segmentBytes, rare };
          return openStore(disk, 'data', options, visit);
        },
        setAside: () => {
          this.#world.event(this.index, 'sets its directory aside');
          disk.rename('data', `data.corrupt-${life.incarnation}`);
        },
        wake: idleSoon,
        phase: (phase) => this.#world.event(this.index, `is ${phase}`),
        epoch: () => {},
        fail: (reason) => {
          this.#end(life, reason, null);
          // Nothing of it runs any more, not even the rest of this turn.
          throw new LifeOver();
        },
        rare,
      },
      { skips: (version) => [...this.flakiness].some((each) => leavesOut(each, version)) },
    );
  }

  #send({ thread, links, late }: Life, to: Neighbour, frame: Uint8Array): void {
    if (thread.isOver) return;
    if (!late.isAsleep) links.get(to)?.send(frame);
    else {
      const kept = frame.slice();
      late.push(() => {
        if (!thread.isOver) links.get(to)?.send(kept);
      });
    }
  }

  #onThreadAfter(delayMs: number, run: () => void): void {
    const life = this.#life;
    this.#world.queue.after(delayMs, () => life?.thread.run(run));
  }

  /** What leaves a turn ends the thread, and so this server alone. */
  #onThrown(life: Life, error: unknown): void {
    if (error instanceof LifeOver) return;
    if (error instanceof CrashSignal) {
      this.#crash?.();
      this.#end(life, error.message, this.#crashSurvivors);
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
