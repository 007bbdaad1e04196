/** Redis, when this machine has it: servers of the rounds' own, redis-cli and redis-benchmark. */
import { connect } from 'node:net';
import { join } from 'node:path';
import { end, freePort, isInstalled, run, scratchFolder, start } from './processes.ts';

const READY_POLL_MS = 2;
const REPLICA_POLL_MS = 50;
const CONNECTIONS = 50;
const VALUE_BYTES = 64;

export type Redis = {
  readonly port: number;
  readonly pid: number;
  readonly directory: string;
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
};

export type RedisOptions = {
  /** Each write is synced before its answer: what every write of ours is. */
  readonly isDurable?: boolean;
  readonly replicaOf?: Redis;
  readonly directory?: string;
  /** A command that starts the server: a tracer. */
  readonly under?: readonly string[];
};

export const HAS_REDIS = isInstalled('redis-server') && isInstalled('redis-benchmark') && isInstalled('redis-cli');
export const NO_REDIS = 'redis-server is not installed here: nothing to compare with (Debian package redis)';

/** Starts a server on a free port over a fresh folder unless one is named; settles when it answers. */
export async function startRedis(options: RedisOptions = {}): Promise<Redis> {
  const { isDurable = true, replicaOf, directory = scratchFolder(), under = [] } = options;
  const port = await freePort();
  const child = start([
    ...[...under, 'redis-server', '--port', String(port), '--bind', '127.0.0.1', '--dir', directory],
    ...['--save', '', '--loglevel', 'warning', '--logfile', join(directory, 'log')],
    ...['--appendonly', isDurable ? 'yes' : 'no', '--appendfsync', 'always'],
    ...(replicaOf === undefined ? [] : ['--replicaof', `127.0.0.1 ${replicaOf.port}`]),
  ]);
  // Sooner than redis-cli could be started, because some questions ask how long this takes.
  await answers(port);
  const info = await cli(port, 'INFO', 'server');
  if (replicaOf !== undefined) await replicates(port);
  return {
    port,
    pid: Number(/process_id:(\d+)/.exec(info)?.[1]),
    directory,
    stop: (signal) => end(child, signal),
  };
}

export async function cli(port: number, ...words: string[]): Promise<string> {
  return run(['redis-cli', '-p', String(port), ...words]);
}

export type BenchmarkLoad = {
  readonly depth: number;
  readonly requests: number;
  /** Keys to draw from. */
  readonly keys: number;
  readonly connections?: number;
};

/** What redis-benchmark measures: `set` or `get` of 64 bytes, in requests a second. It ends at the first error, and this throws. */
export async function redisBenchmark(port: number, test: 'set' | 'get', load: BenchmarkLoad): Promise<number> {
  const { depth, requests, keys, connections = CONNECTIONS } = load;
  const output = await run([
    ...['redis-benchmark', '-p', String(port), '-t', test, '--csv'],
    ...['-c', String(connections), '-P', String(depth), '-n', String(requests)],
    ...['-r', String(keys), '-d', String(VALUE_BYTES)],
  ]);
  const row = /^"\w+","([\d.]+)"/m.exec(output);
  if (row === null) throw new Error(`redis-benchmark: ${output}`);
  return Number(row[1]);
}

async function answers(port: number): Promise<void> {
  for (;;) {
    if (await ping(port)) return;
    await new Promise((settle) => setTimeout(settle, READY_POLL_MS));
  }
}

async function replicates(port: number): Promise<void> {
  while (!(await cli(port, 'INFO', 'replication')).includes('master_link_status:up')) {
    await new Promise((settle) => setTimeout(settle, REPLICA_POLL_MS));
  }
}

/** Whether a server answers, and not that it still loads. */
async function ping(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write('PING\r\n'));
    socket.once('error', () => settle(false));
    socket.once('data', (chunk) => {
      socket.destroy();
      settle(chunk.toString().startsWith('+PONG'));
    });
  });
}
