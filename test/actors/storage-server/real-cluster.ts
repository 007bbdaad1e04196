/** Storage servers on threads with the real disk, under the broker's core: what actors/main.ts puts together, without sockets. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ThreadFaultHost } from '../../../actors/supervisor/fault-host.ts';
import { Supervisor } from '../../../actors/supervisor/handlers.ts';
import { Broker } from '../../../src/broker/broker.ts';
import { fromPlain } from '../../../src/document/plain.ts';
import { assert } from '../../../src/lib/assert.ts';
import { utf8 } from '../../../src/lib/bytes.ts';
import { Prng } from '../../../src/lib/prng.ts';
import { NEVER } from '../../../src/lib/rare.ts';
import type { Command, Reply } from '../../../src/model/commands.ts';
import type { ClusterConfig } from '../../../src/model/config.ts';
import type { ServerIndex } from '../../../src/model/ids.ts';
import { HEARTBEAT_INTERVAL_MS } from '../../../src/model/limits.ts';
import { nodeDisk } from '../../../src/node/disk.ts';
import { openLink } from '../../../src/node/link.ts';
import { LinkHub } from '../../../src/node/link-hub.ts';
import { spawnWorker } from '../../../src/node/spawn.ts';

export const CONFIG: ClusterConfig = {
  servers: 3,
  replicas: 2,
  mode: 'replicated',
  durability: 'fsync',
  putMode: 'upsert',
  deleteMode: 'available',
};

export class RealCluster {
  readonly supervisor: Supervisor;
  readonly host: ThreadFaultHost;
  readonly broker: Broker;
  readonly directory = mkdtempSync(join(tmpdir(), 'coppice-cluster-'));
  readonly notes: string[] = [];
  /** What each server's thread said of itself: server and state. */
  readonly states: (readonly [ServerIndex, string])[] = [];
  readonly #hub: LinkHub<ServerIndex>;
  readonly #ticking: NodeJS.Timeout;

  constructor(config = CONFIG) {
    const prng = new Prng(1);
    const directories = Array.from({ length: config.servers }, (_, index) => `${this.directory}/s${index + 1}`);
    this.#hub = new LinkHub<ServerIndex>({
      onFrame: (from, bytes, start, end) => this.broker.onFrame(from, bytes, start, end),
      onBatchEnd: () => undefined,
      onLinkLost: (from, _link, { broken, reason }) => {
        if (broken) this.broker.onLinkBroken(from, reason);
      },
    });
    this.supervisor = new Supervisor({
      config,
      directories,
      checkpointBytes: 1024 * 1024,
      prng,
      disk: nodeDisk,
      spawn: (workerData, transferList) => spawnWorker('storage-server', { workerData, transferList }),
      faultsOf: (server) => this.host.faultsOf(server),
      onStarted: (server, incarnation, end) => {
        this.#hub.attach(server, (events) => openLink(end, prng, events));
        this.broker.onServerStarted(server, incarnation);
      },
      onExited: (server, incarnation, reason) => {
        this.#hub.detach(server);
        this.broker.onServerExited(server, incarnation, reason);
      },
      onNotice: () => undefined,
      onReport: (server, report) => {
        if (report.kind === 'state') this.states.push([server, report.state]);
      },
    });
    this.host = new ThreadFaultHost({
      supervisor: this.supervisor,
      directories: config.durability === 'memory' ? null : directories,
      clients: null,
      replaceRules: (from, to, rules) => {
        if (from !== 'broker') this.supervisor.replaceRules(from, to, rules);
        else if (to !== 'broker') this.#hub.replaceRules(to, rules);
      },
      note: (server, text) => this.notes.push(`s${server + 1}: ${text}`),
    });
    this.broker = new Broker(
      config,
      {
        send: (server, frame) => this.#hub.send(server, frame),
        backlogBytes: (server) => this.#hub.get(server)?.backlogBytes ?? 0,
        now: () => performance.now(),
        wallMs: () => Date.now(),
        persistEpoch: (_bytes, epoch) => void setImmediate(() => this.broker.onEpochPersisted(epoch)),
        terminate: (server, incarnation, reason) => this.supervisor.terminate(server, incarnation, reason),
        describe: (server) => `s${server + 1}`,
        note: (server, text) => this.notes.push(`${server === null ? 'broker' : `s${server + 1}`}: ${text}`),
        rare: NEVER,
      },
      'none',
    );
    this.#ticking = setInterval(() => this.broker.onTick(), HEARTBEAT_INTERVAL_MS);
  }

  /** A cluster with all servers up. */
  static async started(config = CONFIG): Promise<RealCluster> {
    const cluster = new RealCluster(config);
    cluster.supervisor.start();
    await cluster.until(() => cluster.broker.isSettled);
    return cluster;
  }

  submit(command: Command): Promise<Reply> {
    return new Promise((resolve) => this.broker.submit(command, resolve));
  }

  put(key: string, value: unknown): Promise<Reply> {
    const packed = fromPlain(value);
    assert(packed.ok, 'test values can be packed');
    return this.submit({ kind: 'write', items: [{ key: utf8(key), value: packed.value }], onExisting: 'overwrite' });
  }

  get(key: string): Promise<Reply> {
    return this.submit({ kind: 'get', key: utf8(key) });
  }

  stateOf(server: number): string {
    return this.broker.view(server as ServerIndex).state;
  }

  /** Settles when their last lives are over and the next ones begun. */
  async restart(servers: readonly ServerIndex[]): Promise<void> {
    this.host.restart(servers);
    await this.host.settled();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  async stop(): Promise<void> {
    clearInterval(this.#ticking);
    await this.supervisor.stop();
    this.#hub.close();
    rmSync(this.directory, { recursive: true });
  }
}
