/** `coppice start --print-config`: what would be started, whoever said so: flag, environment or default (row CFG-a). */
import type { HostOptions } from './host.ts';

/** What `--print-config` prints: the flags' names with the values that hold, whoever gave them. */
export function configJson(options: HostOptions): string {
  const { cluster, places, rules } = options;
  const shown = {
    servers: cluster.servers,
    replicas: cluster.replicas,
    mode: cluster.mode,
    dir: options.directory,
    directories: places.map(({ directory }) => directory),
    host: options.host,
    port: options.textPort,
    'resp-port': options.respPort,
    'http-port': options.httpPort,
    'socket-threads': options.socketThreads,
    'server-ports': places.flatMap(({ address }) => (address === null ? [] : [address.port])),
    'node-id': options.nodeId,
    peers: options.peers,
    load: options.load,
    index: options.index,
    durability: cluster.durability,
    'put-mode': cluster.putMode,
    'delete-mode': cluster.deleteMode,
    'on-k-down': rules.onKDown,
    'exit-when': rules.exitWhenKDown ? 'k-down' : null,
    'read-only-after-index': rules.readOnlyAfterIndex,
    'enable-faults': options.faults,
    seed: options.seed,
    quiet: options.quiet,
    'log-format': options.logFormat,
  };
  return JSON.stringify(shown, null, 2);
}
