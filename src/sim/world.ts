/** What clients of a simulated cluster see of it: a clock, a source of chance, and a broker to ask. */
import type { Prng } from '../lib/prng.ts';
import type { UpdatePort } from '../broker/updates.ts';
import type { EventQueue } from './event-queue.ts';

/** Asks the broker of now; commands and updates are answered once, TIMEOUT when their broker dies first. */
export type SimulatedWorld = UpdatePort & {
  readonly queue: EventQueue;
  readonly prng: Prng;
  /** The wall clock of the broker's machine, in milliseconds since 1970. */
  wallMs(): number;
};
