/**
 * Writes: a place in the order, one frame to each receiver, and an acknowledgement when every owner in sync is durable
 * past it. This is the one place where a write is acknowledged.
 */
import type { Notes } from '../model/commands.ts';
import { expiring } from '../document/expiring.ts';
import { writeHead, writeItem } from '../model/frames.ts';
import { DEADLINE_MS, SERVER_BYTES_IN_FLIGHT_MAX } from '../model/limits.ts';
import {
  countOf,
  isMember,
  membersOf,
  type ServerIndex,
  type ServerMask,
  serverName,
  type Version,
} from '../model/ids.ts';
import { inSyncOf } from '../replication/epoch-table.ts';
import { ownersOf } from '../routing/placement.ts';
import { receivers, settleJoins } from './catch-up.ts';
import type { Group } from './group.ts';
import { failed, notesOf, underReplicated } from './notes.ts';
import type { Change, ReplyTo, Write } from './operations.ts';
import { sendWrite, withoutRoom } from './space.ts';
import {
  answerers,
  type BrokerState,
  groupOf,
  isStuck,
  isUp,
  keyName,
  nextVersion,
  readyServers,
  required,
  viewOf,
} from './state.ts';

const DOT = 0x2e;

/**
 * What is asked for at once. A delete of one key answers whether it was there; an expiry deletes what is absent to
 * everybody already, so owners in sync suffice.
 */
export type Changes = { readonly kind: 'write' | 'delete' | 'expiry'; readonly items: readonly Change[] };

/** Orders and sends a write, or refuses it whole before anything was ordered. */
export function submitWrite(state: BrokerState, { kind, items }: Changes, reply: ReplyTo): void {
  if (items.length === 0) {
    reply({ kind: 'written', items: 0, notes: notesOf(state) });
    return;
  }
  if (state.config.deleteMode === 'strict' && kind !== 'expiry' && items.some((item) => item.value === null)) {
    const down = state.servers.filter((view) => !isUp(state, view)).map((view) => state.host.describe(view.index));
    if (down.length > 0) {
      const are = down.length === 1 ? 'is' : 'are';
      reply(
        failed(
          state,
          'UNRELIABLE',
          `delete cannot be reliably executed: ${down.length} of ${state.config.servers} servers ${are} down (${down.join(', ')})`,
        ),
      );
      return;
    }
  }
  const owners: ServerMask[] = [];
  const groups: Group[] = [];
  let targets = 0;
  for (const { key } of items) {
    const mask = ownersOf(state.placement, key);
    owners.push(mask);
    const group = groupOf(state, mask);
    if (groups.includes(group)) continue;
    if (answerers(state, mask) === 0) {
      reply(failed(state, 'UNAVAILABLE', `no in-sync owner is up for this key (${names(mask)})`));
      return;
    }
    groups.push(group);
    targets |= receivers(state, mask);
  }
  for (const server of membersOf(targets as ServerMask)) {
    if (state.host.backlogBytes(server) > SERVER_BYTES_IN_FLIGHT_MAX) {
      reply(
        failed(state, 'BUSY', `${serverName(server)} has ${SERVER_BYTES_IN_FLIGHT_MAX} bytes waiting, retry later`),
      );
      return;
    }
  }
  const full = withoutRoom(state, targets as ServerMask, items, kind === 'write' ? 'write' : 'delete');
  if (full !== null) {
    reply(failed(state, 'DISK', `disk full; ${kind} refused (${state.host.describe(full)})`));
    return;
  }
  const version = nextVersion(state);
  const { out } = state;
  out.reset();
  writeHead(out, version, items.length);
  for (let i = 0; i < items.length; i++) {
    const item = items[i] as Change;
    writeItem(out, owners[i] as ServerMask, item.key, storedOf(item));
    if (!state.dotted && item.key.indexOf(DOT) !== -1) state.dotted = true;
  }
  const frame = out.view();
  const write: Write = {
    version,
    groups,
    sentTo: targets as ServerMask,
    waitingGroups: groups.length,
    items: items.length,
    kind: kind === 'delete' ? 'delete' : 'write',
    existed: false,
    witnesses: kind === 'delete' ? inSyncOf(state.epochs.wanted, owners[0] as ServerMask) : (0 as ServerMask),
    frame: groups.length > 1 ? frame.slice() : null,
    shown: null,
    reply,
    deadlineMs: state.host.now() + DEADLINE_MS,
  };
  enqueue(state, write);
  state.inFlight++;
  if (write.kind === 'delete') state.deletes.set(version, write);
  if (state.tracked.size > 0) track(state, write, items);
  if (state.watchers.size > 0) touch(state, items);
  for (let server = 0; targets >> server !== 0; server++) {
    if ((targets & (1 << server)) !== 0) sendWrite(state, server as ServerIndex, frame);
  }
}

function storedOf({ value, expiresAtMs }: Change): Uint8Array | null {
  return value === null || expiresAtMs == null ? value : expiring(value, expiresAtMs);
}

function touch(state: BrokerState, items: readonly Change[]): void {
  for (const { key } of items) for (const onTouched of state.watchers.get(keyName(key)) ?? []) onTouched();
}

/** Updates that depend on these keys see the change from now on. */
function track(state: BrokerState, write: Write, items: readonly Change[]): void {
  for (const { key, value, expiresAtMs } of items) {
    const tracked = state.tracked.get(keyName(key));
    if (tracked === undefined) continue;
    tracked.held = value === null ? null : { value: value.slice(), expiresAtMs: expiresAtMs ?? null };
    tracked.write = write;
  }
}

/** Puts a write behind the others of its groups. */
export function enqueue(state: BrokerState, write: Write): void {
  for (const group of write.groups) {
    group.writes.push(write);
    group.newest = write.version;
  }
  if (write.groups.length > 1) state.openBulks.set(write.version, write);
}

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
  state.openBulks.delete(write.version);
  releaseShown(write);
  if (write.kind === 'delete') state.deletes.delete(write.version);
  const { reply } = write;
  if (reply === null) return;
  write.reply = null;
  state.inFlight--;
  const notes = writeNotes(state, write);
  if (write.kind === 'delete') reply({ kind: 'deleted', existed: write.existed, notes });
  else reply({ kind: 'written', items: write.items, notes });
}

function writeNotes(state: BrokerState, write: Write): Notes {
  const notes = notesOf(state);
  if (state.epochs.wanted.groups.size === 0) return notes;
  let fewest = state.config.replicas;
  for (const group of write.groups) fewest = Math.min(fewest, countOf(inSyncOf(state.epochs.wanted, group.owners)));
  return fewest < state.config.replicas ? underReplicated(notes, fewest, state.config.replicas) : notes;
}

/** What one owner says of a delete. The table may have changed since, or lag behind: who knew is part of the write. */
export function onDeleted(state: BrokerState, server: ServerIndex, version: Version, existed: boolean): void {
  const write = state.deletes.get(version);
  if (write !== undefined && existed && isMember(write.witnesses, server)) write.existed = true;
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
    sendWrite(state, server, write.frame as Uint8Array);
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
 * who they were sent to: one that was catching up then may have them.
 */
function dropUnkept(state: BrokerState, group: Group, last: Version): number {
  const writes = [...group.writes];
  const isKept = (write: Write): boolean => write.version <= last || write.frame !== null;
  if (writes.every(isKept)) return 0;
  let sentTo = 0;
  while (group.writes.size > 0) group.writes.shift();
  for (const write of writes) {
    if (isKept(write)) {
      group.writes.push(write);
    } else {
      sentTo |= write.sentTo;
      state.deletes.delete(write.version);
      answerTimeout(state, write, 'the last owner in sync went down with this write in flight');
    }
  }
  return sentTo;
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

function names(mask: ServerMask): string {
  return membersOf(mask).map(serverName).join(', ');
}
