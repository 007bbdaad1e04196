/**
 * Epochs: every change of who is in sync is a new table, durable in the host's file and on every server that can be
 * reached before a write is acknowledged or a read answered under it. One table is made durable at a time; what
 * changes meanwhile is the next one.
 */
import { ByteWriter } from '../lib/bytes.ts';
import { FRAME } from '../model/frames.ts';
import {
  type Epoch,
  isMember,
  maskOf,
  membersOf,
  type ServerIndex,
  type ServerMask,
  type Version,
} from '../model/ids.ts';
import {
  draftOf,
  type EpochTable,
  groupsOwned,
  inSyncOf,
  putIn,
  putOut,
  readTable,
  type TableDraft,
  writeTable,
} from '../replication/epoch-table.ts';
import { ByteReader } from '../lib/bytes.ts';
import { type BrokerState, groupOf, isLive, readyServers, viewOf } from './state.ts';

/** Changes the wanted table and starts to make it durable. */
export function changeTable(state: BrokerState, change: (draft: TableDraft) => void): void {
  const draft = draftOf(state.epochs.wanted);
  change(draft);
  state.epochs.wanted = draft.table;
  if (state.epochs.persisting === null) persist(state);
}

function persist(state: BrokerState): void {
  const { epochs } = state;
  const table = epochs.wanted;
  epochs.persisting = table;
  epochs.hostHasIt = false;
  epochs.awaited = 0 as ServerMask;
  state.host.persistEpoch(tableBytes(table), table.epoch);
}

/** Tells one server of the newest table that the host has. */
export function sendEpoch(state: BrokerState, server: ServerIndex): void {
  const { out, epochs } = state;
  out.reset();
  out.u8(FRAME.epoch);
  writeTable(out, epochs.persisting !== null && epochs.hostHasIt ? epochs.persisting : epochs.durable);
  state.host.send(server, out.view());
}

/** Answers whether an epoch became durable by this. */
export function onEpochKept(state: BrokerState, server: ServerIndex, epoch: Epoch): boolean {
  if (state.epochs.persisting?.epoch !== epoch) return false;
  state.epochs.awaited = (state.epochs.awaited & ~maskOf(server)) as ServerMask;
  return settle(state);
}

export function onHostHasEpoch(state: BrokerState, epoch: Epoch): boolean {
  if (state.epochs.persisting?.epoch !== epoch) return false;
  // The servers hear of it only now: the host's file, while it is there, is never behind any of them.
  state.epochs.hostHasIt = true;
  state.epochs.awaited = readyServers(state);
  for (const server of membersOf(state.epochs.awaited)) sendEpoch(state, server);
  return settle(state);
}

/** A server that is gone is not waited for. */
export function onServerLost(state: BrokerState, server: ServerIndex): boolean {
  state.epochs.awaited = (state.epochs.awaited & ~maskOf(server)) as ServerMask;
  return settle(state);
}

function settle(state: BrokerState): boolean {
  const { epochs } = state;
  if (epochs.persisting === null || !epochs.hostHasIt || epochs.awaited !== 0) return false;
  epochs.durable = epochs.persisting;
  epochs.persisting = null;
  if (epochs.wanted.epoch > epochs.durable.epoch) persist(state);
  return true;
}

/**
 * Puts a server out of every group in which somebody else who is in sync still lives. Where it was the last one it
 * stays in sync: what it holds is the truth, and the group waits for it.
 */
export function putOutServer(state: BrokerState, server: ServerIndex, reason: string): void {
  const { wanted } = state.epochs;
  const view = viewOf(state, server);
  view.acknowledged = Math.max(view.acknowledged, view.durable) as Version;
  const left = groupsOwned(wanted, server).filter((owners) => {
    const inSync = inSyncOf(wanted, owners);
    if (!isMember(inSync, server)) return false;
    return membersOf(inSync).some((other) => other !== server && isLive(viewOf(state, other)));
  });
  if (left.length === 0) return;
  // Not above what it said to have: a log that is cut short until it comes back ends before its cut.
  const said = Math.max(view.durable, view.hello?.last ?? 0);
  changeTable(state, (draft) => {
    for (const owners of left) {
      const group = groupOf(state, owners);
      // At a start what others say to have may yet be lost with their page caches.
      const resolved = state.phase === 'serving' ? group.resolved(state.lastVersion) : group.agreed;
      putOut(draft, owners, server, Math.min(resolved, said) as Version);
    }
  });
  state.host.note(server, `put out of ${left.length} placement groups by epoch ${wanted.epoch + 1}: ${reason}`);
}

/**
 * A server says hello and is in sync in groups where nobody else who is lives: what it holds becomes what is agreed
 * there, and the others that were in sync are put out, to catch up from it.
 */
export function settleAround(state: BrokerState, server: ServerIndex): void {
  const { wanted } = state.epochs;
  const shared = groupsOwned(wanted, server).filter((owners) => {
    const inSync = inSyncOf(wanted, owners);
    return isMember(inSync, server) && inSync !== maskOf(server);
  });
  if (shared.length === 0) return;
  // What it knows to be agreed, the others have; of what is newer nobody knows that, and it still has the records.
  const { hello } = viewOf(state, server);
  const agreed = Math.min(hello?.committed ?? 0, hello?.pruned ?? 0) as Version;
  changeTable(state, (draft) => {
    for (const owners of shared) {
      for (const other of membersOf(inSyncOf(wanted, owners))) {
        if (other !== server) putOut(draft, owners, other, agreed);
      }
    }
  });
}

/**
 * A server whose disk is empty or damaged has nothing: out of everything, from the very beginning. Where it was the last
 * one in sync because others went at about the same time, these are in again.
 */
export function putOutWiped(state: BrokerState, server: ServerIndex): void {
  changeTable(state, (draft) => {
    for (const owners of groupsOwned(draft.table, server)) {
      putOutLost(state, draft, owners, server);
      if (inSyncOf(draft.table, owners) !== 0) continue;
      const others = membersOf(lastlyInSync(state, owners)).filter((other) => other !== server);
      // Those that are here may differ in what nobody was told of: one of them is the truth, the rest catches up.
      const truth = others.find((other) => isLive(viewOf(state, other)));
      for (const other of truth === undefined ? others : [truth]) putIn(draft, owners, other);
    }
  });
}

/** Puts an owner out that was found without what it had said to have: nothing that it holds counts. */
export function putOutLost(state: BrokerState, draft: TableDraft, owners: ServerMask, server: ServerIndex): void {
  const group = groupOf(state, owners);
  group.lost = (group.lost | maskOf(server)) as ServerMask;
  putOut(draft, owners, server, 0 as Version);
}

/** Puts an owner in sync that has what the group has, or is the truth of it from now on. */
export function putInSync(state: BrokerState, draft: TableDraft, owners: ServerMask, server: ServerIndex): void {
  const group = groupOf(state, owners);
  group.lost = (group.lost & ~maskOf(server)) as ServerMask;
  putIn(draft, owners, server);
}

/**
 * Who is in sync in the epoch that is durable, or in the one that is on its way: they have what was ever acknowledged,
 * even those whom an epoch puts out that is neither yet. But nobody who was found without it since.
 */
function lastlyInSync(state: BrokerState, owners: ServerMask): ServerMask {
  const { durable, persisting } = state.epochs;
  const lastly = inSyncOf(durable, owners) | inSyncOf(persisting ?? durable, owners);
  return (lastly & ~groupOf(state, owners).lost) as ServerMask;
}

/**
 * Whether somebody else who is in sync is at hand for every group of a server that is in sync with it, so that its own
 * copies can be thrown away. One that the table calls in sync and nobody has heard of may never come back.
 */
export function hasStandIns(state: BrokerState, server: ServerIndex): boolean {
  const { wanted } = state.epochs;
  return groupsOwned(wanted, server).every((owners) =>
    membersOf((inSyncOf(wanted, owners) | lastlyInSync(state, owners)) as ServerMask).some((other) => {
      const view = viewOf(state, other);
      return other !== server && (isLive(view) || (view.phase === 'heard' && view.hello?.table != null));
    }),
  );
}

export function tableBytes(table: EpochTable): Uint8Array {
  const writer = new ByteWriter(64);
  writeTable(writer, table);
  return writer.copy();
}

export function tableOf(bytes: Uint8Array): EpochTable {
  return readTable(new ByteReader(bytes));
}
