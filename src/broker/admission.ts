/**
 * How a server that said hello is let in: what it holds counts or not, it recovers under a table that is durable, and
 * when it is ready that is written down before it answers.
 */
import type { ByteReader } from '../lib/bytes.ts';
import { FRAME } from '../model/frames.ts';
import { type ServerMask, type Version, isMember, maskOf } from '../model/ids.ts';
import {
  cutOf,
  type EpochTable,
  forgetAbsence,
  groupsMissing,
  markJoined,
  writeTable,
} from '../replication/epoch-table.ts';
import { changeTable, hasStandIns, putOutLost, putOutWiped, settleAround } from './epochs.ts';
import { askForBulks, noteGroupsAlive } from './orphans.ts';
import type { Hello, ServerView } from './server-view.ts';
import { type BrokerState, readyServers } from './state.ts';

/** `reader` is behind the kind byte of a `hello` frame. */
export function readHello(reader: ByteReader, readTable: (reader: ByteReader) => EpochTable): Hello {
  reader.f64();
  return {
    last: reader.f64() as Version,
    committed: reader.f64() as Version,
    pruned: reader.f64() as Version,
    torn: reader.u8() === 1,
    corrupt: reader.sizedText(),
    table: reader.remaining > 0 ? readTable(reader) : null,
  };
}

/** Whether what a server holds counts: its directory opens, and it is not empty though it once served. */
export function remembers(state: BrokerState, view: ServerView): boolean {
  const { hello } = view;
  if (hello === null || hello.corrupt !== '') return false;
  return hello.table !== null || !isMember(state.epochs.wanted.joined, view.index);
}

/**
 * Servers that are ready for the first time are written down before they answer, and an absence that is over is
 * forgotten, before the server is sent anything new: what it has that is newer than its absence would not be asked for
 * by a life that begins with the absence still there. Answers whether an epoch is due.
 */
export function noteReady(state: BrokerState): boolean {
  const { joined, absences } = state.epochs.wanted;
  let there = readyServers(state);
  for (const view of state.servers) if (view.phase === 'replayed') there = (there | maskOf(view.index)) as ServerMask;
  const back = [...absences.keys()].filter((server) => isMember(there, server));
  if ((there & ~joined) === 0 && back.length === 0) return false;
  changeTable(state, (draft) => {
    markJoined(draft, there);
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
    // Who is in sync again by this has bulks that did not count when it was let in.
    for (const other of state.servers) {
      if (other.phase === 'admitted' && askForBulks(state, other)) other.phase = 'heard';
    }
  } else {
    settleAround(state, view.index);
    putOutCutShort(state, view);
  }
  noteGroupsAlive(state, view);
  view.phase = 'admitted';
  welcomeAdmitted(state);
}

/** Whether the log of a server that is out of a group ends before the cut up to which it had said to have everything. */
export function isCutShort(table: EpochTable, owners: ServerMask, { index, hello }: ServerView): boolean {
  return hello !== null && hello.last < (cutOf(table, owners, index) ?? 0);
}

/** Where the log of a server ends before its cut nothing of it counts: it may lack deletes of which nothing is left. */
function putOutCutShort(state: BrokerState, view: ServerView): void {
  const { wanted } = state.epochs;
  const short = groupsMissing(wanted, view.index).filter((owners) => isCutShort(wanted, owners, view));
  if (short.length === 0) return;
  changeTable(state, (draft) => {
    for (const owners of short) putOutLost(state, draft, owners, view.index);
  });
}

/** Servers whose damaged directories had to be kept, until the other owners of what is in them came. */
export function admitReplaceable(state: BrokerState): void {
  for (const view of state.servers) {
    const isKept = view.phase === 'heard' && view.hello !== null && view.hello.corrupt !== '';
    if (isKept && hasStandIns(state, view.index)) admit(state, view);
  }
}

/** Servers recover under a table that is durable: one that may still be lost must not decide what they drop. */
export function welcomeAdmitted(state: BrokerState): void {
  if (state.epochs.persisting !== null) return;
  if (state.host.rare('broker: a recovery waits for a heartbeat')) return;
  for (const view of state.servers) if (view.phase === 'admitted') welcome(state, view);
}

/**
 * A drive that reported a write and never made it, or rot that looks like a torn tail, shows when the log ends before
 * what its server acknowledged. Then its directory counts as damaged: refilled when others have what is in it, kept and
 * not answered from when it may be the last one. Where syncs are not asked for, a shorter log is what was agreed to.
 */
function doubted(state: BrokerState, view: ServerView, hello: Hello): Hello {
  if (hello.corrupt !== '' || hello.table === null || hello.last >= view.acknowledged) return hello;
  if (state.config.durability !== 'fsync') return hello;
  return { ...hello, corrupt: `its log ends at version ${hello.last}, and it had acknowledged ${view.acknowledged}` };
}

/** A damaged directory is set aside only when every key in it has another copy in sync. */
export function mayRecover(state: BrokerState, view: ServerView): boolean {
  const corrupt = view.hello?.corrupt ?? '';
  if (corrupt === '') return true;
  view.lastError = corrupt;
  const replaceable = hasStandIns(state, view.index);
  const outcome = replaceable
    ? 'set aside and refilled from the other owners'
    : 'kept: it may hold the last copy of keys';
  state.host.note(view.index, `its directory is damaged and ${outcome}: ${corrupt}`);
  return replaceable;
}

export function welcome(state: BrokerState, view: ServerView): void {
  const wipe = view.hello !== null && view.hello.corrupt !== '';
  view.phase = 'welcomed';
  const { out } = state;
  out.reset();
  out.u8(FRAME.welcome);
  out.u8(wipe ? 1 : 0);
  const drops = state.questions.drops.get(view.index) ?? new Map<Version, readonly ServerMask[]>();
  state.questions.drops.delete(view.index);
  out.varint(drops.size);
  for (const version of drops.keys()) out.f64(version);
  writeTable(out, state.epochs.durable);
  state.host.send(view.index, out.view());
}
