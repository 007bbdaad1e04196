/**
 * Writes: a place in the order, one frame to each receiver, and an acknowledgement when every owner in sync is durable
 * past it. This is the one place where a write is acknowledged.
 */
import { expiring } from '../document/expiring.ts';
import { equalBytes } from '../lib/bytes.ts';
import { keyName } from '../lib/key-name.ts';
import { WriteCursor, writeHead, writeItem } from '../model/frames.ts';
import { type ServerIndex, type ServerMask, membersOf, serverName } from '../model/ids.ts';
import { CHANGE_BYTES_MAX, DEADLINE_MS } from '../model/limits.ts';
import { inSyncOf } from '../replication/epoch-table.ts';
import { ownersOf } from '../routing/placement.ts';
import { receivers } from './catch-up.ts';
import type { Group, ReplyTo, Write } from './group.ts';
import { failed, notesOf } from './notes.ts';
import type { Change, Changes } from './operations.ts';
import { sendWrite, withoutRoom } from './space.ts';
import { type BrokerState, answerers, groupOf, isUp, nextVersion } from './state.ts';

const DOT = 0x2e;

const NONE: readonly Write[] = [];

/** Orders and sends a write, or refuses it whole before anything was ordered. */
export function submitWrite(state: BrokerState, changes: Changes, reply: ReplyTo): void {
  const { kind, items } = changes;
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
  const owners = items.map(({ key }) => ownersOf(state.placement, key));
  let groups: readonly Group[] = [];
  let targets = 0;
  for (const mask of owners) {
    const group = groupOf(state, mask);
    if (groups.includes(group)) continue;
    if (answerers(state, mask) === 0) {
      reply(failed(state, 'UNAVAILABLE', `no in-sync owner is up for this key (${names(mask)})`));
      return;
    }
    groups = groups.length === 0 ? group.alone : [...groups, group];
    targets |= receivers(state, mask);
  }
  for (let server = 0 as ServerIndex; targets >> server !== 0; server++) {
    if ((targets & (1 << server)) !== 0 && state.host.backlogBytes(server) > state.serverBytesMax) {
      reply(failed(state, 'BUSY', `${serverName(server)} has ${state.serverBytesMax} bytes waiting, retry later`));
      return;
    }
  }
  const onlyDeletes = items.every(({ value }) => value === null);
  const full = withoutRoom(state, targets as ServerMask, items, onlyDeletes ? 'delete' : 'write');
  if (full !== null) {
    reply(failed(state, 'DISK', `disk full; ${kind} refused (${state.host.describe(full)})`));
    return;
  }
  let bytes = 0;
  for (const { key, value } of items) bytes += key.length + (value?.length ?? 0);
  if (bytes > CHANGE_BYTES_MAX) {
    reply(failed(state, 'TOOLARGE', `a change of ${bytes} bytes, the limit CHANGE_BYTES_MAX is ${CHANGE_BYTES_MAX}`));
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
    wallMs: kind === 'delete' ? state.host.wallMs() : 0,
    witnesses: kind === 'delete' ? witnessesOf(state, owners[0] as ServerMask) : (0 as ServerMask),
    unsure: kind === 'delete' && state.openBulks.size > 0 ? openBulksOf(state, items) : NONE,
    frame: groups.length > 1 ? frame.slice() : null,
    shown: null,
    tell: state.observers.size > 0 ? () => tell(state, changes) : null,
    reply,
    deadlineMs: state.host.now() + DEADLINE_MS,
  };
  enqueue(state, write);
  state.inFlight++;
  if (write.kind === 'delete') state.deletes.set(version, write);
  if (state.tracked.size > 0) track(state, write, items);
  if (state.watchers.size > 0) touch(state, changes);
  for (let server = 0; targets >> server !== 0; server++) {
    if ((targets & (1 << server)) !== 0) sendWrite(state, server as ServerIndex, version, frame);
  }
}

/** Bulks over several groups that wrote a key of these and are not whole yet. */
function openBulksOf(state: BrokerState, items: readonly Change[]): Write[] {
  const cursor = new WriteCursor();
  return [...state.openBulks.values()].filter(({ frame }) => {
    if (frame === null) return false;
    cursor.open(frame, 0, frame.length);
    while (cursor.next()) if (items.some(({ key }) => equalBytes(key, cursor.key()))) return true;
    return false;
  });
}

/** Owners that have everything that was ordered before now: in sync, or with a copy that will be. */
function witnessesOf(state: BrokerState, owners: ServerMask): ServerMask {
  return (inSyncOf(state.epochs.wanted, owners) | groupOf(state, owners).arriving) as ServerMask;
}

function storedOf({ value, expiresAtMs }: Change): Uint8Array | null {
  return value === null || expiresAtMs == null ? value : expiring(value, expiresAtMs);
}

function touch(state: BrokerState, { kind, items }: Changes): void {
  for (const { key } of items) for (const onTouched of state.watchers.get(keyName(key)) ?? []) onTouched(kind);
}

function tell(state: BrokerState, changes: Changes): void {
  for (const onChanged of state.observers) onChanged(changes);
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

function names(mask: ServerMask): string {
  return membersOf(mask).map(serverName).join(', ');
}
