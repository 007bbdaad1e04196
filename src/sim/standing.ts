/**
 * In which state and in which role a fault finds a server: the state as the broker shows it, the role as the newest
 * table says that the host keeps. Looks on; what it answers is for counts and for faults that wait for a moment.
 */
import { ByteReader } from '../lib/bytes.ts';
import { allServers, maskOf, type ServerIndex } from '../model/ids.ts';
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

export function roleOf({ epochFile, config }: SimulatedCluster, server: ServerIndex): Role {
  if (epochFile === null) return roleIn(firstTable(config), server);
  const known = roles.get(epochFile);
  if (known !== undefined) return known[server] as Role;
  const table = readTable(new ByteReader(epochFile));
  const all = allServers(table.servers).map((one) => roleIn(table, one));
  roles.set(epochFile, all);
  return all[server] as Role;
}

/** By the bytes of a table the role of each server in it: a fault that waits looks many times. */
const roles = new WeakMap<Uint8Array, readonly Role[]>();

function roleIn(table: EpochTable, server: ServerIndex): Role {
  if (groupsOwned(table, server).some((owners) => inSyncOf(table, owners) === maskOf(server))) return 'alone';
  return groupsMissing(table, server).length > 0 ? 'behind' : 'together';
}

/** Whether the moment has come, for a fault that hits `server`, or no server. */
export function isAt(cluster: SimulatedCluster, server: ServerIndex | undefined, aim: Aim): boolean {
  if (aim.kind === 'broker starts') return cluster.broker?.isServing === false;
  if (server === undefined || stateOf(cluster, server) !== aim.state) return false;
  return aim.role === null || roleOf(cluster, server) === aim.role;
}
