/**
 * A host of one storage server on its own text port: alone it keeps what it is given by itself; once a broker of
 * another process has joined it, it keeps and answers for its part of that cluster, and waits for a broker whenever
 * there is none.
 */
import { type Host, type HostOptions, StartError } from '../src/cli/host.ts';
import type { Prng } from '../src/lib/prng.ts';
import type { CommandPort } from '../src/model/commands.ts';
import type { KvError } from '../src/model/errors.ts';
import type { ServerIndex } from '../src/model/ids.ts';
import type { Administration } from '../src/model/status.ts';
import type { Log } from '../src/node/log.ts';
import { TextSession } from '../src/protocol/text-session.ts';
import { asError, operations } from './administration.ts';
import { type Cluster, createCluster, DRAIN_TIMEOUT_MS } from './cluster.ts';
import { TextGateway } from './gateway/text.ts';
import { damagedEverywhere, type Home } from './home.ts';
import { JoinedServer } from './joined-server.ts';
import { openGateway } from './ports.ts';

const EXIT_FAILED = 1;

export type LoneServerOptions = {
  readonly options: HostOptions;
  readonly home: Home;
  readonly prng: Prng;
  readonly log: Log;
  readonly ended: Promise<number>;
  readonly end: (code: number) => void;
  readonly fatal: () => void;
};

/** Settles when the port answers; rejects with a StartError. */
export async function startLoneServer(given: LoneServerOptions): Promise<Host> {
  const { options, home, prng, log, ended, end, fatal } = given;
  const { cluster: config, host } = options;
  const address = options.places[0]?.address ?? { host, port: 0 };
  const joined = open();
  function open(): JoinedServer {
    try {
      return new JoinedServer({ host, directory: `${home.root}/joined`, config, prng: prng.fork(1), log });
    } catch (error) {
      home.release();
      throw new StartError((error as Error).message, EXIT_FAILED);
    }
  }
  // What belongs to a cluster is not answered from anything else, also before the broker is back.
  let alone: Cluster | null = null;
  if (joined.membership === null) {
    alone = createCluster({ options, home, prng: prng.fork(2), log, remoteAddresses: new Map(), fatal });
    alone.start();
    const outcome = await Promise.race([alone.broker.serving(), ended]);
    if (typeof outcome === 'string') {
      await alone.stop();
      home.release();
      throw damagedEverywhere(outcome);
    }
  }

  let shown = `${address.host}:${address.port}`;
  let stopping: Promise<void> | null = null;
  const port: CommandPort = {
    submit: (command, reply) => {
      if (alone !== null) alone.broker.submitAt(0 as ServerIndex, command, reply);
      else joined.copies.submit(command, reply);
    },
  };
  const operateAlone = (cluster: Cluster): Administration =>
    operations({ options, ...cluster, stop: () => void stop() });
  const administration: Administration = {
    status() {
      if (alone !== null) return operateAlone(alone).status();
      const { replicas, epoch } = joined.membership ?? { replicas: 1, epoch: 0 };
      return {
        mode: 'replicated',
        replicas,
        durability: config.durability,
        epoch,
        servers: [joined.status(shown)],
        faults: [],
      };
    },
    fault: (statement) => (alone === null ? inCluster() : operateAlone(alone).fault(statement)),
    force: (servers) => (alone === null ? inCluster() : operateAlone(alone).force(servers)),
    snapshot: () => (alone === null ? inCluster() : operateAlone(alone).snapshot()),
    join: (request) =>
      joined.join(request, async () => {
        const leaving = alone;
        alone = null;
        await leaving?.stop();
      }),
    shutdown: () => void stop(),
  };
  const gateway = new TextGateway({
    ...address,
    openSession: (wake) =>
      new TextSession(
        port,
        administration,
        { role: 'server', putMode: config.putMode, strictTypes: false, angle: 'rad' },
        wake,
      ),
  });
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      await gateway.drain(DRAIN_TIMEOUT_MS);
      await alone?.stop();
      await joined.stop();
      home.release();
      end(0);
    })();
    return stopping;
  };
  try {
    const bound = await openGateway(gateway, address.host, address.port);
    shown = `${bound.host}:${bound.port}`;
    alone?.board.setAddress(0 as ServerIndex, bound);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ports: { text: shown, resp: null, http: null },
    servers: config.servers,
    replicas: config.replicas,
    mode: config.mode,
    commandPort: port,
    administration,
    onIndexed: () => undefined,
    ended,
    stop,
  };
}

function inCluster(): Promise<never> {
  const error: KvError = { code: 'NOTLEADER', message: 'this server belongs to a cluster: ask its broker' };
  return Promise.reject(asError(error));
}
