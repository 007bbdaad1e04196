/**
 * The storage servers of a host, on worker threads or as processes of their own, and the broker over them. Connects
 * the actors with each other and decides nothing.
 */
import { join, resolve } from 'node:path';
import type { HostOptions } from '../src/cli/host.ts';
import type { FaultAction, Neighbour } from '../src/faults/action.ts';
import { type ActiveFault, ActiveFaults } from '../src/faults/active-faults.ts';
import type { Prng } from '../src/lib/prng.ts';
import { FRAME } from '../src/model/frames.ts';
import type { ServerIndex } from '../src/model/ids.ts';
import { serverName } from '../src/model/ids.ts';
import type { FaultStatus } from '../src/model/status.ts';
import { nodeDisk } from '../src/node/disk.ts';
import { LinkHub } from '../src/node/link-hub.ts';
import { openLink } from '../src/node/link.ts';
import type { Log } from '../src/node/log.ts';
import { spawnWorker } from '../src/node/spawn.ts';
import { BrokerActor } from './broker/handlers.ts';
import { ClientFaults } from './gateway/client-faults.ts';
import type { Home } from './home.ts';
import type { Address } from './remote-server.ts';
import { RemoteServers } from './remote-servers.ts';
import { StatusBoard } from './status-board.ts';
import { ThreadFaultHost } from './supervisor/fault-host.ts';
import { Supervisor } from './supervisor/handlers.ts';

/** WAL bytes of one server after which it takes a checkpoint. */
export const CHECKPOINT_BYTES = 64 * 1024 * 1024;

/** Milliseconds that commands in flight have when the host stops. */
export const DRAIN_TIMEOUT_MS = 5_000;

/** Megabytes of the heap of a server's thread where faults are enabled; documents lie outside of it. */
const FAULTY_HEAP_MB = 512;

/** The name of the generator that faults draw from, apart from those of the servers. */
const FAULTS_FORK = 0xfa;

export type Cluster = {
  readonly broker: BrokerActor;
  readonly supervisor: Supervisor;
  readonly faults: ActiveFaults;
  readonly faultHost: ThreadFaultHost;
  readonly board: StatusBoard;
  readonly remote: RemoteServers;
  /** The sockets of clients, for faults; null where there are none. */
  readonly clients: ClientFaults | null;
  /** Starts the threads, and reads from the remote servers that joined. */
  start(): void;
  /** Answers what is in flight, makes everything durable and ends the threads. */
  stop(): Promise<void>;
};

export type ClusterOptions = {
  readonly options: HostOptions;
  readonly home: Home;
  readonly prng: Prng;
  readonly log: Log;
  readonly remoteAddresses: ReadonlyMap<ServerIndex, Address>;
  /** Nothing may be acknowledged any more: the host must end. */
  readonly fatal: () => void;
};

export function createCluster({ options, home, prng, log, remoteAddresses, fatal }: ClusterOptions): Cluster {
  const { cluster } = options;
  const directories = options.places.map(({ directory }, index) =>
    resolve(directory ?? join(options.directory, serverName(index as ServerIndex))),
  );
  const hub = new LinkHub<ServerIndex>({
    onFrame: (server, bytes, start, stop) => broker.onFrame(server, bytes, start, stop),
    onBatchEnd: () => broker.onBatchEnd(),
    onLinkLost: (server, _link, { broken, reason }) => {
      if (broken) broker.onLinkBroken(server, reason);
    },
  });
  const broker: BrokerActor = new BrokerActor({
    config: cluster,
    savedEpoch: home.savedEpoch,
    send: (server, frame) => {
      if (remote.has(server)) remote.send(server, frame);
      else if (frame[0] === FRAME.ping) hub.sendQuietly(server, frame);
      else hub.send(server, frame);
    },
    backlogBytes: (server) => (remote.has(server) ? remote.backlogBytes(server) : (hub.get(server)?.backlogBytes ?? 0)),
    look: () => hub.look(),
    onTicked: () => board.update(),
    keepEpoch: (bytes) => home.keepEpoch(bytes),
    terminate: (server, incarnation, reason) => {
      if (remote.has(server)) remote.terminate(server, incarnation, reason);
      else supervisor.terminate(server, incarnation, reason);
    },
    describe: (server) => {
      const address = board.addressOf(server);
      return address === null ? serverName(server) : `${serverName(server)} ${address}`;
    },
    note: (server, text) => log('info', text, server === null ? {} : { server: serverName(server) }),
    fatal: (error) => {
      log('error', 'the epoch file cannot be written: nothing may be acknowledged any more', { err: error });
      fatal();
    },
  });
  const remote: RemoteServers = new RemoteServers({
    config: cluster,
    addresses: remoteAddresses,
    prng: prng.fork(0),
    epoch: () => broker.epoch,
    onStarted: (server, incarnation) => {
      log('info', 'joined', { server: `${serverName(server)}.${incarnation}` });
      broker.onServerStarted(server, incarnation);
    },
    onExited: (server, incarnation, reason) => {
      log('info', `gone: ${reason}`, { server: `${serverName(server)}.${incarnation}` });
      broker.onServerExited(server, incarnation, reason);
      board.update();
    },
    onFrame: (server, bytes, start, end) => broker.onFrame(server, bytes, start, end),
    onBatchEnd: () => broker.onBatchEnd(),
    note: (server, text) => log('warn', text, { server: serverName(server) }),
  });
  const supervisor: Supervisor = new Supervisor({
    config: cluster,
    directories,
    checkpointBytes: CHECKPOINT_BYTES,
    quietHeartbeats: true,
    prng: prng.fork(1),
    disk: nodeDisk,
    spawn: (data, transferList) =>
      spawnWorker('storage-server', {
        workerData: data,
        transferList,
        // A thread that a fault lets take all memory ends before the machine has none.
        ...(options.faults ? { resourceLimits: { maxOldGenerationSizeMb: FAULTY_HEAP_MB } } : {}),
      }),
    faultsOf: (server) => (options.faults ? faultHost.faultsOf(server) : null),
    onStarted: (server, incarnation, end) => {
      hub.attach(server, (events) => openLink(end, prng.fork(server + 2), events));
      broker.onServerStarted(server, incarnation);
    },
    onExited: (server, incarnation, reason) => {
      broker.onServerExited(server, incarnation, reason);
      board.update();
    },
    onNotice: ({ server, state, incarnation, reason }) => {
      board.update();
      log(state === 'givenUp' || state === 'stuck' ? 'error' : 'info', reason === '' ? state : `${state}: ${reason}`, {
        server: `${serverName(server)}.${incarnation}`,
      });
    },
    onReport: (server, report) => {
      if (report.kind === 'failed') log('warn', report.reason, { server: serverName(server) });
    },
    remote,
  });
  const board = new StatusBoard(cluster, {
    broker,
    addresses: options.places.map(({ address }) => address),
    lifeOf: (server) => {
      if (remote.has(server)) return { threadId: null, reason: remote.reason(server) };
      const { threadId, reason } = supervisor.server(server);
      return { threadId, reason };
    },
    faults: () => faults.list().map(faultStatus),
    clockOffsetMs: (server) => faultHost.clockOffsetMs(server),
  });
  const clients = options.faults ? new ClientFaults() : null;
  const faultHost: ThreadFaultHost = new ThreadFaultHost({
    supervisor,
    directories: cluster.durability === 'memory' ? null : directories,
    replaceRules: (from, to, rules) => {
      const isRemote = (one: Neighbour): boolean => one !== 'broker' && remote.has(one);
      if (isRemote(from) || (from === 'broker' && isRemote(to))) remote.replaceRules(from, to, rules);
      else if (from !== 'broker') supervisor.replaceRules(from, to, rules);
      else if (to !== 'broker') hub.replaceRules(to, rules);
    },
    clients: hasPorts(options) ? clients : null,
    note: (server, text) => log('warn', text, { server: serverName(server) }),
  });
  const faults: ActiveFaults = new ActiveFaults(
    {
      mode: cluster.mode,
      actions: faultHost,
      now: () => Date.now(),
      after: (delayMs, run) => {
        const timer = setTimeout(run, delayMs);
        return () => clearTimeout(timer);
      },
      view: () => ({ servers: cluster.servers, leader: null }),
      lacks: (action) => lackOfRemote(action, remote) ?? faultHost.lacks(action),
      startAll: () => supervisor.startHealed(),
      onNotice: ({ kind, fault }) => log('warn', `fault ${fault.id} ${kind}: ${fault.statement}`),
    },
    prng.fork(FAULTS_FORK),
  );
  return {
    broker,
    supervisor,
    faults,
    faultHost,
    board,
    remote,
    clients,
    start() {
      // In one turn: the broker waits for all of them before it decides what the cluster remembers.
      supervisor.start();
      remote.start();
    },
    async stop() {
      await broker.drain(DRAIN_TIMEOUT_MS);
      faults.close();
      remote.close();
      await supervisor.stop();
      hub.close();
    },
  };
}

function faultStatus({ id, statement, servers, since, until }: ActiveFault): FaultStatus {
  return {
    id,
    statement,
    servers: servers.map(serverName),
    since: new Date(since).toISOString(),
    until: until === null ? null : new Date(until).toISOString(),
  };
}

function hasPorts({ textPort, respPort, places }: HostOptions): boolean {
  return textPort !== 'off' || respPort !== 'off' || places.some(({ address }) => address !== null);
}

/** A server of another process is out of reach; only its links end here. */
function lackOfRemote(action: FaultAction, remote: { has(server: ServerIndex): boolean }): string | null {
  const elsewhere = 'servers' in action ? action.servers.find((server) => remote.has(server)) : undefined;
  return elsewhere === undefined ? null : `${serverName(elsewhere)} is a process of its own: stop that process instead`;
}
