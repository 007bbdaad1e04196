/**
 * Plays a scenario: clients ask, things happen, then everything is healed and must be whole again, in time. Answers
 * what was promised and did not hold. The same scenario plays the same, event by event.
 */
import { allServers, type ServerIndex } from '../model/ids.ts';
import { divergence, remains } from './copies.ts';
import { SimulatedFaultHost } from './fault-host.ts';
import { isLie } from './fault-pairs.ts';
import { Judge, LEAVES_MS_MAX, PATIENCE_MS } from './judge.ts';
import { type Happening, kindOf, type Scenario, serversOf } from './scenario.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import { isAt, roleOf } from './standing.ts';
import { Trace } from './trace.ts';
import { truthOf } from './truth.ts';
import { type Tally, Workload } from './workload.ts';

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

/** How long a happening waits for the moment that it is aimed at. */
const AIM_MS_MAX = 1_000;

/** Within how long the end of a server is noticed. */
const NOTICED_MS = 30;

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
  readonly #judge: Judge;
  readonly #healing = new Set<() => void>();
  readonly #all: readonly ServerIndex[];
  #workload: Workload | null = null;
  /** Whether a drive lost something in silence, and was not read anew since. */
  #haveLied = false;

  constructor(scenario: Scenario, write: ((line: string) => void) | null) {
    this.#scenario = scenario;
    this.#trace = new Trace(write);
    const { config, knobs, seed } = scenario;
    this.#all = allServers(config.servers);
    this.#cluster = new SimulatedCluster({ config, knobs, seed, trace: this.#trace });
    this.#host = new SimulatedFaultHost(this.#cluster);
    this.#judge = new Judge(this.#cluster, scenario);
  }

  play(): void {
    const { queue } = this.#cluster;
    const { budget, durationMs, happenings } = this.#scenario;
    if (!queue.runUntil(() => this.#cluster.broker?.isServing === true, START_MS_MAX)) {
      this.#judge.add(['a new cluster does not serve']);
      return;
    }
    const { servers, replicas } = this.#cluster.config;
    const onlooker = {
      placement: { servers, replicas },
      isStrict: this.#scenario.config.deleteMode === 'strict',
      ledger: this.#judge.ledger,
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
      if (this.#scenario.budget === 'crashes') this.#judge.compare('mid-way');
      this.#judge.hear();
      this.#happen(happening);
      beginMs += queue.nowMs - beforeMs;
    }
    queue.run(Math.max(0, beginMs + durationMs - queue.nowMs));
    this.#healAll();
    if (budget === 'beyond') queue.run(2_000);
    else this.#judge.becomeWhole('after the last fault');
    workload.stop();
    queue.runUntil(() => this.#cluster.broker?.requestsInFlight === 0, PATIENCE_MS);
    queue.run(500);
    this.#cluster.endRare();
    if (budget !== 'beyond') {
      this.#judge.awaitWhole();
      this.#judge.add(workload.readAll());
      // Keys whose time has come leave every copy.
      queue.run(workload.fleetingMs + LEAVES_MS_MAX);
      this.#judge.awaitWhole();
      this.#judge.add([...divergence(this.#cluster), ...remains(this.#cluster, LEAVES_MS_MAX)]);
      this.#judge.ledger.onSettled();
      this.#judge.outliveDark();
    }
    this.#judge.add(workload.violations());
  }

  result(thrown: readonly string[]): PlayResult {
    this.#trace.probes.onFrames(this.#trace.frames);
    const violations = [...this.#judge.violations, ...this.#judge.ledger.problems, ...this.#cluster.bugs, ...thrown];
    return {
      seed: this.#scenario.seed,
      simulatedMs: this.#cluster.queue.nowMs,
      events: this.#trace.events,
      hash: this.#trace.hash,
      faults: this.#faults,
      tally: this.#workload?.tally ?? { acknowledged: 0, refused: 0, unknown: 0, uncertain: 0, reads: 0 },
      writableMs: this.#judge.writableMs,
      wholeMs: this.#judge.wholeMs,
      met: this.#trace.probes.counts,
      violations,
    };
  }

  #happen(happening: Happening): void {
    // What a drive lied about shows in what the host was told: one that forgets it is beyond what can be told.
    if (this.#haveLied && happening.kind === 'blackout') return;
    const name = kindOf(happening);
    this.#workload?.onFault(name);
    this.#faults[name] = (this.#faults[name] ?? 0) + 1;
    this.#probe(name, happening);
    const cluster = this.#cluster;
    switch (happening.kind) {
      case 'fault':
        this.#judge.tellOfDamage(happening.action);
        this.#haveLied ||= isLie(name);
        this.#heals(this.#host.begin(happening.action, happening.seed), happening.forMs);
        return;
      case 'restart':
        this.#host.restart([happening.server]);
        return;
      case 'blackout': {
        const { blackout, absent, absentMs } = happening;
        const releases = absent.map((server) => cluster.server(server).hold('its disk is not there'));
        cluster.blackout(blackout);
        this.#judge.ledger.onHostLost();
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
        this.#judge.onHostHangs(happening.forMs);
        this.#heals(cluster.hostThread?.hang(happening.forMs) ?? (() => {}), happening.forMs);
        return;
      case 'calm':
        this.#healAll();
        // Who ended a moment ago must be heard of first: until then everything seems whole.
        cluster.queue.run(NOTICED_MS);
        this.#judge.becomeWhole('in a calm');
        for (const server of happening.reread) {
          // Without its page cache: what a lying disk never kept must show now, while the others are whole.
          cluster.server(server).reread();
          cluster.queue.run(NOTICED_MS);
          this.#judge.becomeWhole(`after s${server + 1} read its disk anew`);
        }
        this.#judge.compare('in a calm');
        this.#haveLied = false;
        return;
      default:
        happening satisfies never;
    }
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
      this.#judge.hear();
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
}
