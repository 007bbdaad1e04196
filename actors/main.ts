/**
 * Who runs where: one host with its storage servers on worker threads or joined over TCP, the broker and the gateways
 * on this one. The only place that knows all actors; it connects them and decides nothing.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Host, type HostOptions, StartError, type StartHost } from '../src/cli/host.ts';
import { Prng } from '../src/lib/prng.ts';
import { type Incarnation, type ServerIndex, serverName } from '../src/model/ids.ts';
import { createLog } from '../src/node/log.ts';
import { operations } from './administration.ts';
import { type Cluster, createCluster, DRAIN_TIMEOUT_MS } from './cluster.ts';
import { findRemote } from './find-remote.ts';
import { loadData } from './first-data.ts';
import { Guard, needsGuard } from './guard.ts';
import { damagedEverywhere, openHome } from './home.ts';
import { startLoneServer } from './lone-server.ts';
import { openPorts } from './ports.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_CANNOT_CONNECT = 3;

/** Milliseconds in which a cluster with a server missing must know enough to answer. */
const INCOMPLETE_TIMEOUT_MS = 5_000;

/** Starts a host; rejects with a StartError. Nothing is bound or started when it does. */
export const startHost: StartHost = async (options: HostOptions): Promise<Host> => {
  const { cluster: config } = options;
  if (config.mode !== 'replicated' && config.mode !== 'single') {
    const peers =
      options.peers.length === 0 ? '' : ' (--peers asks for it; "coppice broker" joins servers of other processes)';
    throw new StartError(`mode ${config.mode} is not in this version${peers}`, EXIT_FAILED);
  }
  if (options.httpPort !== 'off') {
    const asked = `HTTP on port ${options.httpPort}`;
    throw new StartError(`${asked} is not in this version: leave --http-port (DB_PORT) out, or say off`, EXIT_USAGE);
  }
  if (options.index) throw new StartError('--index is not in this version', EXIT_FAILED);
  const log = createLog({
    format: options.logFormat,
    quiet: options.quiet,
    write: (line) => process.stderr.write(line),
  });
  const prng = new Prng(options.seed ?? randomInt(0x1_0000_0000));
  const home = openHome(options);
  let end: (code: number) => void = () => undefined;
  const ended = new Promise<number>((settle) => {
    end = settle;
  });
  const fatal = (): void => end(EXIT_FAILED);
  if (options.role === 'server') return startLoneServer({ options, home, prng, log, ended, end, fatal });

  const cluster = await createWithRemote();
  async function createWithRemote(): Promise<Cluster> {
    try {
      const remoteAddresses = await findRemote(options, home);
      return createCluster({ options, home, prng, log, remoteAddresses, fatal });
    } catch (error) {
      home.release();
      throw error;
    }
  }
  const { broker } = cluster;
  const administration = operations({ options, ...cluster, stop: () => void stop() });
  const guard = new Guard({
    rules: options.rules,
    replicas: config.replicas,
    port: broker.core,
    states: () => options.places.map((_, index) => broker.view(index as ServerIndex).state),
    end: (reason) => {
      log('error', reason);
      void stop(EXIT_FAILED);
    },
  });
  const ports = await openWithData();
  async function openWithData() {
    try {
      await begin(cluster, options, ended);
      if (home.isNew || options.load.length > 0) {
        await loadData(broker, { files: options.load, sample: home.isNew && options.sample });
      }
      if (needsGuard(options.rules)) broker.guardWith(guard);
      // A broker's data comes over its port.
      if (options.role === 'cluster') guard.onIndexed();
      // A remote server's port is its own.
      const places = options.places.map((place, index) =>
        cluster.remote.has(index as ServerIndex) ? { ...place, address: null } : place,
      );
      const { board, clients } = cluster;
      return await openPorts({ options: { ...options, places }, broker, administration, board, clients });
    } catch (error) {
      await cluster.stop();
      home.release();
      throw error;
    }
  }
  let stopping: Promise<void> | null = null;
  const stop = (exitCode = 0): Promise<void> => {
    stopping ??= (async () => {
      await ports.drain(DRAIN_TIMEOUT_MS);
      await cluster.stop();
      home.release();
      end(exitCode);
    })();
    return stopping;
  };
  cluster.board.onChange(() => guard.check());
  guard.check();
  return {
    ports: ports.bound,
    servers: config.servers,
    replicas: config.replicas,
    mode: config.mode,
    commandPort: broker,
    administration,
    onIndexed: () => guard.onIndexed(),
    ended,
    stop: () => stop(),
  };
};

const LATE = Symbol('late');

/** Starts the servers and settles when commands are answered; a StartError when too few servers can be reached. */
async function begin(cluster: Cluster, options: HostOptions, ended: Promise<number>): Promise<void> {
  const missing = await cluster.remote.join();
  const name = (server: ServerIndex): string => {
    const address = options.places[server]?.address ?? null;
    return address === null ? serverName(server) : `${serverName(server)} ${address.host}:${address.port}`;
  };
  const list = missing.map(({ server, error }) => `${name(server)}: ${error.message}`).join('; ');
  const refused = missing.find(({ error }) => error.code !== 'UNAVAILABLE');
  if (refused !== undefined) {
    const { server, error } = refused;
    throw new StartError(`${name(server)} does not join: ${error.code} ${error.message}`, EXIT_CANNOT_CONNECT);
  }
  if (missing.length === options.cluster.servers) {
    throw new StartError(`all ${missing.length} servers are down (${list})`, EXIT_CANNOT_CONNECT);
  }
  cluster.start();
  // Nobody waits for a first word of these.
  for (const { server, error } of missing) {
    cluster.broker.onServerExited(server, 0 as Incarnation, error.message);
  }
  const answering = Promise.race([cluster.broker.serving(), ended]);
  const late = sleep(INCOMPLETE_TIMEOUT_MS, LATE, { ref: false });
  const outcome = await (missing.length === 0 ? answering : Promise.race([answering, late]));
  if (typeof outcome === 'string') throw damagedEverywhere(outcome);
  if (outcome === LATE) {
    throw new StartError(
      `what is stored is not certain without the servers that are down (${list})`,
      EXIT_CANNOT_CONNECT,
    );
  }
}
