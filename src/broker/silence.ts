/**
 * Whether a silence is a server's own or the machine's. A disk that stalls holds up every server that syncs, a machine
 * that stalls all of them, and to put them out would leave nobody to go on with. So silence tells against a server only
 * once another one is heard, and has synced what this one has to sync; and later where it has megabytes to sync, during
 * which nothing else can be heard of it.
 */
import { isMember, type ServerMask, type Version } from '../model/ids.ts';
import type { ServerView } from './server-view.ts';
import type { BrokerState } from './state.ts';

/** Ticks that it has to catch up with the other. */
const DOUBTED_TICKS_MAX = 2;

/** Bytes of one write that a slow disk needs a tick for: 20 MB a second. */
const BYTES_A_TICK = 2 * 1024 * 1024;

/** Ticks of silence that are nobody's but its own, whatever the others do. */
const STALLED_TICKS_MAX = 50;

export function noteHeard(view: ServerView): void {
  view.ticksSilent = 0;
  view.ticksDoubted = 0;
}

export function noteSynced(view: ServerView): void {
  view.ticksUnsynced = 0;
  if (view.largeWrites.length > 0) view.largeWrites = view.largeWrites.filter(({ version }) => version > view.durable);
}

/** A write of so many bytes is sent to it. */
export function noteSent(view: ServerView, version: Version, bytes: number): void {
  const ticks = Math.floor(bytes / BYTES_A_TICK);
  if (ticks > 0) view.largeWrites.push({ version, ticks });
}

/** Every HEARTBEAT_INTERVAL_MS. */
export function countSilence(state: BrokerState): void {
  for (const view of state.servers) {
    view.ticksSilent++;
    view.ticksUnsynced++;
  }
  for (const view of state.servers) {
    if (view.phase === 'ready' && (view.ticksDoubted > 0 || isOutdone(state, view))) view.ticksDoubted++;
  }
}

/** Whether a server is to be put out for more than `silentMax` ticks of silence; one that starts has nobody beside it. */
export function isTooSilent(view: ServerView, silentMax: number): boolean {
  const { phase, ticksSilent, ticksDoubted, largeWrites } = view;
  const ticksOfWork = largeWrites.reduce((sum, { ticks }) => sum + ticks, 0);
  if (ticksSilent <= silentMax + ticksOfWork) return false;
  return phase !== 'ready' || ticksDoubted > DOUBTED_TICKS_MAX || ticksSilent > STALLED_TICKS_MAX;
}

/** Whether another one is heard, more than a tick after this one was, and shows that what this one owes can be done. */
function isOutdone(state: BrokerState, view: ServerView): boolean {
  const heardLater = state.servers.filter(({ phase, ticksSilent }) => {
    const isHere = phase !== 'absent' && phase !== 'starting';
    return isHere && ticksSilent + 1 < view.ticksSilent;
  });
  if (heardLater.length === 0) return false;
  const owesEpoch = isMember(state.epochs.awaited, view.index);
  const owed = owesEpoch ? [] : writesOwed(state, view);
  if (!owesEpoch && owed.length === 0) return true;
  return heardLater.some((other) => {
    if (other.ticksUnsynced + 1 < view.ticksSilent) return true;
    if (owesEpoch) return other.phase === 'ready' && !isMember(state.epochs.awaited, other.index);
    return owed.some(({ owners, version }) => isMember(owners, other.index) && other.durable >= version);
  });
}

/** Of each of its groups the oldest write in flight that it has to sync. */
function writesOwed(
  state: BrokerState,
  { index, durable }: ServerView,
): { readonly owners: ServerMask; readonly version: Version }[] {
  const owed = [];
  for (const { owners, newest, writes } of state.groups.values()) {
    if (!isMember(owners, index) || newest <= durable) continue;
    for (const { version } of writes) {
      if (version <= durable) continue;
      owed.push({ owners, version });
      break;
    }
  }
  return owed;
}
