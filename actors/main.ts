/**
 * Who runs where: one host with its storage servers on worker threads, the broker and the gateways on this one. The
 * only place that knows all actors; it connects them and decides nothing.
 */
import { randomInt } from 'node:crypto';
import { join, resolve } from 'node:path';
import { type Host, type HostOptions, StartError, type StartHost } from '../src/cli/host.ts';
import { Prng } from '../src/lib/prng.ts';
import type { KvError } from '../src/model/errors.ts';
import type { Incarnation, ServerIndex } from '../src/model/ids.ts';
import { serverName } from '../src/model/ids.ts';
import type { ChannelEnd } from '../src/node/channel.ts';
import { nodeDisk } from '../src/node/disk.ts';
import { LinkHub } from '../src/node/link-hub.ts';
import { openLink } from '../src/node/link.ts';
import { lockDirectory } from '../src/node/lock.ts';
import { createLog } from '../src/node/log.ts';
import { spawnWorker } from '../src/node/spawn.ts';
import { readFileChecked, replaceFile } from '../src/storage/checked-file.ts';
import { claimDirectory } from '../src/storage/format.ts';
import { operations } from './administration.ts';
import { BrokerActor } from './broker/handlers.ts';
import { loadData } from './first-data.ts';
import { openPorts } from './ports.ts';
import { StatusBoard } from './status-board.ts';
import { Faults } from './supervisor/faults.ts';
import { Supervisor } from './supervisor/handlers.ts';

/** WAL bytes of one server after which it takes a checkpoint. */
const CHECKPOINT_BYTES = 64 * 1024 * 1024;

/** Milliseconds that commands in flight have when the host stops. */
const DRAIN_TIMEOUT_MS = 5_000;

const EXIT_FAILED = 1;

/** Starts a host; rejects with a StartError. Nothing is bound or started when it does. */
export const startHost: StartHost = async (options: HostOptions): Promise<Host> => {
  const { cluster } = options;
  if (cluster.mode !== 'replicated' && cluster.mode !== 'single') {
    throw new StartError(`mode ${cluster.mode} is not in this version`, EXIT_FAILED);
  }
  const log = createLog({
    format: options.logFormat,
    quiet: options.quiet,
    write: (line) => process.stderr.write(line),
  });
  const isKept = cluster.durability !== 'memory';
  const home = openHome(options, isKept);
  const seed = options.seed ?? randomInt(0x1_0000_0000);
  const prng = new Prng(seed);
  let end: (code: number) => void = () => undefined;
  const ended = new Promise<number>((settle) => {
    end = settle;
  });

  const hub = new LinkHub<ServerIndex>({
    onFrame: (server, bytes, start, stop) => broker.onFrame(server, bytes, start, stop),
    onBatchEnd: () => broker.onBatchEnd(),
    onLinkLost: (server, _link, { broken, reason }) => {
      if (broken) broker.onLinkBroken(server, reason);
    },
  });
  const addresses = options.places.map(({ address }) => address);
  const broker: BrokerActor = new BrokerActor({
    config: cluster,
    savedEpoch: home.savedEpoch,
    send: (server, frame) => hub.send(server, frame),
    backlogBytes: (server) => hub.get(server)?.backlogBytes ?? 0,
    keepEpoch: (bytes) => {
      if (!isKept) return;
      const kept = replaceFile(nodeDisk, home.epochPath, bytes);
      if (!kept.ok) throw new Error(kept.error.message);
    },
    terminate: (server, incarnation, reason) => supervisor.terminate(server, incarnation, reason),
    describe: (server) => {
      const address = board.addressOf(server);
      return address === null ? serverName(server) : `${serverName(server)} ${address}`;
    },
    note: (server, text) => log('info', text, server === null ? {} : { server: serverName(server) }),
    fatal: (error) => {
      log('error', 'the epoch file cannot be written: nothing may be acknowledged any more', { err: error });
      end(EXIT_FAILED);
    },
  });
  const supervisor: Supervisor = new Supervisor({
    config: cluster,
    directories: options.places.map(({ directory }, index) =>
      resolve(directory ?? join(options.directory, serverName(index as ServerIndex))),
    ),
    checkpointBytes: CHECKPOINT_BYTES,
    prng: prng.fork(1),
    disk: nodeDisk,
    spawn: (data, transferList) => spawnWorker('storage-server', { workerData: data, transferList }),
    onStarted: (server: ServerIndex, incarnation: Incarnation, channelEnd: ChannelEnd) => {
      hub.attach(server, (events) => openLink(channelEnd, prng.fork(server + 2), events));
      broker.onServerStarted(server, incarnation);
    },
    onExited: (server, incarnation, reason) => {
      broker.onServerExited(server, incarnation, reason);
      board.update();
    },
    onNotice: ({ server, state, incarnation, reason }) => {
      board.update();
      log(state === 'givenUp' || state === 'stuck' ? 'error' : 'info', `${state}: ${reason}`, {
        server: `${serverName(server)}.${incarnation}`,
      });
    },
    onReport: (server, report) => {
      if (report.kind === 'failed') log('warn', report.reason, { server: serverName(server) });
    },
  });
  const board = new StatusBoard(cluster, broker, supervisor, addresses);
  const faults = new Faults(supervisor, {
    replaceBrokerRules: (server, rules) => hub.get(server)?.replaceRules(rules),
    onNotice: ({ kind, fault }) => log('warn', `fault ${fault.id} ${kind}: ${fault.statement}`),
  });
  supervisor.start();
  await Promise.race([broker.serving(), ended]);
  if (home.isNew || options.load.length > 0) {
    await loadData(broker, { files: options.load, sample: home.isNew && options.sample });
  }

  const administration = operations({ options, broker, supervisor, faults, board, stop: () => void stop() });
  const ports = await openPorts({ options, broker, administration, board });
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      await ports.drain(DRAIN_TIMEOUT_MS);
      await broker.drain(DRAIN_TIMEOUT_MS);
      faults.close();
      board.close();
      await supervisor.stop();
      hub.close();
      home.release();
      end(0);
    })();
    return stopping;
  };
  return {
    ports: ports.bound,
    servers: cluster.servers,
    replicas: cluster.replicas,
    mode: cluster.mode,
    commandPort: broker,
    administration,
    ended,
    stop,
  };
};

type Home = {
  readonly epochPath: string;
  readonly savedEpoch: Uint8Array | null;
  /** Nothing was ever stored here. */
  readonly isNew: boolean;
  release(): void;
};

/** Locks the data directory, checks that it is of this shape and reads the epoch file. */
function openHome({ cluster, directory }: HostOptions, isKept: boolean): Home {
  const epochPath = join(resolve(directory), 'epoch');
  if (!isKept) return { epochPath, savedEpoch: null, isNew: true, release: () => undefined };
  const root = resolve(directory);
  const lock = lockDirectory(root);
  if (!lock.ok) throw new StartError(lock.error.message, EXIT_FAILED);
  const refuse = ({ message }: KvError): never => {
    lock.value.release();
    throw new StartError(message, EXIT_FAILED);
  };
  const claimed = claimDirectory(nodeDisk, root, cluster);
  if (!claimed.ok) return refuse(claimed.error);
  const epoch = readFileChecked(nodeDisk, epochPath);
  if (!epoch.ok) return refuse(epoch.error);
  return { epochPath, savedEpoch: epoch.value, isNew: claimed.value === 'made', release: () => lock.value.release() };
}
