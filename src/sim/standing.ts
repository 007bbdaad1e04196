/**
 * In which state and in which role a fault finds a server: the state as the broker shows it, the role as the newest
 * table says that the host keeps. Looks on; what it answers is for counts and for faults that wait for a moment.
 */
import { ByteReader } from '../lib/bytes.ts';
import { maskOf, type ServerIndex } from '../model/ids.ts';
import type { ServerState } from '../model/status.ts';
import {
  type EpochTable,
  firstTable,
  groupsMissing,
  groupsOwned,
  inSyncOf,
  readTable,
} from '../replication/epoch-table.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';

/**
 * together: in sync in every group that it owns, and everywhere others are too · alone: the last one in sync of some
 * group · behind: out of sync with some group, and the last one of none
 */
export type Role = 'together' | 'alone' | 'behind';

export const ROLES: readonly Role[] = ['together', 'alone', 'behind'];

/** What a fault waits for: at its server, null being any role; or a broker that hears what its servers remember. */
export type Aim =
  | { readonly kind: 'server'; readonly state: ServerState; readonly role: Role | null }
  | { readonly kind: 'broker starts' };

/** Null while there is no broker. */
export function stateOf({ broker }: SimulatedCluster, server: ServerIndex): ServerState | null {
  return broker === null ? null : broker.view(server).state;
}

export function roleOf(cluster: SimulatedCluster, server: ServerIndex): Role {
  const { epochFile, config } = cluster;
  const table = epochFile === null ? firstTable(config) : tableOf(epochFile);
  if (groupsOwned(table, server).some((owners) => inSyncOf(table, owners) === maskOf(server))) return 'alone';
  return groupsMissing(table, server).length > 0 ? 'behind' : 'together';
}

/** Whether the moment has come, for a fault that hits `server`, or no server. */
export function isAt(cluster: SimulatedCluster, server: ServerIndex | undefined, aim: Aim): boolean {
  if (aim.kind === 'broker starts') return cluster.broker?.isServing === false;
  if (server === undefined || stateOf(cluster, server) !== aim.state) return false;
  return aim.role === null || roleOf(cluster, server) === aim.role;
}

/** Tables by the bytes that they were read from: one is looked at many times. */
const tables = new WeakMap<Uint8Array, EpochTable>();

function tableOf(bytes: Uint8Array): EpochTable {
  const known = tables.get(bytes) ?? readTable(new ByteReader(bytes));
  tables.set(bytes, known);
  return known;
}
