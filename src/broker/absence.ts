/** What is asked of servers that come back after a start without them (orphans.ts says how). Plain data. */
import type { ServerIndex, Version } from '../model/ids.ts';

export type Absences = {
  /** Bulks of a server that was absent, while it is asked for them. */
  readonly asked: Map<ServerIndex, Map<Version, Uint8Array>>;
  /** What a server must drop when it recovers. */
  readonly drops: Map<ServerIndex, Version[]>;
};
