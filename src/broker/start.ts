/**
 * A broker's new life: hear what every server remembers, take the highest epoch there is, and make what its in-sync
 * members hold the same everywhere before anything is answered. A record that one of them has is rolled forward to
 * all of them; what others hold above their cut is dropped.
 *
 *   starting ──all heard or given up──► collecting (their newest records) ──► welcoming (they replay) ──► serving
 */
import type { ByteReader } from '../lib/bytes.ts';
import { FRAME, WriteCursor } from '../model/frames.ts';
import {
  isMember,
  maskOf,
  membersOf,
  type ServerIndex,
  type ServerMask,
  serverName,
  type Version,
  versionOf,
} from '../model/ids.ts';
import type { Alive } from '../replication/absence.ts';
import {
  cutOf,
  type EpochTable,
  forgetAbsence,
  groupsOwned,
  isInSyncSomewhere,
  inSyncOf,
  markJoined,
  noteAbsent,
  noteAlive,
  putOut,
  writeTable,
} from '../replication/epoch-table.ts';
import { placementGroups } from '../routing/placement.ts';
import { changeTable, isReplaceable, putOutWiped, settleAround } from './epochs.ts';
import { askForAll, askForBulks, mustDrop, noteGroupsAlive, openIn, rolledForward } from './orphans.ts';
import type { Hello, ServerView } from './server-view.ts';
import { answerers, type BrokerState, raiseVersion, readyServers, viewOf } from './state.ts';
import { enqueue } from './writes.ts';

/** What starting needs to remember and serving does not. */
export type Starting = {
  /** Whether the host's own epoch file was there: it is never behind. */
  readonly hostRemembers: boolean;
  readonly tails: Map<Version, Uint8Array>;
  /** Requests for tails that each server has not finished. */
  readonly pendingTails: Map<ServerIndex, number>;
  welcomed: boolean;
};

/** `reader` is behind the kind byte of a `hello` frame. */
export function readHello(reader: ByteReader, readTable: (reader: ByteReader) => EpochTable): Hello {
  reader.f64();
  return {
    last: reader.f64() as Version,
    committed: reader.f64() as Version,
    torn: reader.u8() === 1,
    corrupt: reader.sizedText(),
    table: reader.remaining > 0 ? readTable(reader) : null,
  };
}

/** Whether what a server holds counts: its directory opens, and it is not empty though it once served. */
function remembers(state: BrokerState, view: ServerView): boolean {
  const { hello } = view;
  if (hello === null || hello.corrupt !== '') return false;
  return hello.table !== null || !isMember(state.epochs.wanted.joined, view.index);
}

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
      for (const view of state.servers) if (view.phase === 'heard' && mayRecover(state, view)) welcome(state, view);
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
  if (!starting.hostRemembers && table.epoch > 0 && !allInSyncHeard(state, table)) return false;
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

/** Without the host's file a server that was not heard may know of a later epoch: only all of them are certain. */
function allInSyncHeard(state: BrokerState, table: EpochTable): boolean {
  for (const view of state.servers) {
    if (isInSyncSomewhere(table, view.index) && !remembers(state, view)) {
      state.host.note(view.index, `${serverName(view.index)} must be heard: the host's epoch file is lost`);
      return false;
    }
  }
  return true;
}

/** What others may lack: all that is newer than what they have, or, of one that is not here, than what is agreed. */
function askTail(state: BrokerState, view: ServerView): void {
  if (state.epochs.wanted.absences.has(view.index)) {
    askForAll(state, view);
    return;
  }
  const others = state.servers.filter((other) => other !== view);
  const { out } = state;
  out.reset();
  out.u8(FRAME.tailWanted);
  out.varint(others.length);
  for (const other of others) {
    out.u8(other.index);
    out.f64((remembers(state, other) ? other.hello?.last : view.hello?.committed) ?? 0);
  }
  state.host.send(view.index, out.view());
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

/**
 * A `tail` frame: one record that somebody may lack. It counts if its holder is in sync with a group of it, or is out
 * but had it agreed before: a bulk can be agreed in one group and still be owed to another.
 */
export function onTail(state: BrokerState, starting: Starting, from: ServerIndex, frame: Uint8Array): void {
  const cursor = new WriteCursor();
  cursor.open(frame, 0, frame.length);
  if (mustDrop(state, from, frame) || starting.tails.has(cursor.version)) return;
  while (cursor.next()) {
    if (!isMember(cursor.owners, from)) continue;
    const cut = cutOf(state.epochs.wanted, cursor.owners, from);
    if (cut === null || cursor.version <= cut) {
      starting.tails.set(cursor.version, frame.slice());
      return;
    }
  }
}

/** Opens this life's epoch: wiped and missing servers out, and what is not everywhere queued as if just written. */
function rollForward(state: BrokerState, starting: Starting): void {
  for (const version of [...starting.tails.keys()].sort((a, b) => a - b)) {
    enqueue(state, rolledForward(state, version, starting.tails.get(version) as Uint8Array));
  }
  starting.tails.clear();
  const before = state.epochs.wanted;
  const heard = state.servers.filter((view) => view.phase === 'heard' && remembers(state, view));
  let mask = 0;
  for (const view of heard) mask |= maskOf(view.index);
  changeTable(state, (draft) => {
    const alive = new Map<ServerMask, Alive>();
    for (const owners of placementGroups(state.placement)) {
      const inSync = inSyncOf(before, owners);
      const here = membersOf((inSync & mask) as ServerMask).map((server) => viewOf(state, server).hello as Hello);
      const agreed = newest(here.map((hello) => hello.committed));
      for (const server of membersOf((inSync & ~mask) as ServerMask)) {
        const { hello } = viewOf(state, server);
        const isEmpty = hello !== null && hello.corrupt === '';
        // What is damaged may be the last copy there is: it is given up only when another one is at hand.
        if (isEmpty || (hello !== null && here.length > 0)) putOut(draft, owners, server, 0 as Version);
        else if (here.length > 0) putOut(draft, owners, server, agreed);
      }
      for (const server of membersOf((owners & ~inSync) as ServerMask)) {
        // Out before, and now without what it had: its cut promises nothing any more.
        const view = viewOf(state, server);
        if (view.hello !== null && !remembers(state, view)) putOut(draft, owners, server, 0 as Version);
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

function newest(versions: readonly Version[]): Version {
  return versions.reduce((a, b) => (b > a ? b : a), 0 as Version);
}

/**
 * Servers that are ready for the first time are written down before they answer, and an absence that is over is
 * forgotten. Answers whether an epoch is due.
 */
export function noteReady(state: BrokerState): boolean {
  const ready = readyServers(state);
  const { joined, absences } = state.epochs.wanted;
  const back = [...absences.keys()].filter((server) => isMember(ready, server));
  if ((ready & ~joined) === 0 && back.length === 0) return false;
  changeTable(state, (draft) => {
    markJoined(draft, ready);
    for (const server of back) forgetAbsence(draft, server);
  });
  return true;
}

/** A server said hello while the store serves: it recovers under the table of now. */
export function admit(state: BrokerState, view: ServerView): void {
  if (view.hello === null) return;
  view.hello = doubted(state, view, view.hello);
  if (!mayRecover(state, view)) return;
  if (remembers(state, view) && askForBulks(state, view)) return;
  admitNow(state, view);
}

/** What it holds is known: it recovers as soon as the epoch is durable. */
export function admitNow(state: BrokerState, view: ServerView): void {
  if (!remembers(state, view)) {
    putOutWiped(state, view.index);
    view.acknowledged = 0 as Version;
  } else settleAround(state, view.index);
  noteGroupsAlive(state, view);
  view.phase = 'admitted';
  welcomeAdmitted(state);
}

/** Servers recover under a table that is durable: one that may still be lost must not decide what they drop. */
export function welcomeAdmitted(state: BrokerState): void {
  if (state.epochs.persisting !== null) return;
  for (const view of state.servers) if (view.phase === 'admitted') welcome(state, view);
}

/**
 * A drive that reported a write and never made it shows when the log ends before what its server acknowledged. Then its
 * directory counts as damaged, if others who serve now have everything that it had; else it is the best there is.
 */
function doubted(state: BrokerState, view: ServerView, hello: Hello): Hello {
  if (hello.corrupt !== '' || hello.table === null || hello.last >= view.acknowledged) return hello;
  const lost = `its log ends at version ${hello.last}, and it had acknowledged ${view.acknowledged}`;
  view.lastError = lost;
  const self = maskOf(view.index);
  const isElsewhere = groupsOwned(state.epochs.wanted, view.index).every(
    (owners) => (answerers(state, owners) & ~self) !== 0,
  );
  if (isElsewhere) return { ...hello, corrupt: lost };
  state.host.note(view.index, `${lost}: no other owner that serves has it`);
  return hello;
}

/** A damaged directory is set aside only when every key in it has another copy in sync. */
function mayRecover(state: BrokerState, view: ServerView): boolean {
  const corrupt = view.hello?.corrupt ?? '';
  if (corrupt === '') return true;
  view.lastError = corrupt;
  const replaceable = isReplaceable(state.epochs.wanted, view.index);
  const outcome = replaceable
    ? 'set aside and refilled from the other owners'
    : 'kept: it may hold the last copy of keys';
  state.host.note(view.index, `its directory is damaged and ${outcome}: ${corrupt}`);
  return replaceable;
}

function welcome(state: BrokerState, view: ServerView): void {
  const wipe = view.hello !== null && view.hello.corrupt !== '';
  view.phase = 'welcomed';
  const { out } = state;
  out.reset();
  out.u8(FRAME.welcome);
  out.u8(wipe ? 1 : 0);
  const drops = state.questions.drops.get(view.index) ?? new Set<Version>();
  state.questions.drops.delete(view.index);
  out.varint(drops.size);
  for (const version of drops) out.f64(version);
  writeTable(out, state.epochs.durable);
  state.host.send(view.index, out.view());
}
