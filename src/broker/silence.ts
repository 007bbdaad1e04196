/**
 * Whether a silence is a server's own or the machine's. A disk that stalls holds up every server that syncs, a machine
 * that stalls all of them, and to put them out would leave nobody to go on with. So silence tells against a server only
 * once another one is heard, and has synced what this one has to sync.
 */
import { isMember, type ServerMask, type Version } from '../model/ids.ts';
import type { ServerView } from './server-view.ts';
import type { BrokerState } from './state.ts';

/** Ticks that it has to catch up with the other. */
const DOUBTED_TICKS_MAX = 2;

/** Ticks of silence that are nobody's but its own, whatever the others do. */
const STALLED_TICKS_MAX = 50;

export function noteHeard(view: ServerView): void {
  view.ticksSilent = 0;
  view.ticksDoubted = 0;
}

/** Every HEARTBEAT_INTERVAL_MS. */
export function countSilence(state: BrokerState): void {
  for (const view of state.servers) {
    view.ticksSilent++;
    view.ticksUnsynced++;
  }
  for (const view of state.servers) if (view.ticksDoubted > 0 || isOutdone(state, view)) view.ticksDoubted++;
}

/** Whether a server is to be put out for more than `silentMax` ticks of silence; one that starts has nobody beside it. */
export function isTooSilent({ phase, ticksSilent, ticksDoubted }: ServerView, silentMax: number): boolean {
  if (ticksSilent <= silentMax) return false;
  return phase !== 'ready' || ticksDoubted > DOUBTED_TICKS_MAX || ticksSilent > STALLED_TICKS_MAX;
}

/** Whether another one is heard, more than a tick after this one was, and shows that what this one owes can be done. */
function isOutdone(state: BrokerState, view: ServerView): boolean {
  const owed = owedBy(state, view);
  return state.servers.some((other) => {
    if (other === view || other.phase === 'absent' || other.ticksSilent + 1 >= view.ticksSilent) return false;
    return owed === null || hasSynced(state, other, owed) || other.ticksUnsynced + 1 < view.ticksSilent;
  });
}

/** What a server has to sync before it answers anything: the oldest write that it lacks, or an epoch. */
type Owed = { readonly owners: ServerMask; readonly version: Version } | 'epoch';

function owedBy({ epochs, groups }: BrokerState, { index, durable }: ServerView): Owed | null {
  if (isMember(epochs.awaited, index)) return 'epoch';
  for (const { owners, newest, writes } of groups.values()) {
    if (!isMember(owners, index) || newest <= durable) continue;
    for (const { version } of writes) if (version > durable) return { owners, version };
  }
  return null;
}

function hasSynced({ epochs }: BrokerState, { index, durable, phase }: ServerView, owed: Owed): boolean {
  if (owed === 'epoch') return phase === 'ready' && !isMember(epochs.awaited, index);
  return isMember(owed.owners, index) && durable >= owed.version;
}
