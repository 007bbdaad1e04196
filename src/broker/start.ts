/**
 * A broker's new life: hear what every server remembers, take the highest epoch there is, and make what its in-sync
 * members hold the same everywhere before anything is answered. A record that one of them has is rolled forward to
 * all of them; what others hold above their cut is dropped.
 *
 *   starting ──all heard or given up──► collecting (their newest records) ──► welcoming (they replay) ──► serving
 */
import { FRAME, WriteCursor } from '../model/frames.ts';
import {
  type ServerIndex,
  type ServerMask,
  type Version,
  isMember,
  maskOf,
  membersOf,
  serverName,
  versionOf,
} from '../model/ids.ts';
import type { Alive } from '../replication/absence.ts';
import {
  type EpochTable,
  inSyncOf,
  isInSyncSomewhere,
  noteAbsent,
  noteAlive,
  putOut,
} from '../replication/epoch-table.ts';
import { placementGroups } from '../routing/placement.ts';
import { admit, isCutShort, mayRecover, noteReady, remembers, welcome } from './admission.ts';
import { changeTable, putOutLost, putOutServer } from './epochs.ts';
import { askForAll, counts, cutsToLower, groupsOf, lowerCuts, mustDrop, openIn, rolledForward } from './orphans.ts';
import type { HeldRecord } from './operations.ts';
import type { Hello, ServerView } from './server-view.ts';
import { type BrokerState, groupOf, raiseVersion, readyServers, viewOf } from './state.ts';
import { enqueue } from './writes.ts';

/** The bytes that `persistEpoch` was last given by an earlier life; none where there was no earlier life. */
export type SavedEpoch = Uint8Array | 'none' | 'lost';

/** What starting needs to remember and serving does not. */
export type Starting = {
  /** The host's own epoch file is never behind. A host that has none may have lost it, or begin with nothing. */
  readonly saved: SavedEpoch;
  readonly tails: Map<Version, Uint8Array>;
  /** Requests for tails that each server has not finished. */
  readonly pendingTails: Map<ServerIndex, number>;
  /** Who was there when it was decided what is rolled forward. */
  heard: ServerMask;
  welcomed: boolean;
};

/** Goes on as far as what was heard allows. Answers whether the phase changed. */
export function progressStart(state: BrokerState, starting: Starting): boolean {
  if (state.phase === 'starting') return chooseTable(state, starting);
  if (state.phase === 'collecting' && starting.pendingTails.size === 0) {
    rollForward(state, starting);
    return true;
  }
  if (state.phase === 'welcoming' && state.epochs.persisting === null) {
    if (!starting.welcomed) {
      starting.welcomed = true;
      const { servers } = state;
      const isDecidedFor = (view: ServerView): boolean => isMember(starting.heard, view.index);
      for (const view of servers) {
        // A damaged one that is still in sync with something has to be put out first, when others serve.
        const isOut = view.hello?.corrupt === '' || !isInSyncSomewhere(state.epochs.wanted, view.index);
        if (view.phase === 'heard' && isDecidedFor(view) && mayRecover(state, view) && isOut) welcome(state, view);
      }
      for (const view of servers) {
        if (isDecidedFor(view)) continue;
        // The decision counted on one that was lost since: it is out, as if it had been lost now.
        putOutServer(state, view.index, 'lost while the cluster started');
        // One that was heard after the decision was absent to it, and may have what must be decided about.
        if (view.phase === 'heard') admit(state, view);
      }
    }
    if (state.servers.some((view) => view.phase === 'welcomed')) return false;
    const ready = readyServers(state);
    if (ready === 0) return false;
    if (noteReady(state)) return false;
    state.phase = 'serving';
    return true;
  }
  return false;
}

function chooseTable(state: BrokerState, starting: Starting): boolean {
  if (state.servers.some((view) => view.phase === 'starting')) return false;
  const heard = state.servers.filter((view) => view.phase === 'heard');
  if (heard.length === 0) return false;
  let table = state.epochs.durable;
  for (const view of heard) {
    const remembered = view.hello?.table;
    if (remembered != null && remembered.epoch > table.epoch) table = remembered;
  }
  const isCertain = starting.saved instanceof Uint8Array || (starting.saved === 'none' && table.epoch === 0);
  if (!isCertain && !allHeard(state, table)) return false;
  state.epochs.durable = table;
  state.epochs.wanted = table;
  raiseVersion(state, table.epoch);
  for (const view of heard)
    if (view.hello !== null && view.hello.last > state.lastVersion) state.lastVersion = view.hello.last;
  state.phase = 'collecting';
  starting.tails.clear();
  state.questions.drops.clear();
  for (const view of heard) {
    if (!remembers(state, view)) continue;
    starting.pendingTails.set(view.index, (starting.pendingTails.get(view.index) ?? 0) + 1);
    askTail(state, view);
  }
  return true;
}

/**
 * Without the host's file a server that was not heard may know of a later epoch, even one that was out of sync in the
 * newest that is known: only all of them are certain. Who is in sync must remember besides. Where nobody who was heard
 * remembers anything, the others may.
 */
function allHeard(state: BrokerState, table: EpochTable): boolean {
  for (const view of state.servers) {
    const isMissed = isMember(table.joined, view.index) && view.phase !== 'heard';
    if (isMissed || (isInSyncSomewhere(table, view.index) && !remembers(state, view))) {
      state.host.note(view.index, `${serverName(view.index)} must be heard: the host's epoch file is lost`);
      return false;
    }
  }
  return true;
}

/**
 * What others may lack: all that is newer than what they have, or, of one that is not here, than what is agreed. And
 * every bulk over several groups that is newer than that: whoever says that it has one may have it in a page cache only,
 * and be lost before its recovery makes it durable, while owners of another group show theirs.
 */
function askTail(state: BrokerState, view: ServerView): void {
  if (state.epochs.wanted.absences.has(view.index)) {
    askForAll(state, view);
    return;
  }
  const others = state.servers.filter((other) => other !== view);
  const { out } = state;
  out.reset();
  out.u8(FRAME.tailWanted);
  const isWhole = state.host.rare('broker: a tail is asked for from its beginning');
  out.f64(isWhole ? 0 : (view.hello?.committed ?? 0));
  out.varint(others.length);
  for (const other of others) {
    out.u8(other.index);
    if (isWhole) out.f64(0);
    else out.f64((remembers(state, other) ? other.hello?.last : view.hello?.committed) ?? 0);
  }
  state.host.send(view.index, out.view());
}

/** A server is gone: what is decided later does not count on it. */
export function forgetHeard(starting: Starting, server: ServerIndex): void {
  starting.pendingTails.delete(server);
  starting.heard = (starting.heard & ~maskOf(server)) as ServerMask;
}

/** A server that is heard while tails are collected may lack what nobody was asked for: all are asked again. */
export function hearLate(state: BrokerState): void {
  if (state.phase === 'collecting') state.phase = 'starting';
}

export function onTailEnd(starting: Starting, from: ServerIndex): void {
  const left = (starting.pendingTails.get(from) ?? 1) - 1;
  if (left > 0) starting.pendingTails.set(from, left);
  else starting.pendingTails.delete(from);
}

/** A record that somebody may lack. */
export function onTail(state: BrokerState, starting: Starting, from: ServerIndex, record: HeldRecord): void {
  const { frame } = record;
  const cursor = new WriteCursor();
  cursor.open(frame, 0, frame.length);
  const { version } = cursor;
  if (mustDrop(state, from, frame) || starting.tails.has(version)) return;
  if (counts(state, from, version, record)) starting.tails.set(version, frame.slice());
}

/** Opens this life's epoch: wiped and missing servers out, and what is not everywhere queued as if just written. */
function rollForward(state: BrokerState, starting: Starting): void {
  for (const version of [...starting.tails.keys()].sort((a, b) => a - b)) {
    const frame = starting.tails.get(version) as Uint8Array;
    // Sent for the sake of one that is behind: agreed already, and not to be held below anybody's cut again.
    if (isAgreed(state, version, frame)) continue;
    enqueue(state, rolledForward(state, version, frame));
  }
  starting.tails.clear();
  const before = state.epochs.wanted;
  const remembering = state.servers.filter((view) => view.phase === 'heard' && remembers(state, view));
  let mask = 0;
  for (const view of remembering) mask |= maskOf(view.index);
  starting.heard = state.servers.reduce(
    (all, view) => (view.phase === 'heard' ? all | maskOf(view.index) : all),
    0 as number,
  ) as ServerMask;
  const lowered = remembering.flatMap((view) => cutsToLower(state, view.index));
  changeTable(state, (draft) => {
    lowerCuts(draft, lowered);
    const alive = new Map<ServerMask, Alive>();
    for (const owners of placementGroups(state.placement)) {
      const inSync = inSyncOf(before, owners);
      const heard = membersOf((inSync & mask) as ServerMask);
      const here = heard.map((server) => viewOf(state, server).hello as Hello);
      const agreed = newest(here.map((hello) => hello.committed));
      // Of what is newer than that the others have the records, whoever lacks it.
      const pruned = newest(here.map((hello) => hello.pruned));
      groupOf(state, owners).agreed = agreed;
      for (const server of membersOf((inSync & ~mask) as ServerMask)) {
        const { hello } = viewOf(state, server);
        const isEmpty = hello !== null && hello.corrupt === '';
        // What is damaged may be the last copy there is: it is given up only when another one is at hand.
        if (isEmpty || (hello !== null && here.length > 0)) putOutLost(state, draft, owners, server);
        else if (here.length > 0) putOut(draft, owners, server, Math.min(agreed, pruned) as Version);
      }
      for (const server of membersOf((owners & ~inSync) as ServerMask)) {
        // Out before, and now without what it had, as an empty directory is: its cut promises nothing any more.
        if (isCutShort(draft.table, owners, viewOf(state, server))) putOutLost(state, draft, owners, server);
      }
      const through = newest(here.map((hello) => hello.last));
      if (here.length > 0) alive.set(owners, { through, rolled: openIn(state, owners, through) });
    }
    const absent = state.servers.filter(
      ({ index }) => !isMember(mask as ServerMask, index) && isInSyncSomewhere(draft.table, index),
    );
    noteAbsent(
      draft,
      absent.map((view) => view.index),
      versionOf(draft.table.epoch, 0),
    );
    noteAlive(draft, alive);
  });
  raiseVersion(state, state.epochs.wanted.epoch);
  state.phase = 'welcoming';
}

/**
 * Whether an owner knows that a record is durable at all in sync, and all of them were heard and have it still. What
 * they merely have may be in a page cache alone.
 */
function isAgreed(state: BrokerState, version: Version, frame: Uint8Array): boolean {
  let isKnown = false;
  for (const owners of groupsOf(frame)) {
    const inSync = membersOf(inSyncOf(state.epochs.wanted, owners));
    if (inSync.length === 0) return false;
    for (const server of inSync) {
      const view = viewOf(state, server);
      if (view.hello === null || !remembers(state, view) || view.hello.last < version) return false;
      if (view.hello.committed >= version) isKnown = true;
    }
  }
  return isKnown;
}

function newest(versions: readonly Version[]): Version {
  return versions.reduce((a, b) => (b > a ? b : a), 0 as Version);
}
