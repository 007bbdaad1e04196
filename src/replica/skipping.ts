/**
 * Writes that a fault leaves out of memory, and never out of the log: until its next start a server answers as if they
 * had not been, and from then on it has them. So nothing that is made of its memory may stand for them meanwhile.
 */
import type { Lsn, Version } from '../model/ids.ts';

export type ReplicaFaults = {
  /** Whether the write of this version, a bulk as a whole, is left out of memory. */
  skips(version: Version): boolean;
};

export const NO_REPLICA_FAULTS: ReplicaFaults = { skips: () => false };

export class Skipping {
  readonly #faults: ReplicaFaults;
  #from: Lsn | null = null;

  constructor(faults: ReplicaFaults) {
    this.#faults = faults;
  }

  /** The first record from which on the log has what memory lacks, or null: no checkpoint may stand for it. */
  get from(): Lsn | null {
    return this.#from;
  }

  /** Whether to leave this write out; its record is one of those from `begin` on. */
  skips(version: Version, begin: Lsn): boolean {
    if (!this.#faults.skips(version)) return false;
    this.#from ??= begin;
    return true;
  }
}
