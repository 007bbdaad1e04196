/**
 * Bulks that only a server which was absent may have (replication/absence.ts says which stay). When it comes back as
 * the truth of its own groups it is asked for them: what must go is dropped by its recovery, what may stay is sent to
 * those who lack it, now or as they come.
 */
import { FRAME, WriteCursor } from '../model/frames.ts';
import { isMember, maskOf, membersOf, type ServerIndex, type ServerMask, type Version } from '../model/ids.ts';
import { isRefuted } from '../replication/absence.ts';
import {
  cutOf,
  type EpochTable,
  inSyncOf,
  groupsOwned,
  isInSyncSomewhere,
  noteAlive,
  putOut,
  type TableDraft,
} from '../replication/epoch-table.ts';
import { changeTable } from './epochs.ts';
import type { Write } from './group.ts';
import type { HeldRecord } from './operations.ts';
import type { ServerView } from './server-view.ts';
import { type BrokerState, groupOf, readyServers } from './state.ts';

/** Asks for every record above what a server knows to be agreed, whoever else may have it. */
export function askForAll(state: BrokerState, view: ServerView): void {
  const { out } = state;
  out.reset();
  out.u8(FRAME.tailWanted);
  out.f64(view.hello?.committed ?? 0);
  out.varint(state.servers.length);
  for (const { index } of state.servers) {
    out.u8(index);
    out.f64(view.hello?.committed ?? 0);
  }
  state.host.send(view.index, out.view());
}

/** Whether a server that says hello must first say which bulks it has; then it is asked. */
export function askForBulks(state: BrokerState, view: ServerView): boolean {
  const { wanted } = state.epochs;
  if (!wanted.absences.has(view.index) || !isInSyncSomewhere(wanted, view.index)) return false;
  state.questions.asked.set(view.index, new Map());
  askForAll(state, view);
  return true;
}

/** One record of a server that was asked. */
export function onBulk(state: BrokerState, server: ServerIndex, { held, frame }: HeldRecord): void {
  const version = orphanVersion(state.epochs.wanted, server, frame);
  if (version !== null) state.questions.asked.get(server)?.set(version, { held, frame: frame.slice() });
}

/**
 * Whether a record counts that a server has: if that is in sync with one of the groups of which it has it, or is out but
 * had it agreed before: a bulk can be agreed in one group and still be owed to another.
 */
export function counts(
  state: BrokerState,
  server: ServerIndex,
  version: Version,
  { held, frame }: HeldRecord,
): boolean {
  return held.some((owners) => {
    const cut = cutOf(state.epochs.wanted, owners, server);
    // What it had agreed may be taken back by the truth of the group: one that was absent must drop it.
    return cut === null || (version <= cut && !isTakenBack(state, owners, groupsOf(frame), version));
  });
}

/** Whether somebody in sync with a group must drop a bulk when it is back. */
function isTakenBack(
  { epochs }: BrokerState,
  owners: ServerMask,
  groups: readonly ServerMask[],
  version: Version,
): boolean {
  return membersOf(inSyncOf(epochs.wanted, owners)).some((server) => {
    const absence = epochs.wanted.absences.get(server);
    return absence !== undefined && version <= absence.before && isRefuted(absence, groups, version);
  });
}

/** The version of a bulk over several groups that is of the lives before a server's absence; null for all else. */
function orphanVersion(table: EpochTable, server: ServerIndex, frame: Uint8Array): Version | null {
  const absence = table.absences.get(server);
  if (absence === undefined) return null;
  const cursor = new WriteCursor();
  cursor.open(frame, 0, frame.length);
  const { version } = cursor;
  return version <= absence.before && groupsOf(frame).length > 1 ? version : null;
}

/** Whether a server must drop a record of its; then its recovery will be told. */
export function mustDrop(state: BrokerState, server: ServerIndex, frame: Uint8Array): boolean {
  const version = orphanVersion(state.epochs.wanted, server, frame);
  const absence = state.epochs.wanted.absences.get(server);
  if (version === null || absence === undefined) return false;
  const groups = groupsOf(frame);
  if (!isRefuted(absence, groups, version)) return false;
  const drops = state.questions.drops.get(server) ?? new Map<Version, readonly ServerMask[]>();
  state.questions.drops.set(server, drops.set(version, groups));
  return true;
}

/**
 * All its records are here: decides about each bulk. Answers who runs with a bulk that goes: it was agreed with them in
 * one group while another one had not got it, and must be recovered from without it.
 */
export function settleBulks(state: BrokerState, server: ServerIndex): ServerMask {
  const bulks = state.questions.asked.get(server);
  if (bulks === undefined) return 0 as ServerMask;
  state.questions.asked.delete(server);
  for (const [version, bulk] of [...bulks].sort(([a], [b]) => a - b)) {
    // What is above its cuts it loses by itself; it may have been heard by a life that went on without that.
    if (mustDrop(state, server, bulk.frame) || !counts(state, server, version, bulk)) continue;
    if (!state.openBulks.has(version)) insert(state, version, bulk.frame);
  }
  const lowered = cutsToLower(state, server);
  if (lowered.length > 0) changeTable(state, (draft) => lowerCuts(draft, lowered));
  return lowered.reduce((mask, { other }) => mask | maskOf(other), 0) as ServerMask;
}

/** That what an owner holds from `version` on counts no more. */
export type LowerCut = { readonly owners: ServerMask; readonly other: ServerIndex; readonly version: Version };

/** Who is out of groups of which `server` is the truth, and was agreed with on bulks that it must drop. */
export function cutsToLower(state: BrokerState, server: ServerIndex): LowerCut[] {
  const { wanted } = state.epochs;
  const lowered: LowerCut[] = [];
  for (const [version, groups] of state.questions.drops.get(server) ?? []) {
    for (const owners of groups) {
      if (!isMember(inSyncOf(wanted, owners), server)) continue;
      for (const other of membersOf(owners)) {
        if ((cutOf(wanted, owners, other) ?? 0) >= version) lowered.push({ owners, other, version });
      }
    }
  }
  return lowered;
}

export function lowerCuts(draft: TableDraft, lowered: readonly LowerCut[]): void {
  for (const { owners, other, version } of lowered) putOut(draft, owners, other, (version - 1) as Version);
}

/** The groups of which a server is the truth serve again with it: those who are absent are judged by what it has. */
export function noteGroupsAlive(state: BrokerState, view: ServerView): void {
  const { wanted } = state.epochs;
  if (wanted.absences.size === 0) return;
  const through = view.hello?.last ?? (0 as Version);
  const owned = groupsOwned(wanted, view.index).filter((owners) => isMember(inSyncOf(wanted, owners), view.index));
  if (owned.length === 0) return;
  changeTable(state, (draft) =>
    noteAlive(draft, new Map(owned.map((owners) => [owners, { through, rolled: openIn(state, owners, through) }]))),
  );
}

/** Bulks over several groups that a group gets though its owners in sync have only what is up to `through`. */
export function openIn(state: BrokerState, owners: ServerMask, through: Version): Version[] {
  const rolled: Version[] = [];
  for (const [version, { groups }] of state.openBulks) {
    if (version > through && groups.some((group) => group.owners === owners)) rolled.push(version);
  }
  return rolled;
}

export function groupsOf(frame: Uint8Array): ServerMask[] {
  const cursor = new WriteCursor();
  cursor.open(frame, 0, frame.length);
  const groups = new Set<ServerMask>();
  while (cursor.next()) groups.add(cursor.owners);
  return [...groups];
}

/** Puts a bulk of an earlier life into the queues of its groups, in its place. */
function insert(state: BrokerState, version: Version, frame: Uint8Array): void {
  const write = rolledForward(state, version, frame);
  state.openBulks.set(version, write);
  for (const group of write.groups) {
    // Also while the epoch is on its way that puts them in sync: a cut must not come to be below what was agreed before.
    const isAlive = (inSyncOf(state.epochs.wanted, group.owners) & readyServers(state)) !== 0;
    if (isAlive) group.agreed = group.resolved(state.lastVersion);
    const writes = [...group.writes, write].sort((a, b) => a.version - b.version);
    while (group.writes.size > 0) group.writes.shift();
    for (const each of writes) group.writes.push(each);
    if (version > group.newest) group.newest = version;
  }
}

/** A record of an earlier life as a write of this one: nobody waits for its answer. */
export function rolledForward(state: BrokerState, version: Version, frame: Uint8Array): Write {
  const groups = groupsOf(frame).map((owners) => groupOf(state, owners));
  return {
    version,
    groups,
    sentTo: 0 as ServerMask,
    waitingGroups: groups.length,
    items: 0,
    kind: 'write',
    existed: false,
    wallMs: 0,
    witnesses: 0 as ServerMask,
    unsure: [],
    frame,
    reply: null,
    deadlineMs: Number.POSITIVE_INFINITY,
    shown: null,
    tell: null,
  };
}
