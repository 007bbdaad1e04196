/** What a simulated server runs in: how its cluster runs in this seed, and what the server asks of it. */
import type { Prng } from '../lib/prng.ts';
import type { Rare, RareSite } from '../lib/rare.ts';
import type { ClusterConfig } from '../model/config.ts';
import type { ServerIndex } from '../model/ids.ts';
import type { EventQueue } from './event-queue.ts';
import type { SimulatedServer } from './server.ts';
import type { Life } from './server-life.ts';

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
