/**
 * That two sides promise the same before they are compared, by what the running servers say; and that they do it, by
 * counting the syncs that the kernel was asked for. A promise is compared, a sync is seen.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { drive, keyOf, resp } from './client.ts';
import { type Etcd, putCall, startEtcd, syncsOf } from './etcd.ts';
import { driveCalls } from './grpc.ts';
import { type Host, type HostOptions, startHost, statusOf } from './host.ts';
import { isInstalled, scratchFolder } from './processes.ts';
import { cli, type Redis, startRedis } from './redis.ts';

/** Writes of one client, one at a time, to one key: each waits for the answer of the one before. */
const WITNESSED_WRITES = 200;
/** Of them, seen by what a member of etcd says of itself. */
const CLAIMED_WRITES = 5;
const VALUE = 'v'.repeat(64);
const HAS_STRACE = isInstalled('strace');
const SYNCS = 'fdatasync,fsync,sync_file_range,msync';

/** Throws unless every write of both is synced before its answer, in at least as many copies here as there. */
export async function assertEqualDurability(ours: Host, peer: Redis, peerCopies = 1): Promise<void> {
  const { durability, replicas } = await statusOf(ours);
  const config = await cli(peer.port, 'CONFIG', 'GET', 'append*');
  const setting = (name: string): string => new RegExp(`^${name}\\n(\\S+)`, 'm').exec(config)?.[1] ?? '';
  const theirs = setting('appendonly') === 'yes' ? setting('appendfsync') : 'nothing';
  if (durability !== 'fsync' || theirs !== 'always') {
    throw new Error(`not compared: ours has durability ${durability}, Redis appends ${theirs}`);
  }
  if (replicas < peerCopies) throw new Error(`not compared: ours stores ${replicas} copies, Redis ${peerCopies}`);
}

/** The same beside etcd, which answers when a majority has synced, unless it was told not to sync. */
export async function assertEqualToEtcd(ours: Host, peer: Etcd): Promise<void> {
  const { durability, replicas } = await statusOf(ours);
  const before = await syncsOf(peer.port);
  await writeToEtcd(peer, CLAIMED_WRITES);
  const syncs = (await syncsOf(peer.port)) - before;
  if (durability !== 'fsync' || !(syncs >= CLAIMED_WRITES)) {
    throw new Error(
      `not compared: ours has durability ${durability}, etcd synced ${syncs} of ${CLAIMED_WRITES} writes`,
    );
  }
  if (replicas < peer.copies) throw new Error(`not compared: ours syncs ${replicas} copies, etcd ${peer.copies}`);
}

/** How many syncs each folder of a host saw for so many writes, as a line. Throws when an owner synced too few. */
export async function witnessHost(options: HostOptions & { readonly replicas: number }): Promise<string> {
  return witness(`ours, k = ${options.replicas}`, options.replicas, async (under) => {
    const host = await startHost({ ...options, under });
    return { write: writerOf(host.resp), directories: [host.directory], servers: [host] };
  });
}

/** The same of a Redis alone, or with a replica that every write waits for. */
export async function witnessRedis(copies: 1 | 2 = 1): Promise<string> {
  return witness(copies === 1 ? 'Redis' : 'Redis and replica', copies, async (under) => {
    const primary = await startRedis({ under });
    const replica = copies === 1 ? null : await startRedis({ under, replicaOf: primary });
    const servers = replica === null ? [primary] : [replica, primary];
    const write = writerOf(primary.port, copies === 2);
    return { write, directories: servers.map(({ directory }) => directory), servers };
  });
}

/** The same of the logs of etcd's members. */
export async function witnessEtcd(members: 1 | 3): Promise<string> {
  const name = members === 1 ? 'etcd' : `etcd, ${members} members`;
  return witness(name, (members >> 1) + 1, async (under) => {
    const etcd = await startEtcd(members, under);
    const directories = etcd.directories.map((directory) => join(directory, 'data/member/wal/'));
    return { write: (count) => writeToEtcd(etcd, count), directories, servers: [etcd], isByMajority: true };
  });
}

type Witnessed = {
  /** So many writes of one client, one after the other. */
  readonly write: (count: number) => Promise<unknown>;
  readonly directories: readonly string[];
  readonly servers: readonly { readonly stop: () => Promise<void> }[];
  /** Whether a write may be in other folders than the one before it, in enough of them. */
  readonly isByMajority?: boolean;
};

async function witness(name: string, copies: number, begin: (under: string[]) => Promise<Witnessed>): Promise<string> {
  if (!HAS_STRACE) return `${name}: syncs not counted, strace is not installed here`;
  const traces = join(scratchFolder(), 'syncs');
  // A file a thread: one that is shared would be cut by the second server.
  const under = ['strace', '-ff', '-qq', '-y', '-e', `trace=${SYNCS}`, '-e', 'signal=none', '-o', traces];
  const { write, directories, servers, isByMajority = false } = await begin(under);
  const before = countSyncs(traces, directories);
  await write(WITNESSED_WRITES);
  const counts = [...countSyncs(traces, directories)].map(([folder, count]) => count - (before.get(folder) ?? 0));
  for (const server of servers) await server.stop();
  counts.sort((a, b) => b - a);
  const owners = isByMajority ? counts : counts.slice(0, copies);
  const shown = owners.map((count) => (count / WITNESSED_WRITES).toFixed(2)).join(' and ');
  const isEnough = isByMajority
    ? counts.reduce((sum, count) => sum + count, 0) >= copies * WITNESSED_WRITES
    : counts.length >= copies && owners.every((count) => count >= WITNESSED_WRITES);
  if (!isEnough)
    throw new Error(`${name}: ${WITNESSED_WRITES} writes, one after the other, and only ${shown} syncs for each`);
  return `${name}: ${shown} syncs for each write of one client (strace, ${WITNESSED_WRITES} writes)`;
}

function writerOf(port: number, isWaiting = false): Witnessed['write'] {
  const request = resp('SET', keyOf(0), VALUE) + (isWaiting ? resp('WAIT', '1', '0') : '');
  return (count) => drive(port, { connections: 1, depth: 1, total: count }, () => request);
}

function writeToEtcd({ port }: Etcd, count: number): Promise<unknown> {
  return driveCalls(
    port,
    { connections: 1, depth: 1, total: count },
    putCall(() => keyOf(0), VALUE),
  );
}

/** Syncs by the folder of the file: one folder a storage server. */
function countSyncs(traces: string, directories: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of readdirSync(dirname(traces))) {
    const lines = readFileSync(join(dirname(traces), name), 'utf8').matchAll(/^\w+\(\d+<([^>]+)>/gm);
    for (const [, path = ''] of lines) {
      if (!directories.some((directory) => path.startsWith(directory))) continue;
      const folder = dirname(path);
      counts.set(folder, (counts.get(folder) ?? 0) + 1);
    }
  }
  return counts;
}
