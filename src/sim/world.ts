/** What clients of a simulated cluster see of it: a clock, a source of chance, and a broker to ask. */
import type { Prng } from '../lib/prng.ts';
import type { Command, Reply } from '../model/commands.ts';
import type { Update } from '../broker/updates.ts';
import type { EventQueue } from './event-queue.ts';

export type SimulatedWorld = {
  readonly queue: EventQueue;
  readonly prng: Prng;
  /** Asks the broker of now; every command is answered once, TIMEOUT when its broker dies first. */
  submit(command: Command, reply: (reply: Reply) => void): void;
  /** Changes that depend on what keys hold; answered as a command is. */
  update(update: Update, reply: (reply: Reply) => void): void;
  /** The wall clock of the broker's machine, in milliseconds since 1970. */
  wallMs(): number;
};
