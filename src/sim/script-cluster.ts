/**
 * Fault scripts in the simulator: the same language and the same runner as on threads, in virtual time and from one
 * seed, so that a run repeats event by event.
 */
import { ActiveFaults } from '../faults/active-faults.ts';
import { parseScript } from '../faults/parse-script.ts';
import { placeOf } from '../faults/point-names.ts';
import type { ScriptReport } from '../faults/report.ts';
import type { FaultAnswer, LoadAction, LoadOutcome, ScriptHost, ServerSight } from '../faults/script-host.ts';
import { checkScript, ScriptRunner } from '../faults/script-runner.ts';
import type { Check, EventPattern, Fault, FaultStatement, Script, Selector } from '../faults/syntax.ts';
import { assert } from '../lib/assert.ts';
import { Prng } from '../lib/prng.ts';
import { ok, type Result } from '../lib/result.ts';
import { fail, type KvError } from '../model/errors.ts';
import type { ServerIndex } from '../model/ids.ts';
import type { Administration } from '../model/status.ts';
import { SimulatedFaultHost } from './fault-host.ts';
import type { HistoryEvent } from './history.ts';
import { LineAsker } from './line-asker.ts';
import { ScriptClients } from './script-clients.ts';
import { ScriptHistory } from './script-history.ts';
import { divergence } from './copies.ts';
import type { Knobs } from './server-world.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import { Trace } from './trace.ts';
import { commandOf } from './workload-commands.ts';

export type SimulatedScript = {
  readonly report: ScriptReport;
  readonly history: readonly HistoryEvent[];
  /** Of every delivery: equal for two runs of one seed. */
  readonly hash: string;
};

/** A machine like one that people have: links and syncs of a millisecond or so. */
const KNOBS: Knobs = {
  checkpointBytes: 50_000,
  segmentBytes: 64 * 1024,
  linkMs: 1,
  syncMs: 2,
  turnMs: 0.5,
  lateMs: 0,
  clockRate: 1,
};

const START_MS_MAX = 30_000;

/** Virtual milliseconds between two looks at what is expected. */
const LOOK_MS = 10;

/** Lines of the log that are kept for EXPECT log. */
const LOG_LINES_MAX = 100_000;

/** Runs a script's text; BADFAULT with line and column before anything begins. `seed`: where the script gives none. */
export function runScriptInSimulator(text: string, seed: number): Result<SimulatedScript, KvError> {
  const script = parseScript(text, null);
  if (!script.ok) return script;
  const { mode } = script.value;
  if (mode !== 'replicated' && mode !== 'single') return fail('BADFAULT', `1:1: mode ${mode} is not simulated yet`);
  const stage = new Stage(script.value, script.value.seed ?? seed);
  const checked = checkScript(script.value, stage);
  return checked.ok ? ok(stage.run()) : checked;
}

class Stage implements ScriptHost {
  readonly lookMs = LOOK_MS;
  readonly keyPrefix = '';
  readonly #script: Script;
  readonly #seed: number;
  readonly #cluster: SimulatedCluster;
  readonly #faults: ActiveFaults;
  readonly #history: ScriptHistory;
  readonly #trace: Trace;
  readonly #asker: LineAsker;
  readonly #clients: ScriptClients;
  readonly #log: string[] = [];

  constructor(script: Script, seed: number) {
    this.#script = script;
    this.#seed = seed;
    const prng = new Prng(seed);
    this.#trace = new Trace(null);
    const { servers, replicas, mode } = script;
    this.#cluster = new SimulatedCluster({
      config: { servers, replicas, mode, durability: 'fsync', putMode: 'upsert', deleteMode: 'strict' },
      seed: prng.uint32(),
      knobs: KNOBS,
      trace: this.#trace,
    });
    this.#history = new ScriptHistory(() => this.now());
    const cluster = this.#cluster;
    for (const server of cluster.servers) server.countPoints();
    this.#clients = new ScriptClients(cluster.queue);
    const actions = new SimulatedFaultHost(cluster, this.#clients);
    this.#faults = new ActiveFaults(
      {
        mode,
        actions,
        now: () => this.now(),
        after: (delayMs, run) => this.after(delayMs, run),
        view: () => ({ servers, leader: null }),
        lacks: (action) => actions.lacks(action),
        startAll: () => {
          for (const server of cluster.servers) server.start();
        },
        onNotice: ({ kind, fault }) => this.#say(`fault ${fault.id} ${kind}: ${fault.statement}`),
      },
      prng.fork(1),
    );
    this.#asker = new LineAsker(cluster, this.#administration());
  }

  run(): SimulatedScript {
    const { queue } = this.#cluster;
    queue.runUntil(() => this.#cluster.isSettled, START_MS_MAX);
    const reports: ScriptReport[] = [];
    new ScriptRunner(this.#script, this, this.#seed, (report) => reports.push(report)).start();
    while (reports.length === 0 && queue.step());
    const [report] = reports;
    // A cluster's heartbeat never ends, and neither does virtual time before the script.
    assert(report !== undefined, 'a script ends');
    return { report, history: this.#history.events, hash: this.#trace.hash };
  }

  now(): number {
    return this.#cluster.queue.nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    let isOff = false;
    this.#cluster.queue.after(delayMs, () => {
      if (!isOff) run();
    });
    return () => {
      isOff = true;
    };
  }

  fault(statement: FaultStatement, answer: FaultAnswer): void {
    const said = this.#faults.carryOut(statement);
    answer(said.ok ? ok(said.value.text) : said);
  }

  active() {
    return this.#faults.list();
  }

  servers(): readonly ServerSight[] {
    const { broker, servers } = this.#cluster;
    return servers.map(({ index }) => ({ state: broker?.view(index).state ?? 'down', isLeader: false }));
  }

  passed(server: ServerIndex, point: string): number {
    return this.#cluster.server(server).countPoints()[placeOf(point)] as number;
  }

  pick(selector: Selector) {
    return this.#faults.servers(selector);
  }

  isWhole(): boolean {
    return this.#cluster.isSettled;
  }

  differences(): readonly string[] {
    return divergence(this.#cluster);
  }

  cannotCheck({ kind }: Check): string | null {
    return kind === 'rss' ? 'memory is not simulated: rss is for threads' : null;
  }

  cannotInject(fault: Fault): string | null {
    const isSliced = fault.kind === 'client' && fault.does.act === 'slice';
    return isSliced ? 'packets are not simulated: CLIENT slice is for threads' : null;
  }

  cannotSee({ kind }: EventPattern): string | null {
    return UNSEEN.has(kind) ? 'nobody leads in a simulated cluster' : null;
  }

  rssBytes(): number {
    return 0;
  }

  unhandled(): number {
    return this.#cluster.bugs.length;
  }

  mailbox(): number {
    return this.#cluster.broker?.requestsInFlight ?? 0;
  }

  hasLogged(matches: (line: string) => boolean): boolean {
    return this.#log.some(matches);
  }

  ask(line: string, answer: (line: string) => void): void {
    this.#asker.ask(line, answer);
  }

  submit(client: number, action: LoadAction, done: (outcome: LoadOutcome) => void): () => void {
    const open = this.#history.begin(client, action);
    let isGivenUp = false;
    const end = (outcome: () => LoadOutcome): void => {
      if (isGivenUp) return;
      isGivenUp = true;
      done(outcome());
    };
    this.#clients.ask({
      client,
      submit: (reply) => this.#cluster.submit(commandOf(action), reply),
      answered: (reply) => end(() => open.answer(reply)),
      broken: (wasSent) => end(() => open.fail('DISCONNECTED', wasSent)),
    });
    return () => {
      if (isGivenUp) return;
      isGivenUp = true;
      open.giveUp();
    };
  }

  mark(text: string): void {
    this.#history.mark(text);
  }

  verdicts() {
    return this.#history.verdicts();
  }

  #say(line: string): void {
    if (this.#log.length < LOG_LINES_MAX) this.#log.push(line);
  }

  #administration(): Administration {
    const absent = (): Promise<string> =>
      Promise.reject({ code: 'NOTHERE', message: 'a simulated host has no such command' });
    const { replicas, mode } = this.#script;
    return {
      status: () => ({
        mode,
        replicas,
        durability: 'fsync',
        epoch: 0,
        faults: [],
        servers: this.servers().map(({ state }, index) => ({
          id: `s${index + 1}`,
          address: null,
          state,
          role: 'owner',
          incarnation: 0,
          threadId: null,
          keys: 0,
          walBytes: 0,
          progress: null,
          since: '1970-01-01T00:00:00.000Z',
          reason: null,
          lastError: null,
          clockOffsetMs: 0,
        })),
      }),
      fault: absent,
      force: absent,
      snapshot: absent,
      shutdown: () => {},
    };
  }
}

const UNSEEN: ReadonlySet<EventPattern['kind']> = new Set(['leader-elected', 'term']);
