/**
 * Bulks that only a server which was absent may have. When all start together without it, its newest bulks over
 * several groups are not among what is rolled forward; when it comes back as the truth of its own groups, each of them
 * must become whole or go. One that some other owner had then is everywhere by now. One that none of them had was never
 * acknowledged nor seen outside, and is dropped. One whose other owners were all absent too is sent to them as they come.
 */
import { FRAME, WriteCursor } from '../model/frames.ts';
import { isMember, maskOf, membersOf, type ServerIndex, type ServerMask, type Version } from '../model/ids.ts';
import { inSyncOf, isInSyncSomewhere } from '../replication/epoch-table.ts';
import type { Write } from './operations.ts';
import type { ServerView } from './server-view.ts';
import { type BrokerState, groupOf } from './state.ts';

/** Whether a server that says hello must first say which bulks it has; then it is asked. */
export function askForBulks(state: BrokerState, view: ServerView): boolean {
  const { absence, out } = state;
  const { wanted } = state.epochs;
  const isTruth = isInSyncSomewhere(wanted, view.index);
  const wasAbsent = isMember(absence.absent, view.index);
  absence.absent = (absence.absent & ~maskOf(view.index)) as ServerMask;
  if (!wasAbsent || !isTruth) return false;
  absence.asked.set(view.index, new Map());
  const others = state.servers.filter((other) => other !== view);
  out.reset();
  out.u8(FRAME.tailWanted);
  out.varint(others.length);
  for (const other of others) {
    out.u8(other.index);
    out.f64(view.hello?.committed ?? 0);
  }
  state.host.send(view.index, out.view());
  return true;
}

/** A server that was asked is gone before it answered: it is asked again when it comes back. */
export function forgetQuestion(state: BrokerState, server: ServerIndex): void {
  const { absence } = state;
  if (absence.asked.delete(server)) absence.absent = (absence.absent | maskOf(server)) as ServerMask;
}

/** One record of a server that was absent. */
export function onBulk(state: BrokerState, server: ServerIndex, frame: Uint8Array): void {
  const bulks = state.absence.asked.get(server);
  const cursor = new WriteCursor();
  cursor.open(frame, 0, frame.length);
  if (bulks === undefined || cursor.count < 2 || cursor.version > state.absence.before) return;
  bulks.set(cursor.version, frame.slice());
}

/** All its records are here: decides about each bulk. */
export function settleBulks(state: BrokerState, server: ServerIndex): void {
  const { absence } = state;
  const bulks = absence.asked.get(server);
  if (bulks === undefined) return;
  absence.asked.delete(server);
  const drops: Version[] = [];
  for (const [version, frame] of [...bulks].sort(([a], [b]) => a - b)) {
    const groups = groupsOf(frame);
    if (groups.length < 2 || isOpen(state, version)) continue;
    const witnesses = new Set<ServerIndex>();
    for (const owners of groups) {
      for (const other of membersOf(inSyncOf(state.epochs.wanted, owners))) {
        if (other !== server && absence.through.has(other)) witnesses.add(other);
      }
    }
    if (witnesses.size === 0) insert(state, version, groups, frame);
    else if (![...witnesses].some((other) => (absence.through.get(other) as Version) >= version)) drops.push(version);
  }
  if (drops.length > 0) absence.drops.set(server, drops);
}

function groupsOf(frame: Uint8Array): ServerMask[] {
  const cursor = new WriteCursor();
  cursor.open(frame, 0, frame.length);
  const groups = new Set<ServerMask>();
  while (cursor.next()) groups.add(cursor.owners);
  return [...groups];
}

function isOpen(state: BrokerState, version: Version): boolean {
  for (const bulk of state.openBulks) if (bulk.version === version) return true;
  return false;
}

/** Puts a bulk of an earlier life into the queues of its groups, in its place. */
function insert(state: BrokerState, version: Version, owners: readonly ServerMask[], frame: Uint8Array): void {
  const groups = owners.map((mask) => groupOf(state, mask));
  const write: Write = {
    version,
    groups,
    sentTo: 0 as ServerMask,
    waitingGroups: groups.length,
    items: 0,
    kind: 'write',
    existed: false,
    frame,
    reply: null,
    deadlineMs: Number.POSITIVE_INFINITY,
  };
  state.openBulks.add(write);
  for (const group of groups) {
    const writes = [...group.writes, write].sort((a, b) => a.version - b.version);
    while (group.writes.size > 0) group.writes.shift();
    for (const each of writes) group.writes.push(each);
    if (version > group.newest) group.newest = version;
  }
}
