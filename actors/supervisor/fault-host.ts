/**
 * The threads as a host of faults (src/faults/action.ts): each is begun now, and healed by the function that it answers.
 * What acts inside a thread is told to its current life and to every later one. Which faults there are, by what names
 * and for how long, is not known here.
 */
import type { ClockFault, FaultAction, FaultHost } from '../../src/faults/action.ts';
import { usualCalls } from '../../src/faults/calls.ts';
import { clockOffsetMs } from '../../src/faults/clock.ts';
import type { ClientFaultHost } from '../../src/faults/client-rules.ts';
import { LinkFaults, type ReplaceRules } from '../../src/faults/link-faults.ts';
import { Prng } from '../../src/lib/prng.ts';
import { type ServerIndex, serverName } from '../../src/model/ids.ts';
import { damageFile, lackOfDamage, wipeDirectory } from '../../src/node/damage.ts';
import { endCount, type ServerFault, sharedCount, sharedPasses } from '../../src/node/server-fault.ts';
import type { ServerThreadData } from '../../src/node/server-thread.ts';
import { DownFaults } from './down-faults.ts';
import type { Supervisor } from './handlers.ts';
import { exhaustMemory, flap, hang, whenSpent } from './life-faults.ts';

export type ThreadFaultHostOptions = {
  readonly supervisor: Supervisor;
  /** Where each server's files live; null with durability `memory`. */
  readonly directories: readonly string[] | null;
  readonly replaceRules: ReplaceRules;
  /** The connections of clients; null where there is no port for any. */
  readonly clients: ClientFaultHost | null;
  /** Something about a fault that its statement does not say. */
  readonly note: (server: ServerIndex, text: string) => void;
};

/** A fault that acts on the clock of a server, since when. */
type ClockShift = { readonly server: ServerIndex; readonly fault: ClockFault; readonly sinceMs: number };

const CONTROL_TIMEOUT_MS = 5_000;

export class ThreadFaultHost implements FaultHost {
  readonly #options: ThreadFaultHostOptions;
  readonly #links: LinkFaults;
  readonly #down: DownFaults;
  /** By server, what acts inside its thread. */
  readonly #inside: Set<ServerFault>[];
  readonly #passed: Int32Array[];
  readonly #clocks = new Set<ClockShift>();
  #effects: Promise<unknown> = Promise.resolve();

  constructor(options: ThreadFaultHostOptions) {
    this.#options = options;
    this.#links = new LinkFaults(options.replaceRules);
    this.#down = new DownFaults(options.supervisor);
    this.#inside = options.supervisor.servers.map(() => new Set());
    this.#passed = options.supervisor.servers.map(() => sharedPasses());
  }

  /** What acts inside the thread of a server now: a new life begins with it. */
  faultsOf(server: ServerIndex): NonNullable<ServerThreadData['faults']> {
    return { acting: [...(this.#inside[server] as Set<ServerFault>)], passed: this.passed(server) };
  }

  /** How often a server passed each of POINTS; one that runs in another process is not seen. */
  passed(server: ServerIndex): Int32Array {
    return this.#passed[server] as Int32Array;
  }

  /** Milliseconds that the wall clock of a server is ahead. */
  clockOffsetMs(server: ServerIndex): number {
    let offsetMs = 0;
    for (const { server: of, fault, sinceMs } of this.#clocks) {
      if (of === server) offsetMs += clockOffsetMs(fault, performance.now() - sinceMs);
    }
    return Math.round(offsetMs);
  }

  /** Settles when what was begun so far has happened: when servers that were put down are down. */
  async settled(): Promise<void> {
    await this.#effects;
  }

  /** Why an action cannot be carried out now, in one line, or null. */
  lacks(action: FaultAction): string | null {
    if (action.kind === 'client' && this.#options.clients === null)
      return 'no port is open: there are no connections of clients';
    if (action.kind !== 'damage' && action.kind !== 'disk') return null;
    for (const server of action.servers) {
      const directory = this.#directoryOf(server);
      if (directory === null) return `${serverName(server)} keeps no files`;
      const lack = action.kind === 'damage' ? lackOfDamage(directory, action.damage) : null;
      if (lack !== null) return lack;
    }
    return null;
  }

  begin(action: FaultAction, seed: number, spent: () => void = nothing): () => void {
    const prng = new Prng(seed);
    switch (action.kind) {
      case 'crash':
        return this.#putDown(action.servers, (server) => this.#down.crash(server, 'crashed by a fault'));
      case 'wipe':
        return this.#putDown(action.servers, async (server) => {
          await this.#down.crash(server, 'wiped by a fault');
          const directory = this.#directoryOf(server);
          // A thread that does not end has its files open still.
          if (directory !== null && this.#options.supervisor.server(server).life === null) wipeDirectory(directory);
        });
      case 'power':
        return this.#putDown(action.servers, (server) =>
          this.#down.losePower(server, action.survivors, prng.fork(server).seed),
        );
      case 'hang':
        return each(action.servers, (server) => hang(this.#options.supervisor.server(server)));
      case 'slow':
        return this.#insideAll(action.servers, () => ({ kind: 'slow', factor: action.factor }));
      case 'throw':
        return this.#insideAll(action.servers, () => ({ kind: 'throw', left: sharedCount(action.count) }), spent);
      case 'flaky':
        return this.#insideAll(action.servers, () => ({ kind: 'flaky', probability: action.probability, seed }));
      case 'disk': {
        const { fault, calls = usualCalls(fault) } = action;
        return this.#insideAll(
          action.servers,
          () => ({ kind: 'disk', fault, calls, left: sharedCount(calls.times) }),
          spent,
        );
      }
      case 'point': {
        const { fault, probability, calls } = action;
        return this.#insideAll(
          action.servers,
          () => ({ kind: 'point', fault, probability, calls, left: sharedCount(calls.times) }),
          spent,
        );
      }
      case 'oom':
        return each(action.servers, (server) => exhaustMemory(this.#options.supervisor.server(server)));
      case 'flap':
        return this.#flap(action.servers, action.count, spent);
      case 'damage':
        return each(action.servers, (server) => {
          const directory = this.#directoryOf(server);
          if (directory === null) return nothing;
          const done = damageFile(directory, action.damage, prng.fork(server));
          this.#options.note(server, done.ok ? done.value : done.error.message);
          return nothing;
        });
      case 'clock':
        return each(action.servers, (server) => {
          const shift = { server, fault: action.fault, sinceMs: performance.now() };
          this.#clocks.add(shift);
          return () => this.#clocks.delete(shift);
        });
      case 'client':
        return this.#options.clients?.begin(action.fault) ?? nothing;
      case 'link':
        return this.#links.begin(action.links, action.rule);
      default:
        return action satisfies never;
    }
  }

  restart(servers: readonly ServerIndex[]): void {
    this.#down.release(servers);
    const started = servers.map(async (index) => {
      const server = this.#options.supervisor.server(index);
      await server.end('restarted', { asked: true });
      server.start();
    });
    this.#effects = Promise.all([this.#effects, ...started]);
  }

  #putDown(servers: readonly ServerIndex[], end: (server: ServerIndex) => Promise<void>): () => void {
    const { down, heal } = this.#down.begin(servers, end);
    this.#effects = Promise.all([this.#effects, down]);
    return heal;
  }

  /** `spent` is called when all of them have acted as often as they were to. */
  #insideAll(servers: readonly ServerIndex[], make: () => ServerFault, spent = nothing): () => void {
    const counts: Int32Array[] = [];
    const heal = each(servers, (server) => {
      const fault = make();
      const inside = this.#inside[server] as Set<ServerFault>;
      inside.add(fault);
      if ('left' in fault) counts.push(fault.left);
      this.#tell(server);
      return () => {
        inside.delete(fault);
        // A thread that waits for its disk hears no call.
        if ('left' in fault) endCount(fault.left);
        this.#tell(server);
        this.#revive(server);
      };
    });
    const looking = whenSpent(counts, spent);
    return () => {
      clearInterval(looking);
      heal();
    };
  }

  #tell(server: ServerIndex): void {
    const { life } = this.#options.supervisor.server(server);
    const { acting } = this.faultsOf(server);
    life?.control.call('replaceFaults', [acting], { timeoutMs: CONTROL_TIMEOUT_MS }).catch(() => undefined);
  }

  #flap(servers: readonly ServerIndex[], count: number, spent: () => void): () => void {
    const stop = flap(
      servers.map((server) => this.#options.supervisor.server(server)),
      count,
      spent,
    );
    return () => {
      stop();
      for (const server of servers) this.#revive(server);
    };
  }

  /** A server that was given up because of a fault is tried again without it. */
  #revive(index: ServerIndex): void {
    const server = this.#options.supervisor.server(index);
    if (server.state === 'givenUp' && !this.#down.isHeld(index)) server.start();
  }

  #directoryOf(server: ServerIndex): string | null {
    return this.#options.directories?.[server] ?? null;
  }
}

function nothing(): void {}

/** Begins something on each server; answers what heals all. */
function each(servers: readonly ServerIndex[], begin: (server: ServerIndex) => () => unknown): () => void {
  const heals = servers.map(begin);
  return () => {
    for (const heal of heals) heal();
  };
}
