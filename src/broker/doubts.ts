/**
 * Owners in sync whose logs may have been cut short while the host was down. One ends before what another owner has in
 * its checkpoint alone, so nobody could send it the records in between, and it may or may not have had some. It stays in
 * sync, for it may have everything; but while there is another one it answers nothing, and gets its copies again.
 */
import { isMember, maskOf, type ServerIndex, type ServerMask, type Version } from '../model/ids.ts';
import { type BrokerState, viewOf } from './state.ts';

/** Compares those of a group that are in sync and were heard when a life of the broker begins. */
export function doubt(state: BrokerState, owners: ServerMask, heard: readonly ServerIndex[]): void {
  const pruned = heard.reduce((newest, server) => Math.max(newest, viewOf(state, server).hello?.pruned ?? 0), 0);
  const short = heard.filter((server) => (viewOf(state, server).hello?.last ?? (0 as Version)) < pruned);
  if (short.length === 0) return;
  state.doubted.set(owners, short.reduce((mask, server) => mask | maskOf(server), 0) as ServerMask);
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
