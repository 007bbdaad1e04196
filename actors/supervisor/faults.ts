/**
 * The faults that act now: begun, listed, and healed by name, by server, all at once or by their own timer. What a fault
 * does is its host's; what a statement means is decided elsewhere (src/faults).
 */
import type { DirectedLink, FaultAction, Neighbour } from '../../src/faults/action.ts';
import { type ServerIndex, serverName } from '../../src/model/ids.ts';
import type { ThreadFaultHost } from './fault-host.ts';
import type { Supervisor } from './handlers.ts';

/** A fault that acts now. */
export type ActiveFault = {
  readonly id: string;
  /** The statement that began it. */
  readonly statement: string;
  readonly servers: readonly ServerIndex[];
  /** Milliseconds since 1970. */
  readonly since: number;
  /** When it heals by itself, or null. */
  readonly until: number | null;
};

export type FaultNotice = { readonly kind: 'begun' | 'healed'; readonly fault: ActiveFault };

export type FaultOptions = {
  readonly statement: string;
  readonly servers: readonly ServerIndex[];
  /** Heals by itself after so long; null: when healed. */
  readonly forMs: number | null;
  /** The name to heal it by; null gives it one. */
  readonly name: string | null;
};

/** The longest that a timer can count. */
const FOREVER_MS = 0x7fff_ffff;

type Fault = ActiveFault & { readonly timer: NodeJS.Timeout | null; readonly undo: () => void };

export class Faults {
  readonly #supervisor: Supervisor;
  readonly #host: ThreadFaultHost;
  readonly #onNotice: (notice: FaultNotice) => void;
  readonly #faults = new Map<string, Fault>();
  #begun = 0;

  constructor(supervisor: Supervisor, host: ThreadFaultHost, onNotice: (notice: FaultNotice) => void) {
    this.#supervisor = supervisor;
    this.#host = host;
    this.#onNotice = onNotice;
  }

  /**
   * Begins a fault. One with the same statement or name is healed first: a second identical fault replaces the first.
   * Answers its name.
   */
  begin(options: FaultOptions, action: FaultAction, seed = 0): string {
    const { statement, servers, forMs } = options;
    const id = options.name ?? `f${++this.#begun}`;
    for (const other of this.#faults.values()) {
      if (other.statement === statement || other.id === id) this.#heal(other);
    }
    const undo = this.#host.begin(action, seed);
    const since = Date.now();
    const timer = forMs === null ? null : setTimeout(() => this.heal({ name: id }), Math.min(forMs, FOREVER_MS));
    const fault: Fault = { id, statement, servers, since, until: forMs === null ? null : since + forMs, timer, undo };
    this.#faults.set(id, fault);
    this.#onNotice({ kind: 'begun', fault: describe(fault) });
    return id;
  }

  /** Heals what acts on these servers alone and starts them anew, also those that run or were given up. */
  async restart(servers: readonly ServerIndex[]): Promise<void> {
    for (const fault of this.#faults.values()) {
      if (fault.servers.length > 0 && fault.servers.every((server) => servers.includes(server))) this.#heal(fault);
    }
    this.#host.restart(servers);
    await this.#host.settled();
  }

  /** Every fault that acts now, oldest first. */
  list(): ActiveFault[] {
    return [...this.#faults.values()].map(describe);
  }

  /** Heals one fault by name, those of one server, or all: then every server that is down is started too. Answers how many. */
  heal(what: 'all' | { readonly name: string } | { readonly server: ServerIndex }): number {
    const healed = [...this.#faults.values()].filter((fault) => {
      if (what === 'all') return true;
      return 'name' in what ? fault.id === what.name : fault.servers.includes(what.server);
    });
    for (const fault of healed) this.#heal(fault);
    if (what === 'all') this.#supervisor.start();
    return healed.length;
  }

  /** Lets go of every timer; what acts goes on acting. For a host that stops. */
  close(): void {
    for (const { timer } of this.#faults.values()) if (timer !== null) clearTimeout(timer);
  }

  #heal(fault: Fault): void {
    if (!this.#faults.delete(fault.id)) return;
    if (fault.timer !== null) clearTimeout(fault.timer);
    fault.undo();
    this.#onNotice({ kind: 'healed', fault: describe(fault) });
  }
}

/** Every directed link between two groups, both ways: what a partition between them cuts. */
export function linksBetween(left: readonly Neighbour[], right: readonly Neighbour[]): DirectedLink[] {
  return left.flatMap((a) =>
    right
      .filter((b) => b !== a)
      .flatMap((b) => [
        { from: a, to: b },
        { from: b, to: a },
      ]),
  );
}

/** Every directed link to and from these servers; all links of the cluster when there are none named. */
export function linksOf(servers: readonly ServerIndex[], clusterSize: number): DirectedLink[] {
  const all: Neighbour[] = ['broker', ...Array.from({ length: clusterSize }, (_, index) => index as ServerIndex)];
  const wanted = (name: Neighbour): boolean => servers.length === 0 || (name !== 'broker' && servers.includes(name));
  return all.flatMap((from) =>
    all.filter((to) => to !== from && (wanted(from) || wanted(to))).map((to) => ({ from, to })),
  );
}

/** `s1 -> broker` */
export function linkName({ from, to }: DirectedLink): string {
  return `${neighbourName(from)} -> ${neighbourName(to)}`;
}

function neighbourName(name: Neighbour): string {
  return name === 'broker' ? name : serverName(name);
}

function describe({ id, statement, servers, since, until }: Fault): ActiveFault {
  return { id, statement, servers, since, until };
}
