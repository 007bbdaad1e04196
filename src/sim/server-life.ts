/**
 * One life of a simulated server, from a start to its death: the real replica with its thread, its links and the disk of
 * its server. Whether and when it lives is the server's to say (server.ts).
 */
import type { Incarnation, ServerIndex } from '../model/ids.ts';
import { Replica } from '../replica/replica.ts';
import { putAside } from '../storage/aside.ts';
import { openStore } from '../storage/recovery.ts';
import type { Neighbour } from '../faults/action.ts';
import { type Flakiness, leavesOut } from '../faults/flaky.ts';
import { PointDisk } from '../faults/point-disk.ts';
import { type ActivePoint, Points } from '../faults/points.ts';
import type { SimulatedDisk } from './disk.ts';
import type { DuplexEnd } from './duplex-link.ts';
import type { EventQueue } from './event-queue.ts';
import { LateSends } from './late-sends.ts';
import type { ServerWorld } from './server-world.ts';
import { SimulatedThread } from './thread.ts';

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

/** Whose life it is: what acts on the code that runs, and who hears of its end. */
export type LifeOwner = {
  readonly index: ServerIndex;
  readonly disk: SimulatedDisk;
  /** The faults that leave writes out of its memory. */
  readonly flakiness: ReadonlySet<Flakiness>;
  /** The faults at points of its code, as of now. */
  readonly pointFaults: readonly ActivePoint[];
  /** How often each of POINTS was passed; null: nobody counts. */
  readonly passed: Int32Array | null;
  /** A frame is about to be sent. */
  onSend(): void;
  /** The replica gave up. */
  onFailed(life: Life, reason: string): void;
};

/** Thrown at a point of the code by a fault. */
export class Panic extends Error {
  override name = 'Panic';
}

/** Thrown by a life that ended itself: nothing of it runs any more, not even the rest of its turn. */
export class LifeOver extends Error {
  override name = 'LifeOver';
}

/** A life that begins; `onThrown` hears what leaves a turn of its thread. */
export function newLife(
  incarnation: Incarnation,
  queue: EventQueue,
  onThrown: (life: Life, error: unknown) => void,
): Life {
  const life: Life = {
    incarnation,
    thread: new SimulatedThread(queue, (error) => onThrown(life, error)),
    links: new Map(),
    replica: null,
    isAnnounced: false,
    waiting: new Set(),
    late: new LateSends(queue),
  };
  return life;
}

/** The replica of a life: the real one. What it throws ends the turn that it is in, and is the owner's to judge. */
export function replicaOf(life: Life, owner: LifeOwner, world: ServerWorld): Replica {
  const { index } = owner;
  const { config, knobs, queue, rare } = world;
  const points = new Points({
    faults: () => owner.pointFaults,
    get passed() {
      return owner.passed;
    },
    sleep: (ms) => life.late.sleep(ms, life.thread),
    die: (reason) => {
      throw new Panic(reason);
    },
  });
  const disk = new PointDisk(owner.disk, points);
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
      index,
      incarnation: life.incarnation,
      checkpointBytes: knobs.checkpointBytes,
    },
    {
      send: (to, frame) => {
        owner.onSend();
        points.send(frame, () => send(life, to, frame));
      },
      flush: () => {},
      openStore: (visit) => {
        const { segmentBytes } = knobs;
        const options = { server: `s${index + 1}`, durability: config.durability, segmentBytes, rare };
        return openStore(disk, 'data', options, visit);
      },
      setAside: () => {
        world.event(index, 'sets its directory aside');
        putAside(disk, 'data', `.corrupt-${life.incarnation}`);
      },
      wake: idleSoon,
      phase: (phase) => world.event(index, `is ${phase}`),
      epoch: () => {},
      fail: (reason) => {
        owner.onFailed(life, reason);
        throw new LifeOver();
      },
      rare,
    },
    { skips: (version) => [...owner.flakiness].some((each) => leavesOut(each, version)) },
  );
}

function send({ thread, links, late }: Life, to: Neighbour, frame: Uint8Array): void {
  if (thread.isOver) return;
  if (!late.isAsleep) links.get(to)?.send(frame);
  else {
    const kept = frame.slice();
    late.push(() => {
      if (!thread.isOver) links.get(to)?.send(kept);
    });
  }
}
