/** etcd, when this machine has it: a member alone or a cluster of the rounds' own, and its requests in protobuf. */
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Call } from './grpc.ts';
import { end, freePort, isInstalled, run, scratchFolder, start } from './processes.ts';

const READY_POLL_MS = 20;

export type Etcd = {
  /** Of the leader: clients that ask it wait for no other member to pass on what they ask. */
  readonly port: number;
  readonly members: number;
  /** Copies of a write that are synced before its answer: those of a majority. */
  readonly copies: number;
  readonly directories: readonly string[];
  readonly stop: () => Promise<void>;
};

export const HAS_ETCD = isInstalled('etcd') && isInstalled('etcdctl');
export const NO_ETCD =
  'etcd is not installed here: nothing to compare with (Debian packages etcd-server and etcd-client)';

/** Starts a cluster of so many members on free ports; settles when it has a leader. `under`: a command that starts each. */
export async function startEtcd(members: 1 | 3, under: readonly string[] = []): Promise<Etcd> {
  const sites = [];
  for (let i = 1; i <= members; i++) {
    sites.push({ name: `m${i}`, port: await freePort(), peer: await freePort(), directory: scratchFolder() });
  }
  const cluster = sites.map(({ name, peer }) => `${name}=http://127.0.0.1:${peer}`).join();
  const children = sites.map(({ name, port, peer, directory }) =>
    start([
      ...[...under, 'etcd', '--name', name, '--data-dir', join(directory, 'data')],
      ...['--listen-client-urls', `http://127.0.0.1:${port}`, '--advertise-client-urls', `http://127.0.0.1:${port}`],
      ...[
        '--listen-peer-urls',
        `http://127.0.0.1:${peer}`,
        '--initial-advertise-peer-urls',
        `http://127.0.0.1:${peer}`,
      ],
      ...['--initial-cluster', cluster, '--logger', 'zap', '--log-outputs', join(directory, 'log')],
    ]),
  );
  for (const { port } of sites) await isListening(port);
  return {
    port: await leaderOf(sites.map(({ port }) => port)),
    members,
    copies: (members >> 1) + 1,
    directories: sites.map(({ directory }) => directory),
    stop: async () => {
      await Promise.all(children.map((child) => end(child)));
    },
  };
}

/** PutRequest { bytes key = 1; bytes value = 2 }: durable at a majority before it is answered. */
export function putCall(key: (n: number) => string, value: string): Call {
  return {
    path: '/etcdserverpb.KV/Put',
    message: (n) => Buffer.concat([bytesField(1, key(n)), bytesField(2, value)]),
    answerBytesMin: 1,
  };
}

/** RangeRequest { bytes key = 1 }: one key, linearizable because `serializable` (7) is not asked for. */
export function getCall(key: (n: number) => string, value: string): Call {
  return { path: '/etcdserverpb.KV/Range', message: (n) => bytesField(1, key(n)), answerBytesMin: value.length };
}

/** How often a member has asked for its log to be synced, as it says itself. */
export async function syncsOf(port: number): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^etcd_disk_wal_fsync_duration_seconds_count (\d+)/m.exec(metrics)?.[1]);
}

/** A field of bytes shorter than 128: its number and kind 2 (delimited), its length, itself. */
function bytesField(number: number, text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

type EndpointStatus = {
  readonly Status: { readonly header: { readonly member_id: number }; readonly leader?: number };
};

async function leaderOf(ports: readonly number[]): Promise<number> {
  for (;;) {
    const endpoints = ports.map((port) => `127.0.0.1:${port}`).join();
    const output = await run(['etcdctl', '--endpoints', endpoints, 'endpoint', 'status', '--write-out', 'json']);
    const found = (JSON.parse(output) as EndpointStatus[]).findIndex(
      ({ Status: { header, leader } }) => leader === header.member_id,
    );
    if (found !== -1) return ports[found] as number;
    await pause();
  }
}

async function isListening(port: number): Promise<void> {
  for (;;) {
    const socket = connect({ port, host: '127.0.0.1' });
    const isOpen = await new Promise<boolean>((settle) => {
      socket.once('connect', () => settle(true));
      socket.once('error', () => settle(false));
    });
    socket.destroy();
    if (isOpen) return;
    await pause();
  }
}

function pause(): Promise<void> {
  return new Promise((settle) => setTimeout(settle, READY_POLL_MS));
}
