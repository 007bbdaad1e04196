/**
 * The in-sync table of one epoch: for each placement group, which owners have every acknowledged write, and for
 * the others up to which version what they hold is agreed. Only groups that miss an owner are listed. Pure data:
 * a change is a new table with the next epoch, durable before it counts (architecture, In-sync replication).
 *
 *   table = epoch f64, servers u8, replicas u8, joined u16, count varint, count × group, absences varint,
 *           absences × (server u8, absence)
 *   group = owners u16, inSync u16, for each owner that is out, in order of index: cut f64
 *
 * Example: epoch 3, 3 servers, 2 copies, server 1 out of {0,1} since version 7: 3 | 03 02 | 07 00 | 01 | 03 00 | 01 00 | 7 | 00.
 */
import type { ByteReader, ByteWriter } from '../lib/bytes.ts';
import {
  type Epoch,
  isMember,
  maskOf,
  membersOf,
  type ServerIndex,
  type ServerMask,
  type Version,
} from '../model/ids.ts';
import { type Placement, placementGroups } from '../routing/placement.ts';
import { type Absence, type Alive, readAbsence, withAlive, writeAbsence } from './absence.ts';

/** An owner that is out may keep what it holds up to `cut`; what is above was never agreed and is dropped. */
export type OutOfSync = { readonly inSync: ServerMask; readonly cuts: ReadonlyMap<ServerIndex, Version> };

export type EpochTable = Placement & {
  readonly epoch: Epoch;
  /** Servers that ever served: one of these without a memory lost its disk, any other one is new. */
  readonly joined: ServerMask;
  readonly groups: ReadonlyMap<ServerMask, OutOfSync>;
  /** Servers that were not there when a life of the broker began, and are not back yet. */
  readonly absences: ReadonlyMap<ServerIndex, Absence>;
};

export function firstTable(placement: Placement): EpochTable {
  const { servers, replicas } = placement;
  return { epoch: 0 as Epoch, servers, replicas, joined: 0 as ServerMask, groups: new Map(), absences: new Map() };
}

export function inSyncOf(table: EpochTable, owners: ServerMask): ServerMask {
  return table.groups.get(owners)?.inSync ?? owners;
}

/** Up to which version an owner's copy of a group is agreed, or null when it is in sync. */
export function cutOf(table: EpochTable, owners: ServerMask, server: ServerIndex): Version | null {
  return table.groups.get(owners)?.cuts.get(server) ?? null;
}

/** The groups that a server owns and is out of. */
export function groupsMissing(table: EpochTable, server: ServerIndex): ServerMask[] {
  const missing: ServerMask[] = [];
  for (const [owners, group] of table.groups) {
    if (isMember(owners, server) && !isMember(group.inSync, server)) missing.push(owners);
  }
  return missing;
}

/** The placement groups that a server owns. */
export function groupsOwned(table: EpochTable, server: ServerIndex): ServerMask[] {
  return placementGroups(table).filter((owners) => isMember(owners, server));
}

/** Whether what a server holds is the truth of some group. */
export function isInSyncSomewhere(table: EpochTable, server: ServerIndex): boolean {
  return groupsOwned(table, server).some((owners) => isMember(inSyncOf(table, owners), server));
}

/** A table under construction: the same groups, changed in place, with the next epoch. */
export type TableDraft = { table: EpochTable; readonly groups: Map<ServerMask, OutOfSync> };

export function draftOf(previous: EpochTable): TableDraft {
  const groups = new Map(previous.groups);
  return { table: { ...previous, epoch: (previous.epoch + 1) as Epoch, groups }, groups };
}

/** Notes that servers serve from now on. */
export function markJoined(draft: TableDraft, servers: ServerMask): void {
  draft.table = { ...draft.table, joined: (draft.table.joined | servers) as ServerMask };
}

/** Notes who is not there; what an earlier life noted of one stays. */
export function noteAbsent(draft: TableDraft, servers: Iterable<ServerIndex>, before: Version): void {
  const absences = new Map(draft.table.absences);
  for (const server of servers) if (!absences.has(server)) absences.set(server, { before, alive: new Map() });
  draft.table = { ...draft.table, absences };
}

/** Notes which groups serve from now on, for those who are absent. */
export function noteAlive(draft: TableDraft, groups: ReadonlyMap<ServerMask, Alive>): void {
  const absences = new Map<ServerIndex, Absence>();
  for (const [server, absence] of draft.table.absences) absences.set(server, withAlive(absence, groups));
  draft.table = { ...draft.table, absences };
}

/** A server that was absent is back, and what it alone had was decided. */
export function forgetAbsence(draft: TableDraft, server: ServerIndex): void {
  const absences = new Map(draft.table.absences);
  absences.delete(server);
  draft.table = { ...draft.table, absences };
}

/** Puts an owner out of a group. What it was cut at before stays when that is older. */
export function putOut(draft: TableDraft, owners: ServerMask, server: ServerIndex, cut: Version): void {
  const before = draft.groups.get(owners) ?? { inSync: owners, cuts: new Map() };
  const cuts = new Map(before.cuts);
  const older = cuts.get(server);
  cuts.set(server, older === undefined || cut < older ? cut : older);
  draft.groups.set(owners, { inSync: (before.inSync & ~maskOf(server)) as ServerMask, cuts });
}

/** Puts an owner back in sync with its group. */
export function putIn(draft: TableDraft, owners: ServerMask, server: ServerIndex): void {
  const before = draft.groups.get(owners);
  if (before === undefined) return;
  const inSync = (before.inSync | maskOf(server)) as ServerMask;
  if (inSync === owners) {
    draft.groups.delete(owners);
    return;
  }
  const cuts = new Map(before.cuts);
  cuts.delete(server);
  draft.groups.set(owners, { inSync, cuts });
}

export function writeTable(writer: ByteWriter, table: EpochTable): void {
  writer.f64(table.epoch);
  writer.u8(table.servers);
  writer.u8(table.replicas);
  writer.u16(table.joined);
  writer.varint(table.groups.size);
  for (const [owners, group] of table.groups) {
    writer.u16(owners);
    writer.u16(group.inSync);
    for (const server of membersOf((owners & ~group.inSync) as ServerMask)) writer.f64(group.cuts.get(server) ?? 0);
  }
  writer.varint(table.absences.size);
  for (const [server, absence] of table.absences) {
    writer.u8(server);
    writeAbsence(writer, absence);
  }
}

export function readTable(reader: ByteReader): EpochTable {
  const epoch = reader.f64() as Epoch;
  const servers = reader.u8();
  const replicas = reader.u8();
  const joined = reader.u16() as ServerMask;
  const groups = new Map<ServerMask, OutOfSync>();
  for (let count = reader.varint(); count > 0; count--) {
    const owners = reader.u16() as ServerMask;
    const inSync = reader.u16() as ServerMask;
    const cuts = new Map<ServerIndex, Version>();
    for (const server of membersOf((owners & ~inSync) as ServerMask)) cuts.set(server, reader.f64() as Version);
    groups.set(owners, { inSync, cuts });
  }
  const absences = new Map<ServerIndex, Absence>();
  for (let count = reader.varint(); count > 0; count--) absences.set(reader.u8() as ServerIndex, readAbsence(reader));
  return { epoch, servers, replicas, joined, groups, absences };
}
