/**
 * What becomes of writes that have a place in the order: acknowledged when every owner in sync is durable past them
 * (this is the one place), sent again to an owner that lacks them, given up when nobody is left to keep them.
 */
import type { Notes } from '../model/commands.ts';
import { type ServerIndex, type ServerMask, type Version, countOf, isMember, membersOf } from '../model/ids.ts';
import { DEADLINE_MS } from '../model/limits.ts';
import { inSyncOf } from '../replication/epoch-table.ts';
import { settleJoins } from './catch-up.ts';
import type { Group, Write } from './group.ts';
import { failed, notesOf, underReplicated } from './notes.ts';
import { sendWrite } from './space.ts';
import { type BrokerState, answerers, isStuck, readyServers, required, viewOf } from './state.ts';

/** A server is durable further than before, or who must be durable changed: acknowledges what can be. */
export function advanceAll(state: BrokerState): void {
  for (const group of state.groups.values()) if (group.writes.size > 0) advance(state, group);
  if (state.joins.size > 0) settleJoins(state);
}

export function advanceServer(state: BrokerState, server: ServerIndex): void {
  for (const group of state.groups.values()) {
    if (group.writes.size > 0 && isMember(group.owners, server)) advance(state, group);
  }
  if (state.joins.size > 0) settleJoins(state);
}

function advance(state: BrokerState, group: Group): void {
  const inSync = inSyncOf(state.epochs.wanted, group.owners);
  let durable = Number.POSITIVE_INFINITY;
  const { arriving } = group;
  for (const server of membersOf((required(state, group.owners) | arriving) as ServerMask)) {
    const view = viewOf(state, server);
    // One that is being put out counts for nothing, whatever it says: everything waits for the epoch without it.
    const counts = view.phase === 'ready' && isMember((inSync | arriving) as ServerMask, server);
    durable = Math.min(durable, counts ? view.durable : 0);
  }
  for (let write = group.writes.peek(); write !== undefined && write.version <= durable; write = group.writes.peek()) {
    group.writes.shift();
    write.waitingGroups--;
    if (write.waitingGroups === 0) complete(state, write);
  }
  for (
    let read = group.parked.peek();
    read !== undefined && !group.waitsFor(read.barrier);
    read = group.parked.peek()
  ) {
    group.parked.shift();
    read.release();
  }
}

function complete(state: BrokerState, write: Write): void {
  if (state.openBulks.size > 0) state.openBulks.delete(write.version);
  releaseShown(write);
  if (write.kind === 'delete') state.deletes.delete(write.version);
  // A delete of what was not there changed nothing.
  if (write.tell !== null && (write.kind === 'write' || write.existed)) write.tell();
  const { reply } = write;
  if (reply === null) return;
  write.reply = null;
  if (write.kind === 'write') {
    state.inFlight--;
    reply({ kind: 'written', items: write.items, notes: writtenNotes(state, write.groups) });
    return;
  }
  // What was there may have been a part of a bulk that can yet be taken back.
  whenWhole(state, write.unsure, (areWhole) => {
    state.inFlight--;
    const notes = writtenNotes(state, write.groups);
    reply({ kind: 'deleted', existed: write.existed, notes: areWhole ? notes : { ...notes, uncertain: true } });
  });
}

/** Calls back when bulks are whole, or with false when some of them wait for owners of which none is left. */
function whenWhole(state: BrokerState, bulks: readonly Write[], then: (areWhole: boolean) => void): void {
  const open = bulks.filter(({ version }) => state.openBulks.has(version));
  if (open.length === 0 || open.some((bulk) => isStuck(state, bulk))) {
    then(open.length === 0);
    return;
  }
  let left = open.length;
  const release = (): void => {
    if (--left === 0) then(open.every(({ version }) => !state.openBulks.has(version)));
  };
  for (const bulk of open) {
    bulk.shown ??= [];
    bulk.shown.push(release);
  }
}

/** What an acknowledgement of a write in these groups says besides. */
export function writtenNotes(state: BrokerState, groups: readonly Group[]): Notes {
  const notes = notesOf(state);
  if (state.epochs.wanted.groups.size === 0) return notes;
  let fewest = state.config.replicas;
  for (const group of groups) fewest = Math.min(fewest, countOf(inSyncOf(state.epochs.wanted, group.owners)));
  return fewest < state.config.replicas ? underReplicated(notes, fewest, state.config.replicas) : notes;
}

/**
 * What one owner says of a delete: when what was there goes by itself. The table may have changed since, or lag behind:
 * who knew is part of the write, and so is the time.
 */
export function onDeleted(state: BrokerState, server: ServerIndex, version: Version, goesAtMs: number): void {
  const write = state.deletes.get(version);
  if (write !== undefined && goesAtMs > write.wallMs && isMember(write.witnesses, server)) write.existed = true;
}

/**
 * A server is back, as the truth of the groups it is in sync with: sends what it lacks, gives up what it did not keep.
 * Answers who holds something that was given up and must recover again without it.
 */
export function onReadyWrites(state: BrokerState, server: ServerIndex, last: Version): ServerMask {
  const lacking = new Set<Write>();
  for (const group of state.groups.values()) {
    if (!isMember(inSyncOf(state.epochs.wanted, group.owners), server)) continue;
    for (const write of group.writes) if (write.version > last && write.frame !== null) lacking.add(write);
  }
  for (const write of [...lacking].sort((a, b) => a.version - b.version)) {
    sendWrite(state, server, write.version, write.frame as Uint8Array);
  }
  let tainted = 0;
  for (const group of state.groups.values()) {
    const inSync = inSyncOf(state.epochs.wanted, group.owners);
    if (isMember(inSync, server)) tainted |= dropUnkept(state, group, last) & group.owners & ~inSync;
  }
  return (tainted & readyServers(state)) as ServerMask;
}

/**
 * Plain writes that were in flight when the last owner in sync went, and are not on its disk, did not happen. Answers
 * whose copies may show them: whoever they were sent to, and whoever had begun to catch up from one of those.
 */
function dropUnkept(state: BrokerState, group: Group, last: Version): number {
  const writes = [...group.writes];
  const isKept = (write: Write): boolean => write.version <= last || write.frame !== null;
  if (writes.every(isKept)) return 0;
  while (group.writes.size > 0) group.writes.shift();
  for (const write of writes) {
    if (isKept(write)) {
      group.writes.push(write);
    } else {
      state.deletes.delete(write.version);
      answerTimeout(state, write, 'the last owner in sync went down with this write in flight');
    }
  }
  return group.owners;
}

/** Writes that wait for owners of which none is left are answered now: they may have happened. */
export function giveUpWrites(state: BrokerState, reason: string): void {
  for (const group of state.groups.values()) {
    if (group.writes.size === 0 || answerers(state, group.owners) !== 0) continue;
    for (const write of group.writes) answerTimeout(state, write, reason);
  }
}

/** A bulk that waits for owners of which none is left may yet be taken back: who would show it answers so. */
export function giveUpShown(state: BrokerState): void {
  for (const bulk of state.openBulks.values()) if (isStuck(state, bulk)) releaseShown(bulk);
}

function releaseShown(write: Write): void {
  const { shown } = write;
  write.shown = null;
  if (shown !== null) for (const release of shown) release();
}

/** Answers TIMEOUT to what waited longer than its deadline; it stays in the order and may still become durable. */
export function expireWrites(state: BrokerState, now: number): void {
  for (const group of state.groups.values()) {
    for (const write of group.writes) {
      if (write.deadlineMs > now) break;
      answerTimeout(state, write, `no acknowledgement within ${DEADLINE_MS} ms`);
    }
  }
}

function answerTimeout(state: BrokerState, write: Write, reason: string): void {
  const { reply } = write;
  if (reply === null) return;
  write.reply = null;
  state.inFlight--;
  reply(failed(state, 'TIMEOUT', `${reason}; the outcome of this write is unknown`));
}
