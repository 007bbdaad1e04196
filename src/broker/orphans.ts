/**
 * Bulks that only a server which was absent may have. When all start together without it, its newest bulks over
 * several groups are not among what is rolled forward; when it comes back as the truth of its own groups, each of them
 * must become whole or go. One that some other owner had then is everywhere by now. One that none of them had was never
 * acknowledged nor seen outside, and is dropped. One whose other owners were all absent too is sent to them as they come.
 */
import { FRAME, WriteCursor } from '../model/frames.ts';
import { membersOf, type ServerIndex, type ServerMask, type Version } from '../model/ids.ts';
import type { Write } from './operations.ts';
import type { ServerView } from './server-view.ts';
import { type BrokerState, groupOf } from './state.ts';

/** Whether a server that says hello must first say which bulks it has; then it is asked. */
export function askForBulks(state: BrokerState, view: ServerView): boolean {
  const { absence, out } = state;
  if (!state.epochs.wanted.absences.has(view.index)) return false;
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

/** One record of a server. Answers whether it is a bulk of an earlier life that has to be decided about. */
export function isQuestioned(state: BrokerState, server: ServerIndex, frame: Uint8Array): boolean {
  const absence = state.epochs.wanted.absences.get(server);
  if (absence === undefined) return false;
  const cursor = new WriteCursor();
  cursor.open(frame, 0, frame.length);
  if (cursor.version > absence.before || groupsOf(frame).length < 2) return false;
  const asked = state.absence.asked.get(server) ?? new Map<Version, Uint8Array>();
  asked.set(cursor.version, frame.slice());
  state.absence.asked.set(server, asked);
  return true;
}

/** Decides about each bulk that a server was asked for: answers those that stay, and notes what it must drop. */
export function judgeBulks(state: BrokerState, server: ServerIndex): Map<Version, Uint8Array> {
  const kept = new Map<Version, Uint8Array>();
  const bulks = state.absence.asked.get(server) ?? new Map<Version, Uint8Array>();
  state.absence.asked.delete(server);
  const through = state.epochs.wanted.absences.get(server)?.through ?? [];
  const drops: Version[] = [];
  for (const [version, frame] of [...bulks].sort(([a], [b]) => a - b)) {
    const witnesses = new Set<ServerIndex>();
    for (const owners of groupsOf(frame)) {
      for (const other of membersOf(owners)) if (other !== server && (through[other] ?? 0) > 0) witnesses.add(other);
    }
    const had = [...witnesses].some((other) => (through[other] as Version) >= version);
    if (had || witnesses.size === 0 || isOpen(state, version)) kept.set(version, frame);
    else drops.push(version);
  }
  if (drops.length > 0) state.absence.drops.set(server, drops);
  return kept;
}

/** The same while the store serves: what stays and nobody else could have is sent to its other owners as they come. */
export function settleBulks(state: BrokerState, server: ServerIndex): void {
  const through = state.epochs.wanted.absences.get(server)?.through ?? [];
  for (const [version, frame] of judgeBulks(state, server)) {
    const groups = groupsOf(frame);
    const isKnown = groups.some((owners) => membersOf(owners).some((other) => (through[other] ?? 0) >= version));
    if (!isKnown && !isOpen(state, version)) insert(state, version, groups, frame);
  }
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
