/** A supervisor with tiny servers and a broker that only talks. */
import { Worker } from 'node:worker_threads';
import { ThreadFaultHost } from '../../../actors/supervisor/fault-host.ts';
import { ActiveFaults } from '../../../src/faults/active-faults.ts';
import { Supervisor, type SupervisorNotice } from '../../../actors/supervisor/handlers.ts';
import { text, utf8 } from '../../../src/lib/bytes.ts';
import { Prng } from '../../../src/lib/prng.ts';
import type { ClusterConfig } from '../../../src/model/config.ts';
import type { ServerIndex } from '../../../src/model/ids.ts';
import { nodeDisk } from '../../../src/node/disk.ts';
import { openLink } from '../../../src/node/link.ts';
import { LinkHub } from '../../../src/node/link-hub.ts';
import type { ServerThreadData } from '../../../src/node/server-thread.ts';

const CONFIG: ClusterConfig = {
  servers: 3,
  replicas: 2,
  mode: 'replicated',
  durability: 'memory',
  putMode: 'upsert',
  deleteMode: 'strict',
};

export class TinyCluster {
  readonly supervisor: Supervisor;
  readonly host: ThreadFaultHost;
  readonly faults: ActiveFaults;
  readonly heard: string[] = [];
  readonly notices: SupervisorNotice[] = [];
  readonly exits: string[] = [];
  readonly faultNotices: string[] = [];
  readonly hub: LinkHub<ServerIndex>;
  #checks = new Set<() => void>();

  constructor(servers = 3, spawn?: (data: ServerThreadData) => Worker | undefined) {
    const prng = new Prng(1);
    const thread = new URL('./threads/tiny-server.ts', import.meta.url);
    this.hub = new LinkHub<ServerIndex>({
      onFrame: (from, bytes, start, end) => this.heard.push(`s${from + 1}: ${text(bytes, start, end)}`),
      onBatchEnd: () => this.#check(),
      onLinkLost: () => undefined,
    });
    this.supervisor = new Supervisor({
      config: { ...CONFIG, servers },
      directories: Array.from({ length: servers }, (_, index) => `nowhere/s${index + 1}`),
      checkpointBytes: 1,
      prng,
      disk: nodeDisk,
      spawn: (data, transferList) => spawn?.(data) ?? new Worker(thread, { workerData: data, transferList }),
      faultsOf: (server) => this.host.faultsOf(server),
      onStarted: (server, _incarnation, end) => {
        this.hub.attach(server, (events) => openLink(end, prng, events));
        this.#check();
      },
      onExited: (server, incarnation, reason) => {
        this.hub.detach(server);
        this.exits.push(`s${server + 1}.${incarnation}: ${reason}`);
      },
      onNotice: (notice) => {
        this.notices.push(notice);
        this.#check();
      },
      onReport: () => undefined,
    });
    this.host = new ThreadFaultHost({
      supervisor: this.supervisor,
      directories: null,
      clients: null,
      replaceRules: (from, to, rules) => {
        if (from !== 'broker') this.supervisor.replaceRules(from, to, rules);
        else if (to !== 'broker') this.hub.replaceRules(to, rules);
      },
      note: () => undefined,
    });
    this.faults = new ActiveFaults(
      {
        mode: CONFIG.mode,
        actions: this.host,
        now: () => performance.now(),
        after: (delayMs, run) => {
          const timer = setTimeout(run, delayMs);
          return () => clearTimeout(timer);
        },
        view: () => ({ servers, leader: null }),
        lacks: (action) => this.host.lacks(action),
        startAll: () => this.supervisor.start(),
        onNotice: ({ kind, fault }) => {
          this.faultNotices.push(`${kind} ${fault.id}`);
          this.#check();
        },
      },
      prng,
    );
  }

  /** A running cluster. */
  static async started(servers = 3): Promise<TinyCluster> {
    const cluster = new TinyCluster(servers);
    cluster.supervisor.start();
    await cluster.linked();
    return cluster;
  }

  /** Settles when every server runs and has a link to each other one: threads that live are handed theirs a little later. */
  async linked(): Promise<void> {
    await this.until(() => this.states().every((state) => state === 'running'));
    const peers = this.states().length - 1;
    for (const { index } of this.supervisor.servers) {
      for (;;) {
        const answer = await this.ask(index, 'peers');
        if (answer.split(' ').filter((word) => /^\d$/.test(word)).length === peers) break;
      }
    }
    this.heard.length = 0;
  }

  states(): string[] {
    return this.supervisor.servers.map((server) => server.state);
  }

  say(server: number, said: string): void {
    this.hub.send(server as ServerIndex, utf8(said));
  }

  /** Says something and waits for the answer of that server. */
  async ask(server: number, said: string): Promise<string> {
    await this.until(() => this.hub.get(server as ServerIndex) !== null);
    const before = this.heard.length;
    this.say(server, said);
    await this.until(() => this.heard.length > before);
    return this.heard[before] as string;
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.#checks.delete(check);
        resolve();
      };
      this.#checks.add(check);
      check();
    });
  }

  async stop(): Promise<void> {
    this.faults.close();
    await this.supervisor.stop();
    this.hub.close();
  }

  #check(): void {
    for (const check of this.#checks) check();
  }
}
