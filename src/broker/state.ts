/** The broker's state as one structure that its rooms share; broker.ts is the only one that outside code holds. */
import { ByteWriter } from '../lib/bytes.ts';
import type { Rare } from '../lib/rare.ts';
import type { ClusterConfig } from '../model/config.ts';
import { OWN_REQUESTS } from '../model/frames.ts';
import {
  type Epoch,
  epochOf,
  type Incarnation,
  isMember,
  maskOf,
  SEQUENCE_MAX,
  sequenceOf,
  type ServerIndex,
  type ServerMask,
  type Version,
  versionOf,
} from '../model/ids.ts';
import { REQUESTS_IN_FLIGHT_MAX, SERVER_BYTES_IN_FLIGHT_MAX } from '../model/limits.ts';
import { type EpochTable, firstTable, groupsMissing, inSyncOf } from '../replication/epoch-table.ts';
import type { Placement } from '../routing/placement.ts';
import { Group, type Write } from './group.ts';
import { Line, Numbered } from './in-flight.ts';
import type { Ask, Changes, Given, HeldRecord, Join, Read } from './operations.ts';
import { newView, type ServerView } from './server-view.ts';
import type { Tracked } from './tracking.ts';

export type BrokerHost = {
  /** Puts a frame on the link to a server, copying it. */
  send(server: ServerIndex, frame: Uint8Array): void;
  /** Bytes that wait for room on the link to a server. */
  backlogBytes(server: ServerIndex): number;
  /** Monotonic milliseconds. */
  now(): number;
  /** Milliseconds since 1970, as this machine's clock says. */
  wallMs(): number;
  /** Keeps an epoch's table in the host's own file, synced; `onEpochPersisted` follows. */
  persistEpoch(bytes: Uint8Array, epoch: Epoch): void;
  /** Ends an incarnation that was put out; `onServerExited` follows. */
  terminate(server: ServerIndex, incarnation: Incarnation, reason: string): void;
  /** A server as people know it: its name, and its address when it has one. */
  describe(server: ServerIndex): string;
  /** Something an operator would want to read. */
  note(server: ServerIndex | null, text: string): void;
  readonly rare: Rare;
};

/** Is told of what kind a change of its key is. */
export type Watcher = (kind: Changes['kind']) => void;

/** Is called in the order of acknowledgements; null: anything may have changed. */
export type Observer = (changes: Changes | null) => void;

/** starting: hears the servers · collecting: their tails · welcoming: they replay · serving */
export type BrokerPhase = 'starting' | 'collecting' | 'welcoming' | 'serving';

/** The tables of the current epoch, of the one that is being made durable, and of the one that is wanted. */
export type Epochs = {
  durable: EpochTable;
  persisting: EpochTable | null;
  hostHasIt: boolean;
  awaited: ServerMask;
  wanted: EpochTable;
};

export type BrokerState = {
  readonly config: ClusterConfig;
  readonly placement: Placement;
  readonly host: BrokerHost;
  readonly out: ByteWriter;
  /** Requests in flight, and bytes that wait for one server; beyond them commands are refused with BUSY. */
  readonly requestsMax: number;
  readonly serverBytesMax: number;
  readonly servers: readonly ServerView[];
  readonly groups: Map<ServerMask, Group>;
  readonly epochs: Epochs;
  readonly joins: Map<number, Join>;
  readonly asks: Numbered<Ask>;
  readonly reads: Line<Read>;
  readonly deletes: Map<Version, Write>;
  /** Keys that updates depend on, by keyName. */
  readonly tracked: Map<string, Tracked>;
  /** Who is to hear of every change of a key, by keyName. */
  readonly watchers: Map<string, Set<Watcher>>;
  /** Who is to hear of all changes that are acknowledged. */
  readonly observers: Set<Observer>;
  /** Bulks over several groups that some group's owners do not all have yet. */
  readonly openBulks: Map<Version, Write>;
  /** Bulks of servers that were absent, while they are asked for them, and what each must drop when it recovers. */
  readonly questions: {
    readonly asked: Map<ServerIndex, Map<Version, HeldRecord>>;
    readonly drops: Map<ServerIndex, Map<Version, readonly ServerMask[]>>;
  };
  /** Bulks that servers got to become the truth of a group by an operator's word, and the number of the last of them. */
  readonly given: Map<ServerIndex, Given>;
  phase: BrokerPhase;
  lastVersion: Version;
  nextRequest: number;
  nextJoin: number;
  inFlight: number;
  /** Whether a key with a dot may be stored: then a path's first segments may name one. */
  dotted: boolean;
};

export function newState(config: ClusterConfig, host: BrokerHost): BrokerState {
  const placement: Placement = { servers: config.servers, replicas: config.replicas };
  const table = firstTable(placement);
  const { rare } = host;
  return {
    config,
    placement,
    host,
    out: new ByteWriter(rare('broker: frames are built from one byte on') ? 1 : 64 * 1024),
    requestsMax: rare('broker: two requests may be in flight') ? 2 : REQUESTS_IN_FLIGHT_MAX,
    serverBytesMax: rare('broker: hardly any bytes may wait for a server') ? 256 : SERVER_BYTES_IN_FLIGHT_MAX,
    servers: Array.from({ length: config.servers }, (_, index) => newView(index as ServerIndex)),
    groups: new Map(),
    epochs: { durable: table, persisting: null, hostHasIt: false, awaited: 0 as ServerMask, wanted: table },
    joins: new Map(),
    asks: new Numbered(OWN_REQUESTS, rare('broker: numbers of reads begin near their end') ? OWN_REQUESTS - 2 : 1),
    reads: new Line(),
    deletes: new Map(),
    tracked: new Map(),
    watchers: new Map(),
    observers: new Set(),
    openBulks: new Map(),
    questions: { asked: new Map(), drops: new Map() },
    given: new Map(),
    phase: 'starting',
    lastVersion: 0 as Version,
    nextRequest: rare('broker: numbers of scans begin near their end') ? OWN_REQUESTS - 2 : 1,
    nextJoin: 1,
    inFlight: 0,
    dotted: false,
  };
}

export function groupOf(state: BrokerState, owners: ServerMask): Group {
  let group = state.groups.get(owners);
  if (group === undefined) {
    group = new Group(owners);
    state.groups.set(owners, group);
  }
  return group;
}

export function viewOf(state: BrokerState, server: ServerIndex): ServerView {
  return state.servers[server] as ServerView;
}

/** The next place in the order. */
export function nextVersion(state: BrokerState): Version {
  const { lastVersion } = state;
  const sequence = sequenceOf(lastVersion);
  // A used-up epoch is followed by the next one's numbers; the table's own epoch may lag behind, never lead.
  state.lastVersion =
    sequence === SEQUENCE_MAX ? versionOf((epochOf(lastVersion) + 1) as Epoch, 0) : ((lastVersion + 1) as Version);
  return state.lastVersion;
}

/** Versions of a new epoch come after all of the ones before. */
export function raiseVersion(state: BrokerState, epoch: Epoch): void {
  const first = versionOf(epoch, 0);
  if (first > state.lastVersion) state.lastVersion = first;
}

export function readyServers(state: BrokerState): ServerMask {
  let mask = 0;
  for (const view of state.servers) if (view.phase === 'ready') mask |= maskOf(view.index);
  return mask as ServerMask;
}

/** Owners that may answer for a group: in sync now, and in every epoch that is on its way, and known to hold data. */
export function answerers(state: BrokerState, owners: ServerMask): ServerMask {
  const { durable, wanted } = state.epochs;
  return (inSyncOf(durable, owners) & inSyncOf(wanted, owners) & durable.joined & readyServers(state)) as ServerMask;
}

/** Owners that must have a write before it is acknowledged: in sync in any epoch that counts or is about to. */
export function required(state: BrokerState, owners: ServerMask): ServerMask {
  const { durable, persisting, wanted } = state.epochs;
  const onItsWay = persisting === null ? 0 : inSyncOf(persisting, owners);
  return (inSyncOf(durable, owners) | onItsWay | inSyncOf(wanted, owners)) as ServerMask;
}

/** Whether a server answers for everything it owns. */
export function isUp(state: BrokerState, view: ServerView): boolean {
  if (state.phase !== 'serving' || view.phase !== 'ready') return false;
  const { durable } = state.epochs;
  return durable.groups.size === 0 || groupsMissing(durable, view.index).length === 0;
}

/** Whether a bulk waits for owners in sync of which none is there. */
export function isStuck(state: BrokerState, bulk: Write): boolean {
  return bulk.groups.some((group) => answerers(state, group.owners) === 0);
}

/** Whether a server runs with what it recovered, or is about to. */
export function mayHold({ phase }: ServerView): boolean {
  return phase === 'ready' || phase === 'replayed' || phase === 'welcomed';
}

export function isLive({ phase }: ServerView): boolean {
  return phase === 'admitted' || phase === 'welcomed' || phase === 'replayed' || phase === 'ready';
}

/** What is agreed at every owner in sync, as far as one server is concerned: its recovery counts from here. */
export function committedFor(state: BrokerState, server: ServerIndex): Version {
  // What was heard at a start may be in a page cache alone, until every recovery is durable.
  if (state.phase !== 'serving') return 0 as Version;
  let committed = state.lastVersion;
  for (const group of state.groups.values()) {
    if (group.writes.size === 0 || !isMember(group.owners, server)) continue;
    const resolved = group.resolved(state.lastVersion);
    if (resolved < committed) committed = resolved;
  }
  for (const bulk of state.openBulks.values()) {
    if (bulk.version <= committed && bulk.groups.some((group) => isMember(group.owners, server))) {
      committed = (bulk.version - 1) as Version;
    }
  }
  return committed;
}
