/**
 * Owners in sync whose logs may have been cut short while the host was down. One ends before what another owner has in
 * its checkpoint alone, so nobody could send it the records in between, and it may or may not have had some. It stays in
 * sync, for it may have everything; but while there is another one it answers nothing, and gets its copies again.
 */
import { isMember, maskOf, type ServerIndex, type ServerMask } from '../model/ids.ts';
import { cutOf, type EpochTable } from '../replication/epoch-table.ts';
import type { Hello, ServerView } from './server-view.ts';
import { type BrokerState, viewOf } from './state.ts';

/** Compares those of a group that are in sync and were heard when a life of the broker begins. */
export function doubt(state: BrokerState, owners: ServerMask, heard: readonly ServerIndex[]): void {
  const hellos = heard.map((server) => viewOf(state, server).hello as Hello);
  const pruned = hellos.reduce((newest, hello) => Math.max(newest, hello.pruned), 0);
  const short = heard.filter((_, at) => Math.max((hellos[at] as Hello).last, (hellos[at] as Hello).pruned) < pruned);
  if (short.length === 0) return;
  state.doubted.set(owners, short.reduce((mask, server) => mask | maskOf(server), 0) as ServerMask);
}

/** Whether the log of a server that is out of a group ends before the cut up to which it had said to have everything. */
export function isCutShort(table: EpochTable, owners: ServerMask, { index, hello }: ServerView): boolean {
  return hello !== null && hello.last < (cutOf(table, owners, index) ?? 0);
}

/** The groups in which a server is doubted. */
export function doubtedGroups(state: BrokerState, server: ServerIndex): ServerMask[] {
  return [...state.doubted].filter(([, doubted]) => isMember(doubted, server)).map(([owners]) => owners);
}

/** It has what it may have lacked, or is put out for another reason. */
export function endDoubt(state: BrokerState, server: ServerIndex, groups: readonly ServerMask[]): void {
  for (const owners of groups) {
    const left = (state.doubted.get(owners) ?? 0) & ~maskOf(server);
    if (left === 0) state.doubted.delete(owners);
    else state.doubted.set(owners, left as ServerMask);
  }
}
