/**
 * Catch-up: a server that is ready but out of some groups gets, from an owner in sync, what is newer than its cut,
 * while new writes already reach it too. When the copy is there and every write ordered until then is agreed, a new
 * epoch puts it back in sync.
 */
import { FRAME } from '../model/frames.ts';
import {
  type ServerIndex,
  type ServerMask,
  type Version,
  isMember,
  maskOf,
  membersOf,
  serverName,
} from '../model/ids.ts';
import { cutOf, groupsMissing, inSyncOf } from '../replication/epoch-table.ts';
import { changeTable, putInSync } from './epochs.ts';
import { ping } from './heartbeat.ts';
import { type BrokerState, answerers, groupOf, viewOf } from './state.ts';

/** Starts every catch-up that can start: one a pair of target and source. */
export function planJoins(state: BrokerState): void {
  const { rare } = state.host;
  for (const view of state.servers) {
    if (view.phase !== 'ready' || view.isFull) continue;
    if (rare('broker: a catch-up begins later')) continue;
    const bySource = new Map<ServerIndex, ServerMask[]>();
    for (const owners of groupsMissing(state.epochs.wanted, view.index)) {
      // A group waits for its epoch to be durable: a catch-up belongs to one table.
      if (isMember(groupOf(state, owners).joining, view.index)) continue;
      if (isMember(inSyncOf(state.epochs.durable, owners), view.index)) continue;
      // A source gives a target one catch-up at a time; the rest follows when that one has settled.
      const source = membersOf(answerers(state, owners)).find((server) => !isGiving(state, server, view.index));
      if (source === undefined) continue;
      const groups = bySource.get(source);
      if (groups === undefined) bySource.set(source, [owners]);
      else if (!rare('broker: a catch-up is of one group')) groups.push(owners);
    }
    for (const [source, groups] of bySource) startJoin(state, view.index, source, groups);
  }
}

function isGiving(state: BrokerState, source: ServerIndex, target: ServerIndex): boolean {
  for (const join of state.joins.values()) if (join.source === source && join.target === target) return true;
  return false;
}

function startJoin(state: BrokerState, target: ServerIndex, source: ServerIndex, groups: ServerMask[]): void {
  const id = state.nextJoin++;
  state.joins.set(id, { id, target, source, groups, barriers: null, through: 0 as Version });
  const { out } = state;
  out.reset();
  out.u8(FRAME.transfer);
  out.u32(id);
  out.u8(target);
  out.varint(groups.length);
  for (const owners of groups) {
    const group = groupOf(state, owners);
    group.joining = (group.joining | maskOf(target)) as ServerMask;
    out.u16(owners);
    out.f64(cutOf(state.epochs.wanted, owners, target) ?? 0);
  }
  // In the order of the ring: every write before this is in the source's trie when it starts, every one after
  // reaches the target by itself.
  state.host.send(source, out.view());
  state.host.note(target, `catching up ${groups.length} placement groups from ${serverName(source)}`);
}

/** The copy is durable at the target. */
export function onJoined(state: BrokerState, from: ServerIndex, id: number): void {
  const join = state.joins.get(id);
  if (join === undefined || join.target !== from) return;
  join.barriers = new Map(join.groups.map((owners) => [owners, groupOf(state, owners).newest]));
  join.through = state.lastVersion;
  for (const owners of join.groups) {
    const group = groupOf(state, owners);
    group.arriving = (group.arriving | maskOf(from)) as ServerMask;
  }
  ping(state, from);
  settleJoins(state);
}

/** Puts in sync whose copies are complete and agreed. */
export function settleJoins(state: BrokerState): void {
  for (const join of state.joins.values()) {
    const { barriers } = join;
    if (barriers === null || viewOf(state, join.target).durable < join.through) continue;
    if (join.groups.some((owners) => isOwed(state, owners, barriers.get(owners) ?? (0 as Version)))) continue;
    if (state.host.rare('broker: a complete catch-up waits')) continue;
    state.joins.delete(join.id);
    changeTable(state, (draft) => {
      for (const owners of join.groups) putInSync(state, draft, owners, join.target);
    });
    for (const owners of join.groups) leave(state, owners, join.target);
  }
}

/**
 * Whether a write of a group up to `barrier` still waits for an owner, there or in another of its groups. Of a bulk that
 * may yet be taken back the copy has leaves without what they replaced: only who is out can go back before them.
 */
function isOwed(state: BrokerState, owners: ServerMask, barrier: Version): boolean {
  const group = groupOf(state, owners);
  if (group.waitsFor(barrier)) return true;
  for (const bulk of state.openBulks.values()) if (bulk.version <= barrier && bulk.groups.includes(group)) return true;
  return false;
}

/** Forgets catch-ups that involve a server that is gone. */
export function abortJoins(state: BrokerState, server: ServerIndex): void {
  for (const join of state.joins.values()) {
    if (join.target !== server && join.source !== server) continue;
    state.joins.delete(join.id);
    for (const owners of join.groups) leave(state, owners, join.target);
  }
}

/** Forgets the catch-ups of a server that cannot take them now. */
export function abortJoinsTo(state: BrokerState, target: ServerIndex): void {
  for (const join of state.joins.values()) {
    if (join.target !== target) continue;
    state.joins.delete(join.id);
    for (const owners of join.groups) leave(state, owners, target);
  }
}

function leave(state: BrokerState, owners: ServerMask, target: ServerIndex): void {
  const group = groupOf(state, owners);
  group.joining = (group.joining & ~maskOf(target)) as ServerMask;
  group.arriving = (group.arriving & ~maskOf(target)) as ServerMask;
}

/** Servers that get a write of a group: in sync (now or soon) or catching up, and there to hear it. */
export function receivers(state: BrokerState, owners: ServerMask): ServerMask {
  const addressed = inSyncOf(state.epochs.wanted, owners) | groupOf(state, owners).joining;
  let mask = 0;
  for (const server of membersOf(addressed as ServerMask)) {
    if (viewOf(state, server).phase === 'ready') mask |= maskOf(server);
  }
  return mask as ServerMask;
}
