/** What a replica needs of the world around it: a thread (actors/storage-server) or the simulator plays the host. */
import type { Rare } from '../lib/rare.ts';
import type { Result } from '../lib/result.ts';
import type { KvError } from '../model/errors.ts';
import type { Incarnation, ServerIndex } from '../model/ids.ts';
import type { Placement } from '../routing/placement.ts';
import type { VisitRecord } from '../storage/segment-scan.ts';
import type { Recovery } from '../storage/store.ts';

export type ReplicaOptions = Placement & {
  readonly index: ServerIndex;
  readonly incarnation: Incarnation;
  /** WAL bytes after which a checkpoint is taken. */
  readonly checkpointBytes: number;
};

/** loading: its directory is open, the broker decides · replaying: under the table it was given · serving · failed */
export type Phase = 'loading' | 'replaying' | 'serving' | 'failed';

/** Where a frame came from or goes to. */
export type Peer = 'broker' | ServerIndex;

export type ReplicaHost = {
  /** Puts a frame on the link to `to`, copying it; a peer without a link gets nothing. */
  send(to: Peer, frame: Uint8Array): void;
  /** What was sent leaves at once, though this turn goes on. */
  flush(): void;
  /** Whether more answers wait for the broker to read than are good: then no more are given for now. */
  readonly isBlocked?: () => boolean;
  /** Opens this server's directory, showing `visit` each record once (storage/recovery.ts); called again after `setAside`. */
  openStore(visit: VisitRecord): Result<Recovery, KvError>;
  /** Puts a damaged directory aside (never deletes it) so that an empty one can be opened. */
  setAside(): void;
  /** There may be work for `onIdle` now. */
  wake(): void;
  phase(phase: Phase, reason: string): void;
  /** An epoch is durable here; `isBehind`: some group that this server owns is out of sync with it. */
  epoch(isBehind: boolean): void;
  /** This incarnation is over: nothing it holds may be answered for any more. */
  fail(reason: string): void;
  readonly rare: Rare;
};
