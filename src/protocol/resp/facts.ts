/** What a host tells its RESP port about itself and the machine: clocks, memory, names. The port itself looks at nothing. */
import type { Result } from '../../lib/result.ts';
import type { PutMode } from '../../model/config.ts';

export type UsersFile = {
  /** Null when there is none yet, or why it cannot be read. */
  read(): Result<string | null, string>;
  /** Replaces it; why it cannot, or null. */
  write(lines: string): string | null;
};

export type HostFacts = {
  readonly version: string;
  readonly pid: number;
  readonly runId: string;
  readonly os: string;
  readonly arch: string;
  readonly executable: string;
  readonly directory: string;
  readonly connectionsMax: number;
  /** Whether PUT may replace what a key holds. */
  readonly putMode: PutMode;
  /** Milliseconds since 1970. */
  wallMs(): number;
  /** Milliseconds of a clock that never goes back. */
  clockMs(): number;
  /** From 0 to below 1. */
  random(): number;
  /** Bytes in use, resident, the most that ever were in use, and those of the machine; of all threads together. */
  memory(): { readonly used: number; readonly resident: number; readonly peak: number; readonly total: number };
  /** Seconds of processor time. */
  processorSeconds(): { readonly user: number; readonly system: number };
  /** The SHA-256 of bytes. */
  sha256(bytes: Uint8Array): Uint8Array;
  /** Bytes that nobody can guess. */
  secret(count: number): Uint8Array;
  /** Calls `run` after some milliseconds. */
  later(milliseconds: number, run: () => void): void;
  /** The file of users, by the lines of ACL LIST; null: there is no place for one. */
  readonly users: UsersFile | null;
  /** Commands in flight at the broker. */
  requestsInFlight(): number;
  /** The port that is bound. */
  port(): number;
};
