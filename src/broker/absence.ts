/** What a start without some servers leaves to be settled when they come (orphans.ts says how). Plain data. */
import type { ServerIndex, ServerMask, Version } from '../model/ids.ts';

/** What starting together leaves behind for those who come later. */
export type Absence = {
  /** Up to where each server that was heard had everything that was addressed to it. */
  readonly through: ReadonlyMap<ServerIndex, Version>;
  absent: ServerMask;
  /** The newest version of the lives before this one: what this life ordered is nobody's alone. */
  readonly before: Version;
  /** Bulks of a server that was absent, while it is asked for them. */
  readonly asked: Map<ServerIndex, Map<Version, Uint8Array>>;
  /** What a server must drop when it recovers. */
  readonly drops: Map<ServerIndex, Version[]>;
};

export function noAbsence(): Absence {
  return { through: new Map(), absent: 0 as ServerMask, before: 0 as Version, asked: new Map(), drops: new Map() };
}
