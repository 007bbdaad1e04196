/**
 * The library: `open()` runs a whole host inside the caller's process and answers the same client that `connect()`
 * gives over the network. No port is opened, nothing is printed.
 */
import { join } from 'node:path';
import { CoppiceClient } from '../src/client/client.ts';
import { LocalTransport } from '../src/client/local.ts';
import { EXIT_USAGE } from '../src/cli/exit-codes.ts';
import { StartError } from '../src/cli/host.ts';
import { type ClusterConfig, whyImpossible } from '../src/model/config.ts';
import { serverName, type ServerIndex } from '../src/model/ids.ts';
import { startHost } from './main.ts';

export { CoppiceClient, type Entry, type Value } from '../src/client/client.ts';
export { connect } from '../src/client/connect.ts';
export { CoppiceError } from '../src/client/error.ts';

export type OpenOptions = Partial<ClusterConfig> & {
  /** Where the data lies; made when missing. Not needed with durability `memory`. */
  readonly dir?: string;
  /** Data files to load before `open` resolves. */
  readonly load?: readonly string[];
  /** Whether `fault()` may be called. */
  readonly faults?: boolean;
  /** Everything random in faults comes from it. */
  readonly seed?: number;
};

/**
 * Starts storage servers on worker threads and resolves when they answer. Closing the client (`close()`, or the end of
 * an `await using` block) makes everything durable and ends them. Rejects with an Error of one line: directory in use,
 * another format, a file that cannot be loaded, options that cannot be.
 */
export async function open(options: OpenOptions = {}): Promise<CoppiceClient> {
  const { dir = 'data', load = [], faults = false, seed = null, ...config } = options;
  const servers = config.servers ?? (config.mode === 'single' ? 1 : 3);
  const cluster: ClusterConfig = {
    servers,
    replicas: Math.min(2, servers),
    mode: 'replicated',
    durability: 'fsync',
    putMode: 'upsert',
    deleteMode: 'strict',
    ...config,
  };
  const wrong = unknownOption(config) ?? whyImpossible(cluster);
  if (wrong !== null) throw new StartError(wrong, EXIT_USAGE);
  const host = await startHost({
    role: 'cluster',
    cluster,
    places: Array.from({ length: cluster.servers }, (_, index) => ({
      directory: cluster.durability === 'memory' ? null : join(dir, serverName(index as ServerIndex)),
      address: null,
    })),
    directory: dir,
    host: '127.0.0.1',
    textPort: 'off',
    respPort: 'off',
    httpPort: 'off',
    load,
    faults,
    index: false,
    seed,
    quiet: true,
    logFormat: 'pretty',
    socketThreads: 0,
    connectOnly: false,
    sample: false,
    rules: { onKDown: 'warn', exitWhenKDown: false, readOnlyAfterIndex: false },
    nodeId: 0,
    peers: [],
  });
  const transport = new LocalTransport({
    port: host.commandPort,
    administration: host.administration,
    putMode: cluster.putMode,
    onClose: () => host.stop(),
  });
  return new CoppiceClient(transport);
}

const CONFIG_NAMES = ['servers', 'replicas', 'mode', 'durability', 'putMode', 'deleteMode'];

/** A name that was misspelled would leave its default in force, and nobody the wiser. */
function unknownOption(config: object): string | null {
  const name = Object.keys(config).find((given) => !CONFIG_NAMES.includes(given));
  return name === undefined ? null : `unknown option ${JSON.stringify(name)}`;
}
