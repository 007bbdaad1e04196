/** What a cluster is made of. Fixed for the life of a host; mode and servers for the life of a data directory. */

export type Mode = 'single' | 'replicated' | 'leader' | 'masterless';
export const MODES: readonly Mode[] = ['single', 'replicated', 'leader', 'masterless'];

/** When a write counts as durable: after fdatasync, after the operating system has it, or at once. */
export type Durability = 'fsync' | 'os' | 'memory';
export const DURABILITIES: readonly Durability[] = ['fsync', 'os', 'memory'];

/** `upsert` overwrites; `insert` refuses a key that exists (EXISTS). */
export type PutMode = 'upsert' | 'insert';

/** `strict` needs every server up; `available` needs an in-sync owner and says so in the reply. */
export type DeleteMode = 'strict' | 'available';

export type ClusterConfig = {
  readonly servers: number;
  readonly replicas: number;
  readonly mode: Mode;
  readonly durability: Durability;
  readonly putMode: PutMode;
  readonly deleteMode: DeleteMode;
};
