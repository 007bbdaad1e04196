/** What is in flight at the broker: writes that wait to be durable, reads that wait for an answer. Plain data. */
import type { Found, Reply } from '../model/commands.ts';
import type { ServerIndex, ServerMask, Version } from '../model/ids.ts';
import type { Group } from './group.ts';

/** One key of a change; a null value deletes. `expiresAtMs`: milliseconds since 1970; null or none: never. */
export type Change = {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
  readonly expiresAtMs?: number | null;
};

/** What a key holds. */
export type Held = { readonly value: Uint8Array; readonly expiresAtMs: number | null };

export type ReplyTo = (reply: Reply) => void;

/** A write in its place in the order. It leaves a group's queue when every owner in sync there is durable past it. */
export type Write = {
  readonly version: Version;
  readonly groups: readonly Group[];
  /** Servers that it was sent to. */
  readonly sentTo: ServerMask;
  /** Groups whose queue still holds it. */
  waitingGroups: number;
  readonly items: number;
  readonly kind: 'write' | 'delete';
  /** Of a delete: whether the key was there, as the witnesses say. */
  existed: boolean;
  /** Of a delete: owners that had everything before it when it was ordered. Others may have caught up later. */
  readonly witnesses: ServerMask;
  /**
   * The `write` frame, kept for what must reach every owner even if one comes back later: a bulk over several groups,
   * which is all or nothing, and records of an earlier life of the broker.
   */
  readonly frame: Uint8Array | null;
  /** Who waits until it is whole: reads that would show a part of it, updates that depend on it. Null until there is one. */
  shown: (() => void)[] | null;
  /** Null once the client was answered. */
  reply: ReplyTo | null;
  readonly deadlineMs: number;
};

/** One key that a read asks one owner for. */
export type Ask = {
  readonly key: Uint8Array;
  readonly segments: readonly Uint8Array[];
  /** The group's newest write when it was asked: the answer may show it, so it waits until that is durable. */
  barrier: Version;
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
  readonly finish: (read: Read) => void;
  readonly fail: (reply: Reply) => void;
  readonly deadlineMs: number;
  over: boolean;
};
