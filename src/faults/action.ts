/**
 * One fault as a host carries it out: servers are indexes, times are milliseconds, everything random was drawn. The
 * language (statement) is resolved to this; threads and the simulator are the two hosts that act on it, alike
 * (reliability.md 3.2 to 3.5).
 */
import type { ServerIndex } from '../model/ids.ts';
import type { LinkRule } from '../routing/link-rules.ts';
import type { DiskErrorCode } from '../storage/disk.ts';
import type { Calls } from './calls.ts';
import type { ClientFault } from './client-rules.ts';
import type { PointFault } from './points.ts';

/** One end of a link. */
export type Neighbour = 'broker' | ServerIndex;

/** What `from` sends to `to`. */
export type DirectedLink = { readonly from: Neighbour; readonly to: Neighbour };

/**
 * What a loss of power leaves of what was not synced: nothing, the oldest writes (the last one torn), or any sectors of any
 * of them, the rest old, zero or garbage where the file was growing.
 */
export type Survivors = 'none' | 'prefix' | 'random';

/** The file of a server that a damage hits: its oldest full WAL segment, its checkpoint, its meta file, or one by name. */
export type DamagedFile =
  | { readonly kind: 'wal' | 'checkpoint' | 'meta' }
  | { readonly kind: 'named'; readonly name: string };

/** What a disk does wrong until it is healed, or `count` times. */
export type DiskFault =
  | { readonly kind: 'sync-fail'; readonly count: number }
  | { readonly kind: 'write-fail'; readonly code: DiskErrorCode; readonly probability: number }
  | { readonly kind: 'read-fail'; readonly probability: number }
  /** The next write persists only in part, and its server crashes in the middle of it. */
  | { readonly kind: 'torn-write' }
  | { readonly kind: 'full' }
  /** Every sync takes so much longer: by time, or by a factor of what it takes. */
  | { readonly kind: 'slow'; readonly delayMs: number; readonly factor: number }
  | { readonly kind: 'stall' }
  /** The next write goes to another offset; or succeeds and changes nothing. */
  | { readonly kind: 'misdirect' }
  | { readonly kind: 'lose-write' };

/** What happens at once to a file that lies there. */
export type DiskDamage =
  | { readonly kind: 'flip'; readonly file: DamagedFile; readonly bits: number }
  /** So many percent of its bits. */
  | { readonly kind: 'rot'; readonly file: DamagedFile; readonly percent: number }
  | { readonly kind: 'truncate'; readonly file: DamagedFile; readonly bytes: number };

export type ClockFault =
  | { readonly kind: 'skew'; readonly byMs: number }
  | { readonly kind: 'drift'; readonly rate: number }
  | { readonly kind: 'strobe'; readonly byMs: number; readonly everyMs: number };

export type FaultAction =
  /** Ended at once and kept down until healed. */
  | { readonly kind: 'crash'; readonly servers: readonly ServerIndex[] }
  | { readonly kind: 'hang'; readonly servers: readonly ServerIndex[]; readonly forMs: number | null }
  /** Each turn of the event loop is followed by sleeping (factor − 1) times its duration. */
  | { readonly kind: 'slow'; readonly servers: readonly ServerIndex[]; readonly factor: number }
  | { readonly kind: 'throw'; readonly servers: readonly ServerIndex[]; readonly count: number }
  | { readonly kind: 'oom'; readonly servers: readonly ServerIndex[] }
  /** Killed, its directory removed, kept down until healed. */
  | { readonly kind: 'wipe'; readonly servers: readonly ServerIndex[] }
  /** Killed and started again so many times. */
  | { readonly kind: 'flap'; readonly servers: readonly ServerIndex[]; readonly count: number }
  /** A write is skipped in memory with this probability; the log has it (semantics N-01). */
  | { readonly kind: 'flaky'; readonly servers: readonly ServerIndex[]; readonly probability: number }
  | { readonly kind: 'link'; readonly links: readonly DirectedLink[]; readonly rule: LinkRule }
  /** All at once: ended, what was not synced is lost, kept down until healed. */
  | { readonly kind: 'power'; readonly servers: readonly ServerIndex[]; readonly survivors: Survivors }
  /** `calls`: which calls of its kind it acts on; absent: as usualCalls says. */
  | {
      readonly kind: 'disk';
      readonly servers: readonly ServerIndex[];
      readonly fault: DiskFault;
      readonly calls?: Calls;
    }
  | { readonly kind: 'damage'; readonly servers: readonly ServerIndex[]; readonly damage: DiskDamage }
  /** To the connections of clients. */
  | { readonly kind: 'client'; readonly fault: ClientFault }
  /** At a named point of its code (point-names.ts). */
  | {
      readonly kind: 'point';
      readonly servers: readonly ServerIndex[];
      readonly fault: PointFault;
      readonly probability: number;
      readonly calls: Calls;
    }
  | { readonly kind: 'clock'; readonly servers: readonly ServerIndex[]; readonly fault: ClockFault };

/** Where faults act: the threads of this process, or the simulator. */
export type FaultHost = {
  /**
   * Begins a fault; `seed` decides what is random in it. Answers what heals it. `spent` may be called once, later: it has
   * done all that it was to do, and acts no more.
   */
  begin(action: FaultAction, seed: number, spent: () => void): () => void;
  /** Starts servers that are down, and ends and starts those that run. */
  restart(servers: readonly ServerIndex[]): void;
  /** How often a server passed each of POINTS (point-names.ts), over all its lives. */
  passed(server: ServerIndex): Int32Array;
};
