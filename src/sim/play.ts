/**
 * Plays a scenario: clients ask, things happen, then everything is healed and must be whole again, in time. Answers
 * what was promised and did not hold. The same scenario plays the same, event by event.
 */
import { utf8 } from '../lib/bytes.ts';
import type { ServerIndex } from '../model/ids.ts';
import { Ledger } from './checkers/ledger.ts';
import { changes, divergence, heldBy, remains } from './copies.ts';
import type { DiskFault, FaultAction } from '../faults/action.ts';
import { Prng } from '../lib/prng.ts';
import { SimulatedFaultHost } from './fault-host.ts';
import { type Happening, kindOf, type Scenario, serversOf } from './scenario.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import { isAt, roleOf } from './standing.ts';
import { Trace } from './trace.ts';
import { truthOf } from './truth.ts';
import { isBusy, type Tally, Workload } from './workload.ts';

export type PlayResult = {
  readonly seed: number;
  readonly simulatedMs: number;
  readonly events: number;
  /** Of the trace: equal for two plays of one scenario. */
  readonly hash: string;
  readonly faults: Readonly<Record<string, number>>;
  readonly tally: Tally;
  /** Milliseconds after the last heal until every group took a write, and until every server was up. */
  readonly writableMs: number;
  readonly wholeMs: number;
  /** Situations that were met, and how often (probes.ts). */
  readonly met: ReadonlyMap<string, number>;
  readonly violations: readonly string[];
};

/** Milliseconds that a healed cluster may take until a new write is acknowledged, and until all servers hold the same. */
export const WRITABLE_MS_MAX = 5_000;
export const WHOLE_MS_MAX = 10_000;

/** How long a healed cluster is watched beyond what it may take. */
const PATIENCE_MS = 30_000;

/** After how long without a word a server counts as gone: a few heartbeats more than it takes to put one out. */
const SILENT_MS_MAX = 1_800;
/** How long a happening waits for the moment that it is aimed at. */
const AIM_MS_MAX = 1_000;

/** Within how long the end of a server is noticed. */
const NOTICED_MS = 30;

/** How long after its time the last copy of a key may leave, in a cluster that is whole. */
const LEAVES_MS_MAX = 3_000;

/** How long the first start may take. */
const START_MS_MAX = 30_000;

/** `write` gets the lines of the trace. */
export function play(scenario: Scenario, write: ((line: string) => void) | null = null): PlayResult {
  const player = new Player(scenario, write);
  let thrown: string[] = [];
  try {
    player.play();
  } catch (error) {
    thrown = [`the run broke off: ${error instanceof Error ? error.stack : String(error)}`];
  }
  return player.result(thrown);
}

class Player {
  readonly #scenario: Scenario;
  readonly #trace: Trace;
  readonly #cluster: SimulatedCluster;
  readonly #host: SimulatedFaultHost;
  readonly #faults: Record<string, number> = {};
  readonly #violations: string[] = [];
  readonly #ledger: Ledger;
  readonly #healing = new Set<() => void>();
  readonly #all: readonly ServerIndex[];
  #workload: Workload | null = null;
  /** Since when the broker's thread does its work. */
  #awakeMs = 0;
  #writableMs = 0;
  #wholeMs = 0;

  constructor(scenario: Scenario, write: ((line: string) => void) | null) {
    this.#scenario = scenario;
    this.#trace = new Trace(write);
    const { config, knobs, seed } = scenario;
    this.#all = Array.from({ length: config.servers }, (_, index) => index as ServerIndex);
    this.#cluster = new SimulatedCluster({ config, knobs, seed, trace: this.#trace });
    this.#host = new SimulatedFaultHost(this.#cluster);
    const cluster = this.#cluster;
    this.#ledger = new Ledger(config, {
      epochFile: () => cluster.epochFile,
      epoch: () => cluster.broker?.epoch ?? null,
      isUp: (server) => isUp(cluster, server),
      isDown: (server) => cluster.broker?.view(server).state === 'down',
      nowMs: () => cluster.queue.nowMs,
    });
    cluster.watcher = this.#ledger;
  }

  play(): void {
    const { queue } = this.#cluster;
    const { budget, durationMs, happenings } = this.#scenario;
    if (!queue.runUntil(() => this.#cluster.broker?.isServing === true, START_MS_MAX)) {
      this.#violations.push('a new cluster does not serve');
      return;
    }
    const { servers, replicas } = this.#cluster.config;
    const onlooker = {
      placement: { servers, replicas },
      isStrict: this.#scenario.config.deleteMode === 'strict',
      ledger: this.#ledger,
      truth: () => truthOf(this.#cluster),
    };
    const workload = new Workload(this.#cluster, this.#scenario.workload, onlooker);
    this.#workload = workload;
    this.#cluster.clock.onJump = () => workload.onFault('the clock jumps');
    let beginMs = queue.nowMs;
    for (const happening of happenings) {
      queue.run(Math.max(0, beginMs + happening.atMs - queue.nowMs));
      this.#await(happening);
      const beforeMs = queue.nowMs;
      if (this.#scenario.budget === 'crashes') this.#compare('mid-way');
      this.#hear();
      this.#happen(happening);
      beginMs += queue.nowMs - beforeMs;
    }
    queue.run(Math.max(0, beginMs + durationMs - queue.nowMs));
    this.#healAll();
    if (budget === 'beyond') queue.run(2_000);
    else this.#becomeWhole('after the last fault');
    workload.stop();
    queue.runUntil(() => this.#cluster.broker?.requestsInFlight === 0, PATIENCE_MS);
    queue.run(500);
    this.#cluster.endRare();
    if (budget !== 'beyond') {
      this.#awaitWhole();
      this.#violations.push(...workload.readAll());
      // Keys whose time has come leave every copy.
      queue.run(workload.fleetingMs + LEAVES_MS_MAX);
      this.#awaitWhole();
      this.#violations.push(...divergence(this.#cluster), ...remains(this.#cluster, LEAVES_MS_MAX));
      this.#ledger.onSettled();
      this.#outliveDark();
    }
    this.#violations.push(...workload.violations());
  }

  result(thrown: readonly string[]): PlayResult {
    this.#trace.probes.onFrames(this.#trace.frames);
    const violations = [...this.#violations, ...this.#ledger.problems, ...this.#cluster.bugs, ...thrown];
    return {
      seed: this.#scenario.seed,
      simulatedMs: this.#cluster.queue.nowMs,
      events: this.#trace.events,
      hash: this.#trace.hash,
      faults: this.#faults,
      tally: this.#workload?.tally ?? { acknowledged: 0, refused: 0, unknown: 0, uncertain: 0, reads: 0 },
      writableMs: this.#writableMs,
      wholeMs: this.#wholeMs,
      met: this.#trace.probes.counts,
      violations,
    };
  }

  #happen(happening: Happening): void {
    const name = kindOf(happening);
    this.#workload?.onFault(name);
    this.#faults[name] = (this.#faults[name] ?? 0) + 1;
    this.#probe(name, happening);
    const cluster = this.#cluster;
    switch (happening.kind) {
      case 'fault':
        this.#tellOfDamage(happening.action);
        this.#heals(this.#host.begin(happening.action, happening.seed), happening.forMs);
        return;
      case 'restart':
        this.#host.restart([happening.server]);
        return;
      case 'blackout': {
        const { blackout, absent, absentMs } = happening;
        const releases = absent.map((server) => cluster.server(server).hold('its disk is not there'));
        cluster.blackout(blackout);
        this.#ledger.onHostLost();
        this.#heals(() => {
          for (const release of releases) release();
        }, blackout.offMs + absentMs);
        return;
      }
      case 'crash-point':
        this.#heals(cluster.server(happening.server).crashAt(happening.point), null);
        return;
      case 'host-clock': {
        const { fault, forMs } = happening;
        cluster.event(`the broker's clock: ${fault.kind}`);
        this.#heals(this.#host.beginClock(cluster.clock, fault), forMs);
        return;
      }
      case 'hang-host':
        cluster.event('the broker hangs');
        this.#awakeMs = Math.max(this.#awakeMs, cluster.queue.nowMs + happening.forMs);
        this.#heals(cluster.hostThread?.hang(happening.forMs) ?? (() => {}), happening.forMs);
        return;
      case 'calm':
        this.#healAll();
        // Who ended a moment ago must be heard of first: until then everything seems whole.
        cluster.queue.run(NOTICED_MS);
        this.#becomeWhole('in a calm');
        for (const server of happening.reread) {
          // Without its page cache: what a lying disk never kept must show now, while the others are whole.
          cluster.server(server).reread();
          cluster.queue.run(NOTICED_MS);
          this.#becomeWhole(`after s${server + 1} read its disk anew`);
        }
        this.#compare('in a calm');
        return;
      default:
        happening satisfies never;
    }
  }

  /** Who cannot be held to what it said before. */
  #tellOfDamage(action: FaultAction): void {
    if (action.kind === 'wipe') for (const server of action.servers) this.#ledger.onWiped(server);
    const hurts = action.kind === 'damage' || (action.kind === 'disk' && LYING.includes(action.fault.kind));
    if (hurts) for (const server of action.servers) this.#ledger.onDamaged(server);
    const isUnreadable = action.kind === 'disk' && action.fault.kind === 'read-fail';
    if (isUnreadable) for (const server of action.servers) this.#ledger.onUnreadable(server);
  }

  /** A server of which nothing was heard for long does not count as one that answers. */
  #hear(): void {
    const { broker, queue, servers } = this.#cluster;
    if (broker === null || queue.nowMs < this.#awakeMs + SILENT_MS_MAX || this.#violations.length > 0) return;
    for (const { index } of servers) {
      const silentMs = queue.nowMs - this.#ledger.heardMs(index);
      const { state } = broker.view(index);
      if (silentMs < SILENT_MS_MAX || (state !== 'up' && state !== 'suspect')) continue;
      this.#violations.push(`s${index + 1} is silent for ${silentMs | 0} ms and counts as ${state}`);
    }
  }

  /** Whenever nothing is on its way, owners hold the same. */
  #compare(when: string): void {
    const { isSettled, servers } = this.#cluster;
    if (!isSettled || this.#violations.length > 0) return;
    // One that died may not have been heard of yet.
    if (!servers.every(({ index }) => isUp(this.#cluster, index))) return;
    this.#violations.push(...divergence(this.#cluster).map((problem) => `${problem} ${when}`));
  }

  /** The power fails once more, everywhere at once: what was whole is there again, from what the disks kept. */
  #outliveDark(): void {
    const cluster = this.#cluster;
    const held = heldBy(cluster);
    const epoch = cluster.broker?.epoch ?? 0;
    const losesEpochFile = this.#scenario.budget === 'crashes' && new Prng(this.#scenario.seed).fork(3).chance(0.5);
    cluster.blackout({ survivors: 'none', offMs: 1, losesEpochFile });
    this.#ledger.onHostLost();
    if (!cluster.queue.runUntil(() => cluster.isSettled, PATIENCE_MS)) {
      this.#tooLate('whole', Number.POSITIVE_INFINITY, 'after the power failed everywhere');
      return;
    }
    const now = cluster.broker?.epoch ?? 0;
    if (now <= epoch) this.#violations.push(`epoch ${epoch} is forgotten: after the power failed it is ${now}`);
    this.#violations.push(
      ...changes(held, heldBy(cluster)).map((problem) => `after the power failed everywhere ${problem}`),
    );
  }

  /** Goes on until a happening's moment has come, or it waited long enough for it. */
  #await({ aim, ...happening }: Happening): void {
    const [server] = serversOf(happening, this.#all);
    if (aim === undefined) return;
    this.#cluster.queue.runUntil(() => isAt(this.#cluster, server, aim), AIM_MS_MAX);
  }

  /** In which state and role a fault finds a server, or the broker. */
  #probe(name: string, happening: Happening): void {
    const { broker } = this.#cluster;
    if (broker === null || happening.kind === 'calm') return;
    const { probes } = this.#trace;
    const hit = serversOf(happening, this.#all);
    for (const server of hit) probes.onFault(name, broker.view(server).state, roleOf(this.#cluster, server));
    const isBrokers = hit.length === 0 || hit.length === this.#all.length;
    if (isBrokers) probes.onBrokerFault(name, broker.isServing ? 'serving' : 'starting');
  }

  #heals(heal: () => void, afterMs: number | null): void {
    const once = (): void => {
      if (!this.#healing.delete(once)) return;
      this.#hear();
      heal();
    };
    this.#healing.add(once);
    if (afterMs !== null) this.#cluster.queue.after(afterMs, once);
  }

  #healAll(): void {
    this.#cluster.event('all is healed');
    this.#workload?.onFault('all is healed');
    for (const heal of [...this.#healing]) heal();
    for (const server of this.#cluster.servers) {
      server.pardon();
      server.start();
    }
  }

  /** Every group takes a write, and every server is up, within their times. */
  #becomeWhole(when: string): void {
    const { queue } = this.#cluster;
    const sinceMs = queue.nowMs;
    const writes = LIVE_KEYS.map((key) => ({ key, isAcknowledged: false }));
    for (const write of writes) this.#writeUntilAcknowledged(write, sinceMs + PATIENCE_MS);
    let wholeMs = Number.POSITIVE_INFINITY;
    const isWhole = (): boolean => {
      if (wholeMs > queue.nowMs && this.#cluster.isSettled) wholeMs = queue.nowMs;
      return wholeMs < Number.POSITIVE_INFINITY && writes.every(({ isAcknowledged }) => isAcknowledged);
    };
    let writableMs = Number.POSITIVE_INFINITY;
    const isDone = (): boolean => {
      const whole = isWhole();
      if (writableMs > queue.nowMs && writes.every(({ isAcknowledged }) => isAcknowledged)) writableMs = queue.nowMs;
      return whole;
    };
    queue.runUntil(isDone, PATIENCE_MS);
    this.#writableMs = Math.max(this.#writableMs, writableMs - sinceMs);
    this.#wholeMs = Math.max(this.#wholeMs, wholeMs - sinceMs);
    if (writableMs - sinceMs > WRITABLE_MS_MAX) this.#tooLate('writable', writableMs - sinceMs, when);
    if (wholeMs - sinceMs > WHOLE_MS_MAX) this.#tooLate('whole', wholeMs - sinceMs, when);
    if (this.#scenario.budget === 'crashes') this.#compare(when);
  }

  /** Nothing is on its way, and nobody is silent either, who may be put out for it in a moment. */
  #awaitWhole(): void {
    const { queue, servers } = this.#cluster;
    const isWhole = (): boolean => this.#cluster.isSettled && servers.every(({ index }) => isUp(this.#cluster, index));
    queue.runUntil(isWhole, PATIENCE_MS);
  }

  #tooLate(what: string, afterMs: number, when: string): void {
    const took = afterMs === Number.POSITIVE_INFINITY ? `not within ${PATIENCE_MS} ms` : `only in ${afterMs | 0} ms`;
    this.#violations.push(`${what} ${took} ${when}: ${describe(this.#cluster)}`);
  }

  #writeUntilAcknowledged(write: { readonly key: string; isAcknowledged: boolean }, untilMs: number): void {
    const { queue } = this.#cluster;
    if (queue.nowMs > untilMs) return;
    const items = [{ key: utf8(write.key), value: utf8('live') }];
    this.#cluster.submit({ kind: 'write', items, onExisting: 'overwrite' }, (reply) => {
      if (reply.kind === 'written') write.isAcknowledged = true;
      // Others are served: a place comes free at any moment.
      else queue.after(isBusy(reply) ? 1 : 50, () => this.#writeUntilAcknowledged(write, untilMs));
    });
  }
}

/** Faults of a disk after which what it holds may be other than what was written. */
const LYING: readonly DiskFault['kind'][] = ['misdirect', 'lose-write'];

/** Keys of several placement groups, that no client uses. */
const LIVE_KEYS = ['live1', 'live2', 'live3', 'live4'];

/** Whether a server answers for everything it owns, as the broker says and as it is. */
function isUp({ broker, servers }: SimulatedCluster, server: ServerIndex): boolean {
  const view = broker?.view(server);
  return view?.state === 'up' && view.incarnation === servers[server]?.life?.incarnation;
}

function describe(cluster: SimulatedCluster): string {
  const { broker } = cluster;
  if (broker === null) return 'no process';
  return cluster.servers
    .map(({ index, isGivenUp, reason }) => {
      const { state, lastError } = broker.view(index);
      return `s${index + 1} ${state}${isGivenUp ? `, given up (${reason})` : ''}${lastError === null ? '' : ` (${lastError})`}`;
    })
    .join(', ');
}
