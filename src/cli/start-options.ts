/**
 * The flags of `coppice start`: one table gives the help, the environment variables and the checks. Pure: flags and
 * environment in, HostOptions or one line out. Flag beats environment beats default.
 */
import { err, ok, type Result } from '../lib/result.ts';
import { type ClusterConfig, DELETE_MODES, DURABILITIES, MODES, PUT_MODES } from '../model/config.ts';
import { SERVERS_MAX } from '../model/limits.ts';
import {
  anyText,
  choice,
  type Environment,
  type Flag,
  FlagReader,
  type FlagValues,
  portOrOff,
  wholeNumber,
} from './flags.ts';
import type { HostOptions, LogFormat, PortOption, ServerPlace } from './host.ts';
import { hostRules, RULE_FLAGS } from './rule-options.ts';

const LOG_FORMATS: readonly LogFormat[] = ['pretty', 'json'];

const HOST_DEFAULT = '127.0.0.1';
const DIR_DEFAULT = 'data';
const SERVERS_DEFAULT = 3;
const REPLICAS_DEFAULT = 2;
const TEXT_PORT_DEFAULT = 7400;
const RESP_PORT_DEFAULT = 7401;
/** A server's own text port is this far above the gateway's, one more for each server. */
const SERVER_PORTS_OFFSET = 10;
const PORT_MAX = 65_535;
const SOCKET_THREADS_MAX = 16;
const SEED_MAX = 0xffff_ffff;

/** Flags about the data, which `start`, `broker` and `server` share. */
export const DATA_FLAGS: readonly Flag[] = [
  {
    flags: '--dir <DIR>',
    summary: `data, one folder a server; s1=/a,s2=/b spreads them (default ${DIR_DEFAULT})`,
    env: 'DB_DATA_DIR',
  },
  { flags: '--durability <D>', summary: `${DURABILITIES.join(', ')} (default fsync)`, choices: DURABILITIES },
  {
    flags: '--put-mode <M>',
    summary: 'upsert, or insert: PUT refuses a key that exists (default upsert)',
    choices: PUT_MODES,
  },
  {
    flags: '--delete-mode <M>',
    summary: 'strict: needs every server up; or available (default strict)',
    choices: DELETE_MODES,
  },
  { flags: '--enable-faults', summary: 'FAULT verbs and routes, debug parameters' },
  { flags: '--seed <S>', summary: 'everything random in faults and generation (default: drawn)' },
  { flags: '--quiet', summary: 'no log' },
  { flags: '--log-format <F>', summary: 'pretty or json, on stderr (default pretty)', choices: LOG_FORMATS },
];

export const START_FLAGS: readonly Flag[] = [
  { flags: '--servers <N>', summary: `storage servers s1 to sN (default ${SERVERS_DEFAULT})` },
  { flags: '-k, --replicas <K>', summary: `copies of each key, 1 to N (default ${REPLICAS_DEFAULT})` },
  { flags: '--mode <M>', summary: `${MODES.join(', ')} (default replicated)`, choices: MODES },
  { flags: '--host <H>', summary: `address to listen on (default ${HOST_DEFAULT})` },
  { flags: '--port <P>', summary: `text port; 0: any free one, off: none (default ${TEXT_PORT_DEFAULT})` },
  { flags: '--resp-port <P>', summary: `RESP port (default ${RESP_PORT_DEFAULT})` },
  { flags: '--http-port <P>', summary: 'HTTP port: not in this version, only off (default off)', env: 'DB_PORT' },
  {
    flags: '--socket-threads <N>',
    summary: `threads with the sockets of each gateway, 0 to ${SOCKET_THREADS_MAX} (default: cores left over)`,
  },
  { flags: '--server-ports', summary: `a text port for each server besides, from --port + ${SERVER_PORTS_OFFSET}` },
  { flags: '--load <FILE>', summary: 'data file to load before "ready"; repeatable', repeatable: true },
  { flags: '--empty', summary: 'no sample data on the first run' },
  { flags: '--index', summary: 'full-text and similarity indexes' },
  ...RULE_FLAGS,
  { flags: '--node-id <I>', summary: 'this process among --peers, from 0 (default 0)', env: 'DB_NODE_ID' },
  { flags: '--peers <URLS>', summary: 'URLs of the other processes, with commas: mode leader', env: 'DB_PEERS' },
  { flags: '--print-config', summary: 'print what would be started as JSON, and start nothing' },
  ...DATA_FLAGS,
  { flags: '--data-dir <DIR>', summary: 'the same as --dir' },
];

/** What to start, or one line that names the flag and what it expects. */
export function startOptions(values: FlagValues, env: Environment): Result<HostOptions, string> {
  const flags = new FlagReader(START_FLAGS, values, env);
  const peers = flags.get('peers', parsePeers) ?? [];
  const shape = clusterShape(flags, peers);
  const host = flags.get('host', anyText) ?? HOST_DEFAULT;
  const textPort = flags.get('port', portOrOff) ?? TEXT_PORT_DEFAULT;
  const addresses = flags.has('server-ports') ? serverPorts(flags, host, textPort, shape.servers) : null;
  if (flags.all('load').includes('-')) flags.fail('--load: expected a file; "coppice load -" reads standard input');
  return flags.done({
    role: 'cluster',
    ...dataOptions(flags, shape, addresses),
    host,
    textPort,
    respPort: flags.get('resp-port', portOrOff) ?? RESP_PORT_DEFAULT,
    httpPort: flags.get('http-port', portOrOff) ?? 'off',
    socketThreads: flags.get('socket-threads', wholeNumber(0, SOCKET_THREADS_MAX)),
    load: flags.all('load'),
    index: flags.has('index'),
    connectOnly: false,
    sample: !flags.has('empty') && flags.all('load').length === 0,
    rules: hostRules(flags),
    nodeId: flags.get('node-id', wholeNumber(0, peers.length === 0 ? SERVERS_MAX - 1 : peers.length)) ?? 0,
    peers,
  });
}

type Shape = Pick<ClusterConfig, 'servers' | 'replicas' | 'mode'>;
type Address = ServerPlace['address'];

/**
 * The part of HostOptions that DATA_FLAGS decide. `addresses`: one a server, or null when no server has a port;
 * `directory`: where the data lies when nobody says.
 */
export function dataOptions(
  flags: FlagReader,
  shape: Shape,
  addresses: readonly Address[] | null,
  directory = DIR_DEFAULT,
): Pick<HostOptions, 'cluster' | 'places' | 'directory' | 'faults' | 'seed' | 'quiet' | 'logFormat'> {
  const parse = (text: string): Result<Directories, string> => parseDirectories(text, shape.servers, directory);
  const dir = flags.isGiven('data-dir') && !flags.isGiven('dir') ? 'data-dir' : 'dir';
  const directories = flags.get(dir, parse) ?? {
    root: directory,
    ofServer: new Map(),
  };
  const durability = flags.get('durability', choice(DURABILITIES)) ?? 'fsync';
  const places = Array.from({ length: shape.servers }, (_, i) => ({
    directory: durability === 'memory' ? null : (directories.ofServer.get(i) ?? `${directories.root}/s${i + 1}`),
    address: addresses?.[i] ?? null,
  }));
  return {
    cluster: {
      ...shape,
      durability,
      putMode: flags.get('put-mode', choice(PUT_MODES)) ?? 'upsert',
      deleteMode: flags.get('delete-mode', choice(DELETE_MODES)) ?? 'strict',
    },
    places,
    directory: directories.root,
    faults: flags.has('enable-faults'),
    seed: flags.get('seed', wholeNumber(0, SEED_MAX)),
    quiet: flags.has('quiet'),
    logFormat: flags.get('log-format', choice(LOG_FORMATS)) ?? 'pretty',
  };
}

/** Servers, copies and mode agree with each other: defaults follow what was given, contradictions are refused. */
function clusterShape(flags: FlagReader, peers: readonly string[]): Shape {
  const mode = flags.get('mode', choice(MODES)) ?? (peers.length > 0 ? 'leader' : 'replicated');
  if (peers.length > 0 && (mode === 'single' || mode === 'replicated')) {
    flags.fail(`--peers: mode ${mode} has all its servers in one process`);
  }
  const given = flags.get('servers', wholeNumber(1, SERVERS_MAX));
  if (peers.length > 0 && given !== null && given !== peers.length + 1) {
    flags.fail(`--servers: ${peers.length} peers and this process are ${peers.length + 1} servers, got ${given}`);
  }
  const serversDefault = mode === 'single' ? 1 : SERVERS_DEFAULT;
  const servers = given ?? (peers.length > 0 ? peers.length + 1 : serversDefault);
  const everywhere = mode === 'leader' || mode === 'masterless';
  const replicasDefault = everywhere ? servers : Math.min(REPLICAS_DEFAULT, servers);
  const replicas = flags.get('replicas', wholeNumber(1, SERVERS_MAX)) ?? replicasDefault;
  if (replicas > servers) flags.fail(`--replicas: ${replicas} copies do not fit on ${servers} servers`);
  if (mode === 'single' && servers > 1) flags.fail(`--servers: mode single has one server, got ${servers}`);
  if (everywhere && replicas !== servers) {
    flags.fail(`--replicas: mode ${mode} keeps every key on all ${servers} servers, got ${replicas}`);
  }
  return { servers, replicas, mode };
}

function serverPorts(flags: FlagReader, host: string, textPort: PortOption, servers: number): Address[] {
  if (textPort === 'off') {
    flags.fail('--server-ports: there is no --port to count from');
    return [];
  }
  const first = textPort === 0 ? 0 : textPort + SERVER_PORTS_OFFSET;
  if (first + servers - 1 > PORT_MAX) flags.fail(`--server-ports: ${first + servers - 1} is over ${PORT_MAX}`);
  return Array.from({ length: servers }, (_, i) => ({ host, port: first === 0 ? 0 : first + i }));
}

/** `http://localhost:8001,http://localhost:8002`; nothing at all is no peers (as the sources' `--peers ""`). */
function parsePeers(text: string): Result<readonly string[], string> {
  const peers = text === '' ? [] : text.split(',').map((peer) => peer.trim());
  for (const [i, peer] of peers.entries()) {
    const isUrl = /^(https?|coppice):\/\/[^\s/]+\/?$/.test(peer) && URL.canParse(peer);
    if (!isUrl) return err(`expected URLs such as http://localhost:8001 with commas between, got "${peer}"`);
    if (peers.indexOf(peer) !== i) return err(`${peer} is named twice`);
  }
  if (peers.length >= SERVERS_MAX) return err(`${peers.length + 1} servers are more than ${SERVERS_MAX}`);
  return ok(peers);
}

type Directories = { readonly root: string; readonly ofServer: ReadonlyMap<number, string> };

/** `DIR`, or `s1=/a,s2=/b`, or `DIR,s2=/b`: what is not named lies under DIR. */
function parseDirectories(text: string, servers: number, directory: string): Result<Directories, string> {
  const ofServer = new Map<number, string>();
  let root = directory;
  for (const [i, part] of text.split(/,(?=s\d+=)/).entries()) {
    const named = /^s(\d+)=(.*)$/.exec(part);
    if (named === null && i === 0 && part !== '') {
      root = part;
      continue;
    }
    const server = Number(named?.[1]);
    const directory = named?.[2] ?? '';
    if (directory === '') return err(`expected DIR or s1=DIR,s2=DIR, got "${text}"`);
    if (server < 1 || server > servers) return err(`there is no server s${server} among ${servers}`);
    if (ofServer.has(server - 1)) return err(`s${server} is named twice`);
    ofServer.set(server - 1, directory);
  }
  return ok({ root, ofServer });
}
