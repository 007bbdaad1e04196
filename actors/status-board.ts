/** What STATUS shows: the broker's view of every server beside its thread's, and since when it is so. */
import type { ClusterConfig } from '../src/model/config.ts';
import { type ServerIndex, serverName } from '../src/model/ids.ts';
import type { ClusterStatus, FaultStatus, ServerState, ServerStatus } from '../src/model/status.ts';
import type { BrokerActor } from './broker/handlers.ts';

type Address = { readonly host: string; readonly port: number } | null;

export type Watched = {
  readonly broker: BrokerActor;
  readonly addresses: readonly Address[];
  /** Who runs a server, and why it is not running. */
  readonly lifeOf: (server: ServerIndex) => { readonly threadId: number | null; readonly reason: string };
  readonly faults: () => readonly FaultStatus[];
  readonly clockOffsetMs: (server: ServerIndex) => number;
};

export class StatusBoard {
  readonly #config: ClusterConfig;
  readonly #broker: BrokerActor;
  readonly #watched: Watched;
  readonly #addresses: Address[];
  readonly #since: { state: ServerState; at: Date }[];
  #onChange: ((server: ServerIndex, state: ServerState) => void)[] = [];

  constructor(config: ClusterConfig, watched: Watched) {
    const { broker, addresses } = watched;
    this.#config = config;
    this.#broker = broker;
    this.#watched = watched;
    this.#addresses = [...addresses];
    const at = new Date();
    this.#since = addresses.map(() => ({ state: 'recovering', at }));
  }

  /** Notices changes of state; `listener` is told of each. */
  onChange(listener: (server: ServerIndex, state: ServerState) => void): void {
    this.#onChange.push(listener);
  }

  setAddress(server: ServerIndex, address: Address): void {
    this.#addresses[server] = address;
  }

  addressOf(server: ServerIndex): string | null {
    const address = this.#addresses[server] ?? null;
    return address === null ? null : `${address.host}:${address.port}`;
  }

  /** Called at every tick, and when a server came or went. */
  update(): void {
    for (const [index, known] of this.#since.entries()) {
      const server = index as ServerIndex;
      const { state } = this.#broker.view(server);
      if (state === known.state) continue;
      known.state = state;
      known.at = new Date();
      for (const listener of this.#onChange) listener(server, state);
    }
  }

  status(): ClusterStatus {
    this.update();
    const { mode, replicas, durability } = this.#config;
    return {
      mode,
      replicas,
      durability,
      epoch: this.#broker.epoch,
      servers: this.#since.map((_, index) => this.#serverStatus(index as ServerIndex)),
      faults: this.#watched.faults(),
    };
  }

  #serverStatus(server: ServerIndex): ServerStatus {
    const view = this.#broker.view(server);
    const { threadId, reason } = this.#watched.lifeOf(server);
    const isDown = view.state === 'down';
    return {
      id: serverName(server),
      address: this.addressOf(server),
      state: view.state,
      role: 'owner',
      incarnation: view.incarnation,
      threadId,
      keys: view.keys,
      walBytes: view.walBytes,
      progress: null,
      since: (this.#since[server] as { at: Date }).at.toISOString(),
      reason: isDown ? reason : null,
      lastError: view.lastError,
      clockOffsetMs: this.#watched.clockOffsetMs(server),
    };
  }
}
