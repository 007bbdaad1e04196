/**
 * FORCE: an operator's word that what the lost servers had is given up. In groups without anybody in sync who lives, the
 * named servers that own them become so. Whoever does may lack bulks that others still wait with: it gets them first,
 * as what is written while it is out, and becomes the truth when they are on its disk. Before that a crash of it or of
 * the host changes nothing; behind it nobody would know that it lacks one, because what it says to have is newer.
 */
import { FRAME } from '../model/frames.ts';
import {
  isMember,
  maskOf,
  membersOf,
  type ServerIndex,
  type ServerMask,
  serverName,
  type Version,
} from '../model/ids.ts';
import { cutOf, groupsOwned, inSyncOf, putOut } from '../replication/epoch-table.ts';
import { changeTable, putInSync } from './epochs.ts';
import type { Write } from './group.ts';
import { sendWrite } from './space.ts';
import { type BrokerState, mayHold, readyServers } from './state.ts';

/** A group without anybody in sync who lives, and who of its owners was named, the one that leads first. */
type Forced = { readonly owners: ServerMask; readonly chosen: readonly ServerIndex[] };

export type Forcing = {
  readonly groups: number;
  /** Who leads though it is behind. */
  readonly behind: readonly string[];
  /** Who gets bulks first: `onGiven` says when it can go on. Nothing has changed until then. */
  readonly waitsFor: readonly ServerIndex[];
  /** Who runs with copies that no longer count. */
  readonly replaced: ServerMask;
};

export function force(state: BrokerState, named: readonly ServerIndex[]): Forcing {
  const { wanted } = state.epochs;
  const ready = readyServers(state);
  const recovered = state.servers.reduce((mask, view) => (mayHold(view) ? mask | maskOf(view.index) : mask), 0);
  const changes: Forced[] = [];
  const behind: string[] = [];
  let replaced = 0;
  for (const owners of new Set(named.flatMap((server) => groupsOwned(wanted, server)))) {
    if ((inSyncOf(wanted, owners) & ready) !== 0) continue;
    const chosen = named.filter((server) => isMember(owners, server) && isMember(ready, server));
    if (chosen.length === 0) continue;
    changes.push({ owners, chosen });
    replaced |= owners & ~maskOf(chosen[0] as ServerIndex) & recovered;
    for (const server of chosen) {
      const cut = cutOf(wanted, owners, server);
      const text = cut === null ? null : `${serverName(server)} is behind since epoch ${Math.floor(cut / 2 ** 32)}`;
      if (text !== null && !behind.includes(text)) behind.push(text);
    }
  }
  const waitsFor = giveOpenBulks(state, changes);
  if (changes.length > 0 && waitsFor.length === 0) {
    changeTable(state, (draft) => {
      for (const { owners, chosen } of changes) {
        // One of them leads: two that were out may hold different things, so the others catch up from the first.
        const leader = chosen[0] as ServerIndex;
        for (const other of membersOf(owners)) if (other !== leader) putOut(draft, owners, other, 0 as Version);
        putInSync(state, draft, owners, leader);
      }
    });
  }
  return { groups: changes.length, behind, waitsFor, replaced: replaced as ServerMask };
}

/** Sends those who are to lead what they lack. Answers who has not made all of it durable yet. */
function giveOpenBulks(state: BrokerState, changes: readonly Forced[]): ServerIndex[] {
  const owed = new Map<ServerIndex, Set<Write>>();
  for (const { owners, chosen } of changes) {
    const leader = chosen[0] as ServerIndex;
    const bulks = owed.get(leader) ?? new Set();
    owed.set(leader, bulks);
    for (const bulk of owedTo(state, owners, leader)) bulks.add(bulk);
  }
  const waitsFor: ServerIndex[] = [];
  for (const [leader, bulks] of owed) {
    if (bulks.size === 0) continue;
    const given = state.given.get(leader);
    const lacking = [...bulks].filter(({ version }) => given?.versions.has(version) !== true);
    if (lacking.length > 0) give(state, leader, lacking);
    if (lacking.length > 0 || given?.isDurable !== true) waitsFor.push(leader);
  }
  return waitsFor;
}

/**
 * Bulks that wait in a group whose truth is to be somebody who may lack them. Not those that it had agreed to: deletes
 * of their keys may be pruned there since.
 */
function owedTo(state: BrokerState, owners: ServerMask, leader: ServerIndex): Write[] {
  const agreed = cutOf(state.epochs.wanted, owners, leader) ?? 0;
  return [...state.openBulks.values()].filter(
    (bulk) => bulk.frame !== null && bulk.version > agreed && bulk.groups.some((group) => group.owners === owners),
  );
}

/** The end of a catch-up without pages follows the bulks: it is answered when they are durable. */
function give(state: BrokerState, leader: ServerIndex, bulks: readonly Write[]): void {
  for (const { version, frame } of [...bulks].sort((a, b) => a.version - b.version)) {
    if (frame !== null) sendWrite(state, leader, version, frame);
  }
  const id = state.nextJoin++;
  const versions = new Set(state.given.get(leader)?.versions);
  for (const { version } of bulks) versions.add(version);
  state.given.set(leader, { id, versions, isDurable: false });
  const { out } = state;
  out.reset();
  out.u8(FRAME.itemsEnd);
  out.u32(id);
  state.host.send(leader, out.view());
}

/** Whether a server that is to lead has what it was given by this. */
export function onGiven(state: BrokerState, server: ServerIndex, id: number): boolean {
  const given = state.given.get(server);
  if (given?.id !== id) return false;
  state.given.set(server, { ...given, isDurable: true });
  return true;
}
