/**
 * The faults that act on threads and links (interface.md, Faults): begun, listed, and healed by name, by server, all at
 * once or by their own timer. What a fault does is a pair of functions, so that faults of other layers join the list.
 * What a statement means is decided elsewhere (src/faults): here servers are indexes and times are milliseconds.
 */
import { type ServerIndex, serverName } from '../../src/model/ids.ts';
import { GATE, type Neighbour } from '../../src/node/server-thread.ts';
import type { LinkRule } from '../../src/routing/link-rules.ts';
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

/** A directed link: what `from` sends to `to`. */
export type DirectedLink = { readonly from: Neighbour; readonly to: Neighbour };

export type FaultsHost = {
  /** What happens to frames that the broker sends to a server, in this and later incarnations. */
  replaceBrokerRules(to: ServerIndex, rules: readonly LinkRule[]): void;
  onNotice(notice: FaultNotice): void;
};

/** How long a hang without a duration lasts: until it is healed, within what a timer can count. */
const FOREVER_MS = 0x7fff_ffff;

type Fault = ActiveFault & { readonly timer: NodeJS.Timeout | null; readonly undo: () => void };

export class Faults {
  readonly #supervisor: Supervisor;
  readonly #host: FaultsHost;
  readonly #faults = new Map<string, Fault>();
  /** The rule that each link fault puts on each of its links, in the order they were begun. */
  readonly #linkRules = new Map<string, { readonly links: readonly DirectedLink[]; readonly rule: LinkRule }>();
  #begun = 0;

  constructor(supervisor: Supervisor, host: FaultsHost) {
    this.#supervisor = supervisor;
    this.#host = host;
  }

  /** Ends the threads at once, in the middle of what they do; they stay down until healed or restarted. Answers the fault's name. */
  crash(options: FaultOptions): string {
    return this.begin(
      options,
      () => this.#each(options.servers, (server) => void server.stop(`crashed: ${options.statement}`)),
      () => this.#each(options.servers, (server) => void server.exited().then(() => server.start())),
    );
  }

  /** The threads do nothing, and go on where they were when it heals. Answers the fault's name. */
  hang(options: FaultOptions): string {
    const lives = options.servers.map((index) => this.#supervisor.server(index).life);
    return this.begin(
      options,
      () => {
        for (const life of lives) {
          if (life === null) continue;
          Atomics.store(life.gate, 0, GATE.shut);
          const timeoutMs = FOREVER_MS;
          life.control.call('hang', [options.forMs ?? FOREVER_MS], { timeoutMs }).catch(() => undefined);
        }
      },
      () => {
        for (const life of lives) {
          if (life === null) continue;
          Atomics.store(life.gate, 0, GATE.open);
          Atomics.notify(life.gate, 0);
        }
      },
    );
  }

  /** A rule for what passes these links. Answers the fault's name. */
  linkRule(options: FaultOptions, links: readonly DirectedLink[], rule: LinkRule): string {
    const id = this.#newName(options);
    return this.begin(
      { ...options, name: id },
      () => {
        this.#linkRules.set(id, { links, rule });
        this.#applyRules(links);
      },
      () => {
        this.#linkRules.delete(id);
        this.#applyRules(links);
      },
    );
  }

  /** Heals what keeps these servers down and starts them anew, also those that run or were given up. */
  async restart(servers: readonly ServerIndex[]): Promise<void> {
    for (const fault of this.#faults.values()) {
      if (fault.servers.length > 0 && fault.servers.every((server) => servers.includes(server))) this.#heal(fault);
    }
    await Promise.all(
      servers.map(async (index) => {
        const server = this.#supervisor.server(index);
        await server.end('restarted', { asked: true });
        server.start();
      }),
    );
  }

  /** Every fault that acts now, oldest first. */
  list(): ActiveFault[] {
    return [...this.#faults.values()].map(({ id, statement, servers, since, until }) => ({
      id,
      statement,
      servers,
      since,
      until,
    }));
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

  /**
   * Begins a fault of any kind. One with the same statement or name is healed first: a second identical fault replaces
   * the first. Answers its name.
   */
  begin(options: FaultOptions, act: () => void, undo: () => void): string {
    const { statement, servers, forMs } = options;
    const id = this.#newName(options);
    for (const other of this.#faults.values()) {
      if (other.statement === statement || other.id === id) this.#heal(other);
    }
    const since = Date.now();
    const timer = forMs === null ? null : setTimeout(() => this.heal({ name: id }), Math.min(forMs, FOREVER_MS));
    const fault: Fault = { id, statement, servers, since, until: forMs === null ? null : since + forMs, timer, undo };
    this.#faults.set(id, fault);
    act();
    this.#host.onNotice({ kind: 'begun', fault: describe(fault) });
    return id;
  }

  /** Lets go of every timer; what acts goes on acting. For a host that stops. */
  close(): void {
    for (const { timer } of this.#faults.values()) if (timer !== null) clearTimeout(timer);
  }

  #newName({ name }: FaultOptions): string {
    return name ?? `f${++this.#begun}`;
  }

  #heal(fault: Fault): void {
    if (!this.#faults.delete(fault.id)) return;
    if (fault.timer !== null) clearTimeout(fault.timer);
    fault.undo();
    this.#host.onNotice({ kind: 'healed', fault: describe(fault) });
  }

  #each(servers: readonly ServerIndex[], act: (server: Supervisor['servers'][number]) => void): void {
    for (const index of servers) act(this.#supervisor.server(index));
  }

  #applyRules(links: readonly DirectedLink[]): void {
    for (const { from, to } of links) {
      const rules: LinkRule[] = [];
      for (const fault of this.#linkRules.values()) {
        if (fault.links.some((link) => link.from === from && link.to === to)) rules.push(fault.rule);
      }
      if (from !== 'broker') this.#supervisor.replaceRules(from, to, rules);
      else if (to !== 'broker') this.#host.replaceBrokerRules(to, rules);
    }
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
