/**
 * The sources' own command lines: `broker -s -i -k` (also `kvBroker`, `kvClient`), `server -a -p` (also `kvServer`)
 * and `gen -k -n -d -l -m` (also `createData`, `genData`). Pure checks of what commander read.
 */
import { err, ok, type Result } from '../lib/result.ts';
import { anyText, duration, type Environment, type Flag, FlagReader, type FlagValues, wholeNumber } from './flags.ts';
import type { HostOptions } from './host.ts';
import { checkReplicas, parsePort, type ServerAddress } from './server-file.ts';
import { hostRules, RULE_FLAGS } from './rule-options.ts';
import { DATA_FLAGS, dataOptions } from './start-options.ts';

export const BROKER_FLAGS: readonly Flag[] = [
  { flags: '-s, --server-file <FILE>', summary: 'one "<host> <port>" a line: the storage servers' },
  { flags: '-i, --data-file <FILE>', summary: 'data to load first; - is standard input; repeatable', repeatable: true },
  { flags: '-k, --replicas <K>', summary: 'copies of each key' },
  { flags: '--connect-only', summary: 'join servers that answer; start none' },
  { flags: '--allow-degraded', summary: 'load although a server is down; it catches up later' },
  { flags: '--wait <TIME>', summary: 'how long to wait for servers that are down (default 0s)' },
  { flags: '--skip-bad', summary: 'lines that cannot be loaded do not change the exit code' },
  { flags: '--exec <LINE>', summary: 'ask this instead of reading questions; repeatable', repeatable: true },
  { flags: '--json', summary: 'answer questions as JSON' },
  ...RULE_FLAGS,
  ...DATA_FLAGS,
];

export type BrokerOptions = {
  readonly serverFile: string;
  readonly dataFiles: readonly string[];
  readonly replicas: number;
  readonly allowDegraded: boolean;
  readonly waitMs: number;
  readonly skipBad: boolean;
  readonly exec: readonly string[];
  readonly json: boolean;
};

/** What a broker was told, before its server file is read. */
export function brokerOptions(values: FlagValues, env: Environment): Result<BrokerOptions, string> {
  const flags = new FlagReader(BROKER_FLAGS, values, env);
  const serverFile = flags.get('server-file', anyText);
  const replicas = flags.get('replicas', wholeNumber(0, 999));
  if (serverFile === null) flags.fail('-s <serverFile> is required');
  if (replicas === null) flags.fail('-k <copies of each key> is required');
  return flags.done({
    serverFile: serverFile ?? '',
    dataFiles: flags.all('data-file'),
    replicas: replicas ?? 0,
    allowDegraded: flags.has('allow-degraded'),
    waitMs: flags.get('wait', duration) ?? 0,
    skipBad: flags.has('skip-bad'),
    exec: flags.all('exec'),
    json: flags.has('json'),
  });
}

/** The host behind a broker: a server at each address of the file, each with its own text port, and no other port. */
export function brokerHost(
  values: FlagValues,
  env: Environment,
  servers: readonly ServerAddress[],
  replicas: number,
): Result<HostOptions, string> {
  const complaint = checkReplicas(replicas, servers.length);
  if (complaint !== null) return err(complaint);
  const flags = new FlagReader(BROKER_FLAGS, values, env);
  return flags.done({
    role: 'broker',
    ...dataOptions(flags, { servers: servers.length, replicas, mode: 'replicated' }, servers),
    ...PORTLESS,
    // The broker asks its own host like any client, over a port that nobody else needs to know.
    host: '127.0.0.1',
    textPort: 0,
    socketThreads: 0,
    connectOnly: flags.has('connect-only'),
    rules: hostRules(flags),
  });
}

export const SERVER_FLAGS: readonly Flag[] = [
  { flags: '-a, --address <ADDRESS>', summary: 'address to listen on' },
  { flags: '-p, --port <PORT>', summary: 'text port' },
  ...DATA_FLAGS,
];

/** The host of one server alone on its own text port. Each port has a data folder of its own unless one is named. */
export function serverOptions(values: FlagValues, env: Environment): Result<HostOptions, string> {
  const flags = new FlagReader(SERVER_FLAGS, values, env);
  const host = flags.get('address', anyText);
  const port = flags.get('port', (text) => {
    const parsed = text === '0' ? 0 : parsePort(text);
    return parsed === null ? err(`expected a port from 0 to 65535, got "${text}"`) : ok(parsed);
  });
  if (host === null) flags.fail('-a <address> is required');
  if (port === null) flags.fail('-p <port> is required');
  const address = { host: host ?? '', port: port ?? 0 };
  return flags.done({
    role: 'server',
    ...dataOptions(flags, { servers: 1, replicas: 1, mode: 'single' }, [address], `data/server-${address.port}`),
    ...PORTLESS,
    host: address.host,
    socketThreads: 0,
    connectOnly: false,
    rules: { onKDown: 'warn', exitWhenKDown: false, readOnlyAfterIndex: false },
  });
}

const PORTLESS = {
  textPort: 'off',
  respPort: 'off',
  httpPort: 'off',
  load: [],
  index: false,
  sample: false,
  nodeId: 0,
  peers: [],
} as const;
