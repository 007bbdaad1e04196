/** What is asked of the broker and under way: changes, reads that wait for an answer, catch-ups. Plain data. */
import type { Found, Reply } from '../model/commands.ts';
import type { ServerIndex, ServerMask, Version } from '../model/ids.ts';
import type { Group } from './group.ts';

/** One key of a change; a null value deletes. `expiresAtMs`: milliseconds since 1970; null or none: never. */
export type Change = {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
  readonly expiresAtMs?: number | null;
};

/**
 * What is asked for at once. A delete of one key answers whether it was there; an expiry deletes what is absent to
 * everybody already, so owners in sync suffice.
 */
export type Changes = { readonly kind: 'write' | 'delete' | 'expiry'; readonly items: readonly Change[] };

/** What a key holds. */
export type Held = { readonly value: Uint8Array; readonly expiresAtMs: number | null };

/** One key that a read asks one owner for. */
export type Ask = {
  readonly key: Uint8Array;
  readonly segments: readonly Uint8Array[];
  /** The group's newest write when it was asked: the answer may show it, so it waits until that is durable. */
  barrier: Version;
  /** The read that it is a part of, once that began. */
  read: Read | null;
  group: Group | null;
  server: ServerIndex | -1;
  request: number;
  answered: boolean;
  keyExists: boolean;
  found: Found;
  uncertain: boolean;
};

/** A read of one or several keys at one moment of the order of writes. */
export type Read = {
  readonly asks: readonly Ask[];
  /** The server whose own copies are asked for, or null: any owner in sync. */
  readonly at: ServerIndex | null;
  waiting: number;
  /** Puts the answers of several keys together; null: there is one path, and its answer is the answer. */
  readonly answer: (() => Reply) | null;
  readonly reply: (reply: Reply) => void;
  readonly deadlineMs: number;
  /** When it was asked, by the wall clock: a key whose time came later was there at the moment that is read. */
  wallMs: number;
  over: boolean;
  before: Read | null;
  behind: Read | null;
};

/** A catch-up: `target` gets from `source` what these groups have and it lacks. */
export type Join = {
  readonly id: number;
  readonly target: ServerIndex;
  readonly source: ServerIndex;
  readonly groups: readonly ServerMask[];
  /** Null while leaves travel; then the newest write of each group that must be agreed first. */
  barriers: Map<ServerMask, Version> | null;
  /** What the target must say it is durable up to: then its newest write stands for everything before it. */
  through: Version;
};

/** A record of a log, and of which groups its server has what it says. */
export type HeldRecord = { readonly held: readonly ServerMask[]; readonly frame: Uint8Array };

/** Bulks that a server was given by FORCE, up to the `itemsEnd` of this number, and whether it answered that. */
export type Given = { readonly id: number; readonly versions: ReadonlySet<Version>; readonly isDurable: boolean };
