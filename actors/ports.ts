/** The ports of a host: the text gateway, the RESP port, and a text port for each server that wants one, closed while it is down. */
import { availableParallelism } from 'node:os';
import { StartError, type HostOptions, type HostPorts } from '../src/cli/host.ts';
import type { ServerIndex } from '../src/model/ids.ts';
import type { Administration, ServerState } from '../src/model/status.ts';
import type { SessionOptions } from '../src/protocol/conversation.ts';
import { TextSession } from '../src/protocol/text-session.ts';
import { VERSION } from '../src/cli/version.ts';
import type { BrokerActor } from './broker/handlers.ts';
import type { ClientFaults } from './gateway/client-faults.ts';
import type { OpenSession, Peer } from './gateway/session.ts';
import { RespPort } from './gateway/resp-port.ts';
import { TextGateway } from './gateway/text.ts';
import { Turns } from './gateway/turns.ts';
import type { StatusBoard } from './status-board.ts';

const EXIT_FAILED = 1;

/** More of them than this have less to do than their doorbells cost. */
const SOCKET_THREADS_MAX = 4;

type Opened = {
  readonly bound: HostPorts;
  /** Stops accepting, answers what is in flight, closes. */
  drain(timeoutMs: number): Promise<void>;
};

type Wanted = {
  readonly options: HostOptions;
  readonly broker: BrokerActor;
  readonly administration: Administration;
  readonly board: StatusBoard;
  /** Null where there are no faults. */
  readonly clients: ClientFaults | null;
};

/** Opens them; a StartError says which address cannot be had. */
export async function openPorts({ options, broker, administration, board, clients }: Wanted): Promise<Opened> {
  const session = (role: SessionOptions['role']): SessionOptions => ({
    role,
    putMode: options.cluster.putMode,
    strictTypes: false,
    angle: 'rad',
  });
  const operatedFrom = ({ address }: Peer): Administration =>
    clients?.sparing(administration, address) ?? administration;
  const turns = new Turns();
  const threads = clients === null ? (options.socketThreads ?? spareThreads(options.places.length)) : 0;
  let text: TextGateway | null = null;
  let bound: string | null = null;
  if (options.textPort !== 'off') {
    text = new TextGateway({
      host: options.host,
      port: options.textPort,
      clients,
      turns,
      threads,
      openSession: (wake, peer) => new TextSession(broker, operatedFrom(peer), session('gateway'), wake),
    });
    const address = await openGateway(text, options.host, options.textPort);
    bound = `${address.host}:${address.port}`;
  }
  let resp: RespPort | null = null;
  let respBound: string | null = null;
  if (options.respPort !== 'off') {
    resp = new RespPort({
      host: options.host,
      port: options.respPort,
      store: broker,
      administration,
      requestsInFlight: () => broker.requestsInFlight,
      putMode: options.cluster.putMode,
      version: VERSION,
      directory: options.directory,
      clients,
      turns,
      threads,
      isKept: options.cluster.durability !== 'memory',
    });
    const address = await openGateway(resp, options.host, options.respPort);
    respBound = `${address.host}:${address.port}`;
  }
  const ports: ServerPort[] = [];
  for (const [index, { address }] of options.places.entries()) {
    if (address === null) continue;
    const server = index as ServerIndex;
    const port = new ServerPort(address.host, address.port, { clients, turns }, (wake, peer) => {
      const own = { submit: broker.submitAt.bind(broker, server) };
      return new TextSession(own, operatedFrom(peer), session('server'), wake);
    });
    await port.open();
    board.setAddress(server, { host: address.host, port: port.number });
    ports.push(port);
    board.onChange((changed, state) => {
      if (changed === server) port.onState(state);
    });
    port.onState(broker.view(server).state);
  }
  return {
    bound: { text: bound, resp: respBound, http: null },
    async drain(timeoutMs) {
      await Promise.all([
        text?.drain(timeoutMs),
        resp?.drain(timeoutMs),
        ...ports.map((port) => port.drain(timeoutMs)),
      ]);
    },
  };
}

/** What the ports of a host have in common. */
type Shared = { readonly clients: ClientFaults | null; readonly turns: Turns };
/** Threads for the sockets of each gateway: as many as leave a core to each server, to the broker and to the clients. */
function spareThreads(servers: number): number {
  if (process.platform !== 'linux') return 0;
  return Math.max(0, Math.min(SOCKET_THREADS_MAX, Math.floor((availableParallelism() - servers - 2) / 2)));
}

/** The text port of one server: a server that is down does not listen. */
class ServerPort {
  readonly #host: string;
  readonly #shared: Shared;
  readonly #openSession: OpenSession;
  number: number;
  #gateway: TextGateway | null = null;
  #wanted = true;
  /** One change after the other: a port must be closed before it is opened again. */
  #changing: Promise<void> = Promise.resolve();

  constructor(host: string, port: number, shared: Shared, openSession: OpenSession) {
    this.#host = host;
    this.number = port;
    this.#shared = shared;
    this.#openSession = openSession;
  }

  async open(): Promise<void> {
    const gateway = new TextGateway({
      host: this.#host,
      port: this.number,
      openSession: this.#openSession,
      ...this.#shared,
    });
    const bound = await openGateway(gateway, this.#host, this.number);
    this.number = bound.port;
    this.#gateway = gateway;
  }

  onState(state: ServerState): void {
    const wanted = state !== 'down';
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#changing = this.#changing.then(() => this.#settle()).catch(() => undefined);
  }

  async #settle(): Promise<void> {
    if (this.#wanted && this.#gateway === null) {
      await this.open();
    } else if (!this.#wanted && this.#gateway !== null) {
      const gateway = this.#gateway;
      this.#gateway = null;
      await gateway.destroy();
    }
  }

  async drain(timeoutMs: number): Promise<void> {
    this.#wanted = false;
    await this.#changing;
    await this.#gateway?.drain(timeoutMs);
  }
}

/** Opens a port; a StartError says why it cannot be had. */
export async function openGateway(
  gateway: { open(): Promise<{ host: string; port: number }> },
  host: string,
  port: number,
): Promise<{ host: string; port: number }> {
  try {
    return await gateway.open();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'it is in use' : (error as Error).message;
    throw new StartError(`cannot listen on ${host}:${port}: ${why}`, EXIT_FAILED);
  }
}
