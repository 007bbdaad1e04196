/**
 * What the command line asks of whoever runs a cluster, and gets back. The command never starts a worker, opens a
 * data directory or binds a port itself: it is given a `StartHost`, so that the same commands run on threads, inside
 * a test and inside the simulator.
 */
import type { CommandPort } from '../model/commands.ts';
import type { ClusterConfig } from '../model/config.ts';
import type { Administration } from '../model/status.ts';

/** A port to listen on: a number (0 is any free one) or none. */
export type PortOption = number | 'off';

/** Where one storage server lives. `directory` is null with durability `memory`. */
export type ServerPlace = {
  readonly directory: string | null;
  /** Address of its own text port, or null when it has none. */
  readonly address: { readonly host: string; readonly port: number } | null;
};

export type LogFormat = 'pretty' | 'json';

/**
 * `cluster`: all storage servers are its own threads. `broker`: a server that answers at the address of its place is
 * joined over TCP. `server`: the one server is alone until a broker of another process joins it.
 */
export type HostRole = 'cluster' | 'broker' | 'server';

/** What reads get while k or more servers are down (row R-12): an answer with a warning, an error, or the host's end. */
export type OnKDown = 'warn' | 'refuse' | 'exit';
export const ON_K_DOWN: readonly OnKDown[] = ['warn', 'refuse', 'exit'];

/** What a host is to do less than it could, as the sources did. */
export type HostRules = {
  readonly onKDown: OnKDown;
  /** It ends when k or more servers are down, asked or not (row F-03). */
  readonly exitWhenKDown: boolean;
  /** No new values after the data was loaded; deletes go on (row D-09). */
  readonly readOnlyAfterIndex: boolean;
};

/** Everything a host is started with; `start`, `broker` and `server` all end here. */
export type HostOptions = {
  readonly role: HostRole;
  readonly cluster: ClusterConfig;
  readonly places: readonly ServerPlace[];
  /** Folder of what belongs to the whole host (epoch, lock, FORMAT). */
  readonly directory: string;
  readonly host: string;
  readonly textPort: PortOption;
  readonly respPort: PortOption;
  readonly httpPort: PortOption;
  /** Threads that have the sockets of each gateway; 0: the broker's has them. Null: as many as cores are left over. */
  readonly socketThreads: number | null;
  /** Data files that are loaded before the host counts as ready. */
  readonly load: readonly string[];
  readonly faults: boolean;
  readonly index: boolean;
  /** Everything random in faults and generation comes from it; null draws one. */
  readonly seed: number | null;
  readonly quiet: boolean;
  readonly logFormat: LogFormat;
  /** Only servers that answer already are used; none is started (`broker --connect-only`). */
  readonly connectOnly: boolean;
  /** Whether a first run brings sample data. */
  readonly sample: boolean;
  readonly rules: HostRules;
  /** This process among those of its cluster, and the others; no others: all servers are here. */
  readonly nodeId: number;
  readonly peers: readonly string[];
};

/** Bound addresses as `host:port`, or null for a port that is off. */
export type HostPorts = { readonly text: string | null; readonly resp: string | null; readonly http: string | null };

/** A running cluster. */
export type Host = {
  readonly ports: HostPorts;
  readonly servers: number;
  readonly replicas: number;
  readonly mode: string;
  readonly commandPort: CommandPort;
  readonly administration: Administration;
  /** A broker's data is loaded: what `readOnlyAfterIndex` asks for holds from now on. */
  onIndexed(): void;
  /** Settles when the host has ended by itself or was stopped: its exit code. */
  readonly ended: Promise<number>;
  /** Stops accepting, finishes what is in flight, flushes; settles when everything is closed. */
  stop(): Promise<void>;
};

/** Starts a host, or rejects with a StartError. */
export type StartHost = (options: HostOptions) => Promise<Host>;

/** A host that cannot start: `message` is one line for the person who asked, `exitCode` what the command ends with. */
export class StartError extends Error {
  override name = 'StartError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The one line that a host prints on stdout when everything is up. A server alone has only its own text port to name. */
export function readyLine(host: Host, pid: number): string {
  const { resp, http } = host.ports;
  const [first, ...others] = host.administration.status().servers;
  const text = host.ports.text ?? (others.length === 0 ? first?.address : null);
  return (
    `coppice ready text=${text ?? 'off'} resp=${resp ?? 'off'} http=${http ?? 'off'} ` +
    `servers=${host.servers} replicas=${host.replicas} mode=${host.mode} pid=${pid}`
  );
}
