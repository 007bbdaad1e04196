/** What STATUS shows (interface.md, Text protocol). */
import type { Durability, Mode } from './config.ts';

export type ServerState = 'down' | 'recovering' | 'up' | 'suspect' | 'draining';

export type ServerStatus = {
  readonly id: string;
  readonly address: string | null;
  readonly state: ServerState;
  readonly role: 'owner' | 'leader' | 'follower' | 'candidate' | 'peer';
  readonly incarnation: number;
  readonly threadId: number | null;
  readonly keys: number;
  readonly walBytes: number;
  /** Fraction of the recovery that is done, or null when not recovering. */
  readonly progress: number | null;
  /** ISO 8601, when it entered this state. */
  readonly since: string;
  readonly reason: string | null;
  readonly lastError: string | null;
  /** Milliseconds that its wall clock is ahead of the host's. */
  readonly clockOffsetMs: number;
};

/** A fault that acts now, as its statement says. */
export type FaultStatus = {
  readonly id: string;
  readonly statement: string;
  /** Those it was said of. */
  readonly servers: readonly string[];
  /** ISO 8601; `until`: when it heals by itself, or null. */
  readonly since: string;
  readonly until: string | null;
};

export type ClusterStatus = {
  readonly mode: Mode;
  readonly replicas: number;
  readonly durability: Durability;
  readonly epoch: number;
  readonly servers: readonly ServerStatus[];
  /** Oldest first; empty where none can be injected. */
  readonly faults: readonly FaultStatus[];
};

/** What an operator may ask of a host, besides commands on data. Every method answers one line, or a KvError as a rejection. */
export type Administration = {
  status(): ClusterStatus;
  /** One FAULT statement, without the word FAULT; answers the text after OK. Rejects with a KvError. */
  fault(statement: string): Promise<string>;
  /** Opens an epoch with the named servers where nobody in sync is left; says what may be lost. */
  force(servers: readonly string[]): Promise<string>;
  /** A checkpoint of every server that is up. */
  snapshot(): Promise<string>;
  /** A broker takes over a server that is alone (node/join.ts); only such a host has it. */
  readonly join?: (request: string) => Promise<string>;
  /** Ends the host as SIGTERM does. */
  shutdown(): void;
};
