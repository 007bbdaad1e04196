/** Identifiers. Branded, because a version is not an LSN and a server's index is not its incarnation. */
import { assert } from '../lib/assert.ts';

/** Position of a storage server in the cluster, from 0; `s1` is 0. */
export type ServerIndex = number & { readonly brand: 'ServerIndex' };

/** Which servers own a key, or are in sync: bit i stands for server i. */
export type ServerMask = number & { readonly brand: 'ServerMask' };

/** Life of an actor between two crashes, +1 each start. */
export type Incarnation = number & { readonly brand: 'Incarnation' };

/** Number of an in-sync table, +1 with each change of it. */
export type Epoch = number & { readonly brand: 'Epoch' };

/** Place of a write in the order of all writes: (epoch, sequence) as one number that sorts. */
export type Version = number & { readonly brand: 'Version' };

/** Number of a WAL record of one server, +1 each, from 1. */
export type Lsn = number & { readonly brand: 'Lsn' };

const SEQUENCES = 0x1_0000_0000;

/** An epoch's versions run from sequence 0 to this. */
export const SEQUENCE_MAX = SEQUENCES - 1;

/** Epochs fit a version's 53 bits up to this. */
export const EPOCH_MAX = 0x1f_ffff;

/** Before every write: a server that has nothing is at this version. */
export const NO_VERSION = 0 as Version;

export function versionOf(epoch: Epoch, sequence: number): Version {
  assert(epoch <= EPOCH_MAX && sequence <= SEQUENCE_MAX, 'a version holds 21 bits of epoch and 32 of sequence');
  return (epoch * SEQUENCES + sequence) as Version;
}

export function epochOf(version: Version): Epoch {
  return Math.floor(version / SEQUENCES) as Epoch;
}

export function sequenceOf(version: Version): number {
  return version % SEQUENCES;
}

/** `epoch.sequence`, as people read it. */
export function showVersion(version: Version): string {
  return `${epochOf(version)}.${sequenceOf(version)}`;
}

export function serverName(index: ServerIndex): string {
  return `s${index + 1}`;
}

/** Index of the server named `s<n>`, or null when there is none in a cluster of `servers`. */
export function serverIndex(name: string, servers: number): ServerIndex | null {
  const match = /^s([1-9]\d*)$/i.exec(name);
  const number = match === null ? 0 : Number(match[1]);
  return number >= 1 && number <= servers ? ((number - 1) as ServerIndex) : null;
}

/** The servers of a cluster of so many, in order. */
export function allServers(count: number): ServerIndex[] {
  return Array.from({ length: count }, (_, index) => index as ServerIndex);
}

export function maskOf(index: ServerIndex): ServerMask {
  return (1 << index) as ServerMask;
}

export function isMember(mask: ServerMask, index: ServerIndex): boolean {
  return (mask & (1 << index)) !== 0;
}

export function membersOf(mask: ServerMask): readonly ServerIndex[] {
  return (MEMBERS[mask] ??= listMembers(mask));
}

/** The answers of membersOf, by mask: it is asked several times a write. */
const MEMBERS: (readonly ServerIndex[] | undefined)[] = [];

function listMembers(mask: ServerMask): readonly ServerIndex[] {
  const members: ServerIndex[] = [];
  for (let i = 0; mask >> i !== 0; i++) if ((mask & (1 << i)) !== 0) members.push(i as ServerIndex);
  return members;
}

export function countOf(mask: ServerMask): number {
  let count = 0;
  for (let rest = mask as number; rest !== 0; rest &= rest - 1) count++;
  return count;
}
