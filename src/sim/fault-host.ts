/**
 * Faults in the simulated world: the same FaultActions that the threads' host carries out (src/faults/action.ts), each
 * begun now and healed by the function it answers. What is random in one is drawn from its own seed.
 */
import type { ClockFault, DiskFault, FaultAction, FaultHost } from '../faults/action.ts';
import { CountedCalls, usualCalls } from '../faults/calls.ts';
import type { ClientFaultHost } from '../faults/client-rules.ts';
import { LinkFaults } from '../faults/link-faults.ts';
import { Prng } from '../lib/prng.ts';
import type { ServerIndex } from '../model/ids.ts';
import type { SimulatedClock } from './clock.ts';
import { damage, hasFile } from './disk-damage.ts';
import type { DiskCall, DiskEffect } from './disk-faults.ts';
import type { SimulatedServer } from './server.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';

type Heal = () => void;

export class SimulatedFaultHost implements FaultHost {
  readonly #cluster: SimulatedCluster;
  readonly #links: LinkFaults;
  readonly #clients: ClientFaultHost | null;

  /** `clients`: those that ask it, where there are faults for them. */
  constructor(cluster: SimulatedCluster, clients: ClientFaultHost | null = null) {
    this.#clients = clients;
    this.#cluster = cluster;
    this.#links = new LinkFaults((from, to, rules) => cluster.replaceRules(from, to, rules));
  }

  begin(action: FaultAction, seed: number, spent?: () => void): Heal {
    const prng = new Prng(seed);
    this.#cluster.event(`fault ${describeAction(action)}`);
    if (action.kind === 'link') return this.#links.begin(action.links, action.rule);
    if (action.kind === 'client') return this.#clients?.begin(action.fault) ?? nothing;
    const onSpent = this.#whenAllSpent(action.servers.length, spent);
    const heals = action.servers.map((index) =>
      this.#beginAt(action, this.#cluster.server(index), prng.fork(index), { seed, onSpent }),
    );
    return () => {
      this.#cluster.event(`healed ${describeAction(action)}`);
      for (const heal of heals) heal();
    };
  }

  /** Why there is nothing that it could act on, in one line, or null. */
  lacks(action: FaultAction): string | null {
    if (action.kind !== 'damage') return null;
    const without = action.servers.find((index) => !hasFile(this.#cluster.server(index), action.damage));
    return without === undefined ? null : `${nameOf(without)} has no such file`;
  }

  restart(servers: readonly ServerIndex[]): void {
    for (const index of servers) this.#cluster.server(index).restart();
  }

  passed(server: ServerIndex): Int32Array {
    return this.#cluster.server(server).countPoints();
  }

  /** To be called by each server where it has acted as often as it was to; in a moment of its own the fault is over. */
  #whenAllSpent(servers: number, spent: (() => void) | undefined): () => void {
    let left = servers;
    return () => {
      if (--left === 0 && spent !== undefined) this.#cluster.queue.after(0, spent);
    };
  }

  #beginAt(
    action: Exclude<FaultAction, { kind: 'link' | 'client' }>,
    server: SimulatedServer,
    prng: Prng,
    { seed, onSpent }: { readonly seed: number; readonly onSpent: () => void },
  ): Heal {
    switch (action.kind) {
      case 'crash':
        return server.hold('crashed');
      case 'hang':
        return server.life?.thread.hang(action.forMs) ?? nothing;
      case 'slow': {
        const thread = server.life?.thread;
        thread?.slow(action.factor);
        return () => thread?.slow(1);
      }
      case 'throw':
        server.life?.thread.throwNext(action.count, onSpent);
        return () => server.life?.thread.throwNext(0);
      case 'oom':
        server.kill('out of memory');
        return nothing;
      case 'wipe': {
        const release = server.hold('wiped');
        server.disk.erase();
        return release;
      }
      case 'flap':
        return this.#flap(server, action.count, prng, onSpent);
      case 'flaky': {
        const flakiness = { probability: action.probability, seed };
        server.flakiness.add(flakiness);
        return () => server.flakiness.delete(flakiness);
      }
      case 'point': {
        const calls = new CountedCalls(action.calls, onSpent);
        const active = { fault: action.fault, take: () => prng.chance(action.probability) && calls.take() };
        server.pointFaults = [...server.pointFaults, active];
        return () => {
          server.pointFaults = server.pointFaults.filter((other) => other !== active);
        };
      }
      case 'power':
        return server.hold('power loss', action.survivors);
      case 'disk':
        return beginDisk(
          server,
          action.fault,
          new CountedCalls(action.calls ?? usualCalls(action.fault), onSpent),
          prng,
        );
      case 'damage':
        damage(server, action.damage, prng);
        return nothing;
      case 'clock':
        return this.beginClock(server.clock, action.fault);
      default:
        return action satisfies never;
    }
  }

  #flap(server: SimulatedServer, count: number, prng: Prng, onSpent: () => void): Heal {
    let left = count;
    const next = (): void => {
      if (left-- <= 0) return;
      server.restart();
      if (left === 0) onSpent();
      this.#cluster.queue.after(prng.float() * 200, next);
    };
    next();
    return () => {
      left = 0;
    };
  }

  /** Puts a clock wrong: that of a server, or that of the broker's machine. */
  beginClock(clock: SimulatedClock, fault: ClockFault): Heal {
    switch (fault.kind) {
      case 'skew':
        clock.skewMs += fault.byMs;
        return () => {
          clock.skewMs -= fault.byMs;
        };
      case 'drift': {
        const { rate } = clock;
        clock.drift(fault.rate);
        return () => clock.drift(rate);
      }
      case 'strobe': {
        let sign = 1;
        let isOver = false;
        const step = (): void => {
          if (isOver) return;
          clock.skewMs += sign * fault.byMs;
          sign = -sign;
          this.#cluster.queue.after(fault.everyMs, step);
        };
        step();
        return () => {
          isOver = true;
          if (sign < 0) clock.skewMs -= fault.byMs;
        };
      }
      default:
        return fault satisfies never;
    }
  }
}

const nothing: Heal = () => {};

function beginDisk(server: SimulatedServer, fault: DiskFault, calls: CountedCalls, prng: Prng): Heal {
  const { disk } = server;
  const inject = (call: DiskCall, effect: DiskEffect, probability = 1): Heal => {
    const strikes = (): boolean => (probability === 1 || prng.chance(probability)) && calls.take();
    return disk.inject({ call, nth: 1, times: Number.POSITIVE_INFINITY, effect, strikes });
  };
  switch (fault.kind) {
    case 'sync-fail':
      return inject('sync', 'EIO');
    case 'write-fail':
      return inject('write', fault.code, fault.probability);
    case 'read-fail':
      return inject('read', 'EIO', fault.probability);
    case 'torn-write':
      return inject('write', 'crash-amid');
    case 'misdirect':
      return inject('write', 'misdirected');
    case 'lose-write':
      return inject('write', 'lost');
    case 'full':
      disk.capacityBytes = disk.usedBytes;
      return () => {
        disk.capacityBytes = Number.POSITIVE_INFINITY;
      };
    case 'slow':
      server.syncFactor = fault.factor;
      server.syncDelayMs = fault.delayMs;
      return () => {
        server.syncFactor = 1;
        server.syncDelayMs = 0;
      };
    case 'stall':
      server.syncDelayMs = Number.POSITIVE_INFINITY;
      return () => {
        server.syncDelayMs = 0;
        // The thread goes on where it waited.
        server.life?.thread.run(() => disk.release());
      };
    default:
      return fault satisfies never;
  }
}

/** In few words, for traces. */
function describeAction(action: FaultAction): string {
  if (action.kind === 'client') return `client ${action.fault.act}`;
  if (action.kind === 'link') {
    return `${action.rule.kind} ${action.links.map(({ from, to }) => `${nameOf(from)}>${nameOf(to)}`).join(' ')}`;
  }
  const detail = action.kind === 'disk' || action.kind === 'clock' ? ` ${action.fault.kind}` : '';
  return `${action.kind}${detail} ${action.servers.map(nameOf).join(' ')}`;
}

function nameOf(actor: 'broker' | ServerIndex): string {
  return actor === 'broker' ? actor : `s${actor + 1}`;
}
