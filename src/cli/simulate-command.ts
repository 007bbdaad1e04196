/**
 * `coppice simulate`: seeds of the simulated world (src/sim) on every core, what they add up to, and for one that fails
 * the command that plays it again. 5 when a promise was broken, or
 * when so many seeds missed a situation that they should have met.
 */
import { randomInt } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { Presets, SingleBar } from 'cli-progress';
import { openTaskPool } from '../node/task-pool.ts';
import { partOf } from '../sim/part.ts';
import { play, type PlayResult } from '../sim/play.ts';
import type { Scenario } from '../sim/scenario.ts';
import { shrink } from '../sim/shrink.ts';
import { scriptOf } from '../sim/statements.ts';
import { drawScenario } from '../sim/swarm.ts';
import { EXIT_OK, EXIT_SIGINT, EXIT_SIGTERM, EXIT_USAGE, EXIT_VERIFICATION } from './exit-codes.ts';
import { unreadable } from './files.ts';
import type { FlagValues } from './flags.ts';
import { type SimulateOptions, simulateOptions } from './simulate-options.ts';
import {
  addResult,
  emptyReport,
  missed,
  replayCommand,
  reportJson,
  reportLines,
  type SimulateReport,
} from './simulate-report.ts';
import { compared, type SimulateTask } from './simulate-task.ts';
import { print, tell, type Terminal } from './terminal.ts';
import { CommandFailed } from './text-socket.ts';

/** Seeds of one task: a second or so, so that a signal is heard. */
const TASK_SEEDS = 16;

/** Scenarios played at most to make one small, and milliseconds that it may take. */
const SHRINK_PLAYS_MAX = 1_000;
const SHRINK_MS_MAX = 60_000;

/** Lines of a violation that are shown. */
const VIOLATION_LINES_MAX = 30;

/** Plays what the flags ask for; resolves with the exit code. */
export async function runSimulate(values: FlagValues, terminal: Terminal): Promise<number> {
  const read = simulateOptions(values, terminal.env, randomInt(0x1_0000_0000));
  if (!read.ok) throw new CommandFailed(read.error, EXIT_USAGE);
  const options = read.value;
  const started = performance.now();
  const report = emptyReport();
  const stopped =
    options.seeds === 1 ? await playOne(options, report, terminal) : await playMany(options, report, terminal);
  const seconds = (performance.now() - started) / 1_000;
  if (options.json) print(terminal, reportJson(report, seconds, options));
  else for (const line of reportLines(report, seconds, options)) print(terminal, line);
  const [failure] = report.failures;
  if (failure !== undefined && options.shrink) showShrunk({ ...options, seed: failure.seed }, terminal);
  if (stopped !== null) return stopped;
  return report.failures.length === 0 && missed(report).length === 0 ? EXIT_OK : EXIT_VERIFICATION;
}

async function playOne(options: SimulateOptions, report: SimulateReport, terminal: Terminal): Promise<null> {
  const scenario = scenarioOf(options);
  const { trace } = options;
  let result: PlayResult;
  if (trace === null) {
    result = play(scenario);
  } else {
    const file = createWriteStream(trace);
    const written = finished(file);
    result = play(scenario, (line) => file.write(`${line}\n`));
    file.end();
    try {
      await written;
    } catch (error) {
      throw unreadable(trace, error);
    }
  }
  if (options.twice) result = compared(result, play(scenario));
  addResult(report, result);
  if (!options.json) {
    print(terminal, describe(scenario));
    print(terminal, `trace ${result.hash} of ${result.events} events`);
  }
  tellFailure(result, options, terminal);
  return null;
}

/** Answers the exit code of the signal that ended it, or null. */
async function playMany(options: SimulateOptions, report: SimulateReport, terminal: Terminal): Promise<number | null> {
  const pool = openTaskPool<SimulateTask, PlayResult[]>('simulate-task', 'simulate', ...threadsOf(options));
  const bar = progressBar(terminal, options.seeds);
  let stopped: number | null = null;
  const stopListening = terminal.onSignal((signal) => {
    stopped = signal === 'SIGINT' ? EXIT_SIGINT : EXIT_SIGTERM;
  });
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < options.seeds && stopped === null) {
      const count = Math.min(TASK_SEEDS, options.seeds - next);
      const from = options.seed + next;
      next += count;
      for (const result of await pool.run({ from, count, twice: options.twice })) {
        addResult(report, result);
        if (result.violations.length === 0) continue;
        if (bar !== null) terminal.stderr.write('\r\u001b[K');
        tellFailure(result, options, terminal);
      }
      bar?.update(report.seeds, { failed: report.failures.length });
    }
  };
  try {
    await Promise.all(Array.from({ length: pool.threads }, work));
  } finally {
    stopListening();
    bar?.stop();
    await pool.close();
  }
  return stopped;
}

function threadsOf({ threads }: SimulateOptions): [] | [number] {
  return threads === null ? [] : [threads];
}

/** The drawn scenario of a seed, or the part of it that is asked for. */
function scenarioOf({ seed, part }: SimulateOptions): Scenario {
  return partOf(drawScenario(seed), part);
}

function describe({ seed, config, budget, durationMs, workload, happenings }: Scenario): string {
  return (
    `seed ${seed}: ${config.servers} servers, ${config.replicas} copies, ${workload.clients} clients, ` +
    `${happenings.length} happenings in ${durationMs / 1_000} s, budget ${budget}`
  );
}

function tellFailure({ seed, violations }: PlayResult, { part }: SimulateOptions, terminal: Terminal): void {
  for (const violation of violations) {
    const lines = violation.split('\n');
    const left = lines.length - VIOLATION_LINES_MAX;
    const shown = left > 0 ? [...lines.slice(0, VIOLATION_LINES_MAX), `  and ${left} lines more`] : lines;
    tell(terminal, `seed ${seed}: ${shown.join('\n')}`);
  }
  if (violations.length > 0) tell(terminal, `again: ${replayCommand(seed, part)}`);
}

function showShrunk(options: SimulateOptions, terminal: Terminal): void {
  const { seed, part } = options;
  const untilMs = performance.now() + SHRINK_MS_MAX;
  const isOver = (): boolean => performance.now() >= untilMs;
  const shrunk = shrink(drawScenario(seed), { playsMax: SHRINK_PLAYS_MAX, isOver, part });
  if (shrunk === null) return;
  const { happenings } = shrunk.scenario;
  const before = scenarioOf(options).happenings.length;
  tell(terminal, `shrunk from ${before} happenings to ${happenings.length} in ${shrunk.plays} plays:`);
  for (const line of scriptOf(shrunk.scenario)) tell(terminal, `  ${line}`);
  tell(terminal, shrunk.violation);
  tell(terminal, `again: ${replayCommand(seed, shrunk.part)}`);
}

/** A bar by seeds on a terminal; nothing elsewhere. */
function progressBar(terminal: Terminal, total: number): SingleBar | null {
  if (terminal.stderr.isTTY !== true || terminal.env['TERM'] === 'dumb') return null;
  const format = '{bar} {value}/{total} seeds, {failed} failed, {eta_formatted} left';
  const bar = new SingleBar({ format, stream: terminal.stderr as NodeJS.WritableStream }, Presets.shades_classic);
  bar.start(total, 0, { failed: 0 });
  return bar;
}
