/**
 * The RESP port of a host: what its connections share, and what the machine says of itself. Thin: sockets are those of
 * every gateway, commands are in src/protocol/resp.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { arch, release, totalmem, type as osType } from 'node:os';
import { StartError } from '../../src/cli/host.ts';
import type { PutMode } from '../../src/model/config.ts';
import { CONNECTIONS_MAX } from '../../src/model/limits.ts';
import type { Administration } from '../../src/model/status.ts';
import { nodeDisk } from '../../src/node/disk.ts';
import { RESP_COMMANDS } from '../../src/protocol/resp/command-table.ts';
import { err, ok } from '../../src/lib/result.ts';
import type { HostFacts, UsersFile } from '../../src/protocol/resp/facts.ts';
import { MAX_CLIENTS } from '../../src/protocol/resp/failures.ts';
import { RespHost } from '../../src/protocol/resp/resp-host.ts';
import { RespSession } from '../../src/protocol/resp/session.ts';
import type { Store } from '../../src/protocol/resp/store.ts';
import type { ClientFaults } from './client-faults.ts';
import type { ConnectionLimits } from './connection.ts';
import { TextGateway } from './text.ts';
import { Turns } from './turns.ts';

export type RespPortOptions = {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly store: Store;
  readonly administration: Administration;
  readonly requestsInFlight: () => number;
  readonly putMode: PutMode;
  readonly version: string;
  readonly directory: string;
  /** Whether anything is kept in it. */
  readonly isKept?: boolean;
  readonly connectionsMax?: number;
  readonly limits?: Partial<ConnectionLimits>;
  readonly clients?: ClientFaults | null;
  readonly turns?: Turns;
  /** Threads that have its sockets. */
  readonly threads?: number;
};

const EXIT_FAILED = 1;

/** Milliseconds between two looks at how many commands came. */
const SAMPLE_MS = 100;

export class RespPort {
  readonly #host: RespHost;
  readonly #gateway: TextGateway;
  #bound = 0;
  #sampling: NodeJS.Timeout | null = null;

  constructor(options: RespPortOptions) {
    const { host, port, store, administration, limits = {}, connectionsMax = CONNECTIONS_MAX } = options;
    const shared = new RespHost({
      store,
      administration,
      index: RESP_COMMANDS,
      facts: factsOf(options, connectionsMax, () => this.#bound),
    });
    const saved = shared.facts.users?.read() ?? ok(null);
    const failure = !saved.ok ? saved.error : saved.value === null ? null : shared.users.load(saved.value);
    // Without them everybody would be let in, or nobody.
    if (failure !== null) throw new StartError(`${options.directory}/users.acl: ${failure}`, EXIT_FAILED);
    this.#host = shared;
    this.#gateway = new TextGateway({
      host,
      port,
      connectionsMax,
      limits,
      clients: options.clients ?? null,
      turns: options.turns ?? new Turns(),
      threads: options.threads ?? 0,
      openSession: (wake, peer) => new RespSession(shared, peer, wake),
      refusal: () => {
        shared.statistics.rejectedConnections++;
        return `-${MAX_CLIENTS}\r\n`;
      },
    });
  }

  get connections(): number {
    return this.#gateway.connections;
  }

  /** Binds the port; resolves with the bound address, rejects with the system's error (EADDRINUSE, EACCES). */
  async open(): Promise<{ host: string; port: number }> {
    const bound = await this.#gateway.open();
    this.#bound = bound.port;
    const { statistics, facts } = this.#host;
    this.#sampling = setInterval(() => statistics.sample(facts.clockMs()), SAMPLE_MS);
    this.#sampling.unref();
    return bound;
  }

  /** Stops accepting, answers what is in flight, closes. After `timeoutMs` what is left is cut off. */
  async drain(timeoutMs: number): Promise<void> {
    if (this.#sampling !== null) clearInterval(this.#sampling);
    await this.#gateway.drain(timeoutMs);
  }
}

function factsOf(options: RespPortOptions, connectionsMax: number, port: () => number): HostFacts {
  return {
    putMode: options.putMode,
    version: options.version,
    pid: process.pid,
    runId: randomBytes(20).toString('hex'),
    os: `${osType()} ${release()} ${arch()}`,
    arch: arch(),
    executable: process.execPath,
    directory: options.directory,
    connectionsMax,
    wallMs: () => Date.now(),
    clockMs: () => performance.now(),
    random: () => Math.random(),
    sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
    secret: (count) => new Uint8Array(randomBytes(count)),
    later: (milliseconds, run) => void setTimeout(run, milliseconds).unref(),
    users: options.isKept ? usersFile(join(options.directory, 'users.acl')) : null,
    memory: () => {
      // Heaps are a thread's own, and the data is in those of the servers: only this counts them all.
      const resident = process.memoryUsage.rss();
      const peak = Math.max(resident, process.resourceUsage().maxRSS * 1_024);
      return { used: resident, resident, peak, total: totalmem() };
    },
    processorSeconds: () => {
      const { user, system } = process.cpuUsage();
      return { user: user / 1e6, system: system / 1e6 };
    },
    requestsInFlight: options.requestsInFlight,
    port,
  };
}

/** The users of a host, for its owner's eyes only: written beside it and renamed, so that it is whole or the one before. */
function usersFile(path: string): UsersFile {
  return {
    read() {
      try {
        return ok(readFileSync(path, 'utf8'));
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        return code === 'ENOENT' ? ok(null) : err(message);
      }
    },
    write(lines) {
      try {
        writeFileSync(`${path}.new`, lines, { mode: 0o600, flush: true });
        renameSync(`${path}.new`, path);
        // Who was told that a user is gone must not meet him after a loss of power.
        nodeDisk.syncDirectory(dirname(path));
        return null;
      } catch (error) {
        return (error as Error).message;
      }
    },
  };
}
