/**
 * Runs a script: loads ask, faults begin, expectations are watched; then everything is healed, must be whole again in
 * time, every key is read once more, and what is expected `at end` is judged. Decides only; virtual and real time are
 * its host's.
 */
import { Prng } from '../lib/prng.ts';
import { ok, type Result } from '../lib/result.ts';
import { fail, type KvError } from '../model/errors.ts';
import { examine, type Finding, type Watching, watch } from './expectation.ts';
import { FaultLog, type FaultEvent } from './fault-log.ts';
import { formatLine, formatStatement } from './format-script.ts';
import { Liveness } from './liveness.ts';
import { LoadGenerator, type LoadShares } from './load-generator.ts';
import { readAll } from './last-reads.ts';
import { Reactions } from './reactions.ts';
import { type ExpectationReport, type ScriptReport, untold } from './report.ts';
import type { ScriptHost } from './script-host.ts';
import { type Interval, Statistics } from './statistics.ts';
import type { FaultStatement, Script, ScriptLine, Selector, Statement } from './syntax.ts';
import { Timetable } from './timetable.ts';

/** Milliseconds that a client waits for an answer, and that all may take to be whole again, when nobody SETs them. */
const KNOBS_MS = { patience: 15_000, liveness: 30_000 };

/** Statements that change nothing. */
const SILENT: ReadonlySet<string> = new Set(['list', 'points', 'help']);

/** What in this script the host cannot do, as BADFAULT with the line; asked before anything begins. */
export function checkScript(
  script: Script,
  host: Pick<ScriptHost, 'cannotCheck' | 'cannotSee' | 'cannotInject'>,
): Result<null, KvError> {
  for (const { line, when, statement } of script.lines) {
    const checks = [when.kind === 'when' ? when.check : null, statement.kind === 'expect' ? statement.check : null];
    const reasons = [
      ...checks.map((check) => (check === null ? null : host.cannotCheck(check))),
      when.kind === 'on' ? host.cannotSee(when.event) : null,
      statement.kind === 'fault' ? host.cannotInject(statement.fault) : null,
    ];
    const reason = reasons.find((one) => one !== null);
    if (reason !== undefined) return fail('BADFAULT', `${line}:1: ${reason}`);
  }
  return ok(null);
}

export class ScriptRunner {
  readonly #script: Script;
  readonly #host: ScriptHost;
  readonly #seed: number;
  readonly #done: (report: ScriptReport) => void;
  readonly #statistics = new Statistics();
  readonly #timetable: Timetable;
  readonly #reactions: Reactions;
  readonly #faultLog = new FaultLog();
  readonly #watching: Watching;
  readonly #shares: LoadShares;
  readonly #loads = new Map<string, LoadGenerator>();
  readonly #expectations: ExpectationReport[] = [];
  readonly #notes: string[] = [];
  readonly #knobs = { ...KNOBS_MS };
  readonly #startMs: number;
  #loadsMs: number | null = null;
  #clients = 0;
  #values = 0;
  #core: Selector | null = null;
  #isLooking = true;
  #onLoadsIdle: (() => void) | null = null;

  /** `seed`: the script's own, or one that the host drew. */
  constructor(script: Script, host: ScriptHost, seed: number, done: (report: ScriptReport) => void) {
    this.#script = script;
    this.#host = host;
    this.#seed = seed;
    this.#done = done;
    this.#startMs = host.now();
    const prng = new Prng(seed);
    this.#watching = { host, statistics: this.#statistics, replicas: script.replicas, startMs: this.#startMs };
    this.#shares = {
      host,
      statistics: this.#statistics,
      prng: prng.fork(1),
      touched: new Set(),
      patienceMs: () => this.#knobs.patience,
      nextClient: () => ++this.#clients,
      nextValue: () => `${++this.#values}`,
    };
    this.#timetable = new Timetable(host, prng.fork(2), {
      run: (line, done) => this.#run(line, done),
      exhausted: () => this.#exhausted(),
    });
    this.#reactions = new Reactions(script.lines, host, this.#watching, (line) => this.#timetable.now(line));
  }

  start(): void {
    // What holds at the first look reacts before any line has its time: that is not the end yet.
    this.#timetable.hold();
    this.#look();
    this.#timetable.start(this.#script.lines);
    this.#timetable.release();
  }

  #run({ line, when, statement }: ScriptLine, done: () => void): void {
    switch (statement.kind) {
      case 'load':
        this.#beginLoad(statement);
        done();
        return;
      case 'stop':
        this.#loads.get(statement.name)?.stop();
        done();
        return;
      case 'expect':
        // Judged when all is healed.
        if (statement.span.kind === 'at-end') done();
        else {
          watch(statement.check, statement.span, this.#watching, (finding) => {
            this.#keep(line, formatLine(when, statement), finding);
            done();
          });
        }
        return;
      case 'phase':
        this.#core = statement.core;
        if (statement.phase === 'safety') done();
        else {
          this.#becomeWhole((finding) => {
            this.#keep(line, formatStatement(statement), finding);
            done();
          });
        }
        return;
      case 'set':
        this.#knobs[statement.knob] = statement.ms;
        done();
        return;
      case 'wait':
        this.#host.after(statement.ms, done);
        return;
      case 'assert-healed': {
        const active = this.#host.active();
        const found =
          active.length === 0 ? 'no fault acts' : active.map(({ id, statement: text }) => `${id} ${text}`).join(', ');
        this.#keep(line, formatStatement(statement), { holds: active.length === 0, found });
        done();
        return;
      }
      case 'note':
        this.#notes.push(statement.text);
        done();
        return;
      case 'end':
        this.#end();
        return;
      case 'cluster':
      case 'seed':
        done();
        return;
      default:
        this.#carryOut(line, statement, done);
    }
  }

  #carryOut(line: number, statement: FaultStatement, done: () => void): void {
    const saidMs = this.#host.now();
    this.#host.fault(statement, (result) => {
      if (!result.ok) {
        const found = `${result.error.code} ${result.error.message}`;
        this.#keep(line, formatStatement(statement), { holds: false, found });
      } else if (statement.kind === 'fault') this.#tell(this.#faultLog.begun(result.value, saidMs));
      if (result.ok && !SILENT.has(statement.kind)) this.#host.mark(result.value);
      done();
    });
  }

  #beginLoad(load: Extract<Statement, { kind: 'load' }>): void {
    this.#loadsMs ??= this.#host.now();
    const generator = new LoadGenerator(load, this.#shares, () => {
      if ([...this.#loads.values()].every(({ isIdle }) => isIdle)) this.#onLoadsIdle?.();
    });
    this.#loads.set(load.name, generator);
    if (load.forMs === null) return;
    this.#timetable.hold();
    this.#host.after(load.forMs, () => {
      generator.stop();
      this.#timetable.release();
    });
  }

  #keep(line: number, statement: string, { holds, found }: Finding): void {
    const atMs = this.#host.now() - this.#startMs;
    this.#expectations.push({ line, statement, atMs, passed: holds, found });
  }

  /** Looks at the cluster again and again, for what the lines of `on` and `when` wait for, and for faults that are over. */
  #look(): void {
    if (!this.#isLooking) return;
    this.#tell(this.#faultLog.seen(this.#host.active(), this.#host.now()));
    this.#reactions.look();
    this.#host.after(this.#host.lookMs, () => this.#look());
  }

  #tell(events: readonly FaultEvent[]): void {
    for (const { kind, id } of events) {
      if (kind === 'healed') this.#host.mark(`healed ${id}`);
      this.#reactions.happened(kind, id);
    }
  }

  /** The last lines had their turn: what heals by itself may do so first, and lines that wait for that may react. */
  #exhausted(): void {
    const lastsMs = Math.max(0, ...this.#host.active().map(({ until }) => (until ?? 0) - this.#host.now()));
    if (lastsMs === 0) {
      this.#end();
      return;
    }
    this.#timetable.hold();
    this.#host.after(Math.max(lastsMs, this.#host.lookMs), () => this.#timetable.release());
  }

  #end(): void {
    this.#timetable.stop();
    this.#reactions.stop();
    this.#becomeWhole((finding, healedMs) => {
      this.#stopLoads(() => readAll(this.#shares, () => this.#judge(() => this.#finish(finding, healedMs))));
    });
  }

  #becomeWhole(done: (finding: Finding, tookMs: number | null) => void): void {
    new Liveness(this.#host, this.#core, this.#knobs.liveness, (finding, tookMs) => {
      this.#tell(this.#faultLog.seen(this.#host.active(), this.#host.now()));
      done(finding, tookMs);
    }).start();
  }

  #stopLoads(done: () => void): void {
    this.#onLoadsIdle = () => {
      this.#onLoadsIdle = null;
      done();
    };
    const loads = [...this.#loads.values()];
    if (loads.every(({ isIdle }) => isIdle)) this.#onLoadsIdle();
    else for (const load of loads) load.stop();
  }

  /** Whatever is expected at the end, one after the other. */
  #judge(done: () => void): void {
    const { lines } = this.#script;
    const interval = { fromMs: this.#startMs, toMs: this.#host.now() };
    const goOn = (from: number): void => {
      for (let at = from; at < lines.length; at++) {
        const { line, when, statement } = lines[at] as ScriptLine;
        if (statement.kind !== 'expect') continue;
        if (when.kind !== 'at-end' && statement.span.kind !== 'at-end') continue;
        let isDone = false;
        let isLate = false;
        examine(statement.check, interval, this.#watching, (finding) => {
          this.#keep(line, formatLine(when, statement), finding);
          isDone = true;
          if (isLate) goOn(at + 1);
        });
        if (!isDone) {
          isLate = true;
          return;
        }
      }
      done();
    };
    goOn(0);
  }

  /** From the first load's beginning to the last one's end; null without a load. */
  #loadsOver(nowMs: number): Interval | null {
    if (this.#loadsMs === null) return null;
    const ends = [...this.#loads.values()].map(({ stoppedMs }) => stoppedMs ?? nowMs);
    return { fromMs: this.#loadsMs, toMs: Math.max(...ends) };
  }

  #finish(healed: Finding, healedMs: number | null): void {
    this.#isLooking = false;
    const nowMs = this.#host.now();
    const verdicts = this.#host.verdicts();
    const wrong = verdicts.linearizable.count + verdicts.serializable.count;
    const notes = [...this.#notes, ...this.#reactions.waiting().map((text) => `never happened: ${text}`)];
    notes.push(...untold([...verdicts.linearizable.details, ...verdicts.serializable.details], this.#expectations));
    if (!healed.holds) notes.push(`not whole after the last fault: ${healed.found}`);
    this.#done({
      // A wrong answer is never right, whatever the script expects.
      passed: healed.holds && wrong === 0 && this.#expectations.every(({ passed }) => passed),
      seed: this.#seed,
      cluster: { servers: this.#script.servers, replicas: this.#script.replicas, mode: this.#script.mode },
      tookMs: nowMs - this.#startMs,
      operations: this.#statistics.totals,
      lost: verdicts.lost.count,
      wrong,
      faults: this.#faultLog.reports(this.#statistics, this.#startMs, this.#loadsOver(nowMs)),
      expectations: this.#expectations,
      healedMs,
      notes,
    });
  }
}
