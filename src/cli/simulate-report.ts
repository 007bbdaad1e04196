/** What `coppice simulate` says at its end: everything that was played, added up. */
import { type Part, WHOLE } from '../sim/part.ts';
import type { PlayResult } from '../sim/play.ts';
import { matrixLines, PAIR_SEEDS_MIN, PAIRS } from '../sim/fault-pairs.ts';
import { PROBED_SEEDS, unmet, WANTED } from '../sim/probes.ts';

export type SimulateReport = {
  seeds: number;
  simulatedMs: number;
  events: number;
  acknowledged: number;
  reads: number;
  refused: number;
  unknown: number;
  uncertain: number;
  /** Slowest of all: until every group took a write after the last fault, and until every server was up. */
  writableMs: number;
  wholeMs: number;
  readonly faults: Record<string, number>;
  /** In how many seeds each situation was met. */
  readonly met: Map<string, number>;
  readonly failures: { readonly seed: number; readonly violations: readonly string[] }[];
};

export function emptyReport(): SimulateReport {
  return {
    seeds: 0,
    simulatedMs: 0,
    events: 0,
    acknowledged: 0,
    reads: 0,
    refused: 0,
    unknown: 0,
    uncertain: 0,
    writableMs: 0,
    wholeMs: 0,
    faults: {},
    met: new Map(),
    failures: [],
  };
}

export function addResult(report: SimulateReport, result: PlayResult): void {
  const { tally } = result;
  report.seeds++;
  report.simulatedMs += result.simulatedMs;
  report.events += result.events;
  report.acknowledged += tally.acknowledged;
  report.reads += tally.reads;
  report.refused += tally.refused;
  report.unknown += tally.unknown;
  report.uncertain += tally.uncertain;
  report.writableMs = Math.max(report.writableMs, result.writableMs);
  report.wholeMs = Math.max(report.wholeMs, result.wholeMs);
  for (const [kind, count] of Object.entries(result.faults)) report.faults[kind] = (report.faults[kind] ?? 0) + count;
  for (const name of result.met.keys()) report.met.set(name, (report.met.get(name) ?? 0) + 1);
  if (result.violations.length > 0) report.failures.push({ seed: result.seed, violations: result.violations });
}

/** Situations that so many seeds should have met, and did not or too seldom; none are missed in fewer seeds than it takes. */
export function missed({ seeds, met }: SimulateReport): string[] {
  if (seeds < PROBED_SEEDS) return [];
  return [...unmet(WANTED, met), ...unmet(PAIRS, met, PAIR_SEEDS_MIN)];
}

/** `matrix`: also in how many seeds each kind of fault hit each place. */
export function reportJson(report: SimulateReport, seconds: number, { matrix }: { readonly matrix: boolean }): string {
  const { simulatedMs, failures, met, ...rest } = report;
  const missing = missed(report);
  return JSON.stringify({
    ok: failures.length === 0 && missing.length === 0,
    ...rest,
    met: met.size,
    missed: missing,
    ...(matrix ? { pairs: Object.fromEntries(PAIRS.map((pair) => [pair, met.get(pair) ?? 0])) } : {}),
    simulatedSeconds: Math.round(simulatedMs / 1_000),
    seconds: Number(seconds.toFixed(3)),
    failures: failures.map((failure) => ({ ...failure, replay: replayCommand(failure.seed) })),
  });
}

export function reportLines(
  report: SimulateReport,
  seconds: number,
  { matrix }: { readonly matrix: boolean },
): string[] {
  const faults = Object.entries(report.faults).sort(([, a], [, b]) => b - a);
  const total = faults.reduce((sum, [, count]) => sum + count, 0);
  const perMinute = seconds > 0 ? Math.round((report.seeds / seconds) * 60) : 0;
  return [
    `${counted(report.seeds, 'seed')} in ${seconds.toFixed(1)} s (${perMinute} a minute), ` +
      `${Math.round(report.simulatedMs / 1_000)} simulated seconds`,
    `${report.acknowledged} writes acknowledged, ${report.reads} reads; ${report.refused} refused, ` +
      `${report.unknown} unknown, ${report.uncertain} uncertain`,
    `${counted(total, 'fault')}: ${faults.map(([kind, count]) => `${kind} ${count}`).join(', ')}`,
    ...(matrix ? matrixLines(report.met) : []),
    `${report.met.size} kinds of situations were met${missedLine(report)}`,
    `healed: writable after ${shown(report.writableMs)}, whole after ${shown(report.wholeMs)} at the latest`,
    report.failures.length === 0
      ? 'no violation'
      : `${counted(report.failures.length, 'seed')} with violations: ${report.failures.map(({ seed }) => seed).join(' ')}`,
  ];
}

function missedLine(report: SimulateReport): string {
  const missing = missed(report);
  return missing.length === 0 ? '' : `; not met: ${missing.join(', ')}`;
}

/** The line that plays a seed again, or a part of it. */
export function replayCommand(seed: number, { only, clients, forMs, plain }: Part = WHOLE): string {
  const words = [
    ...(only === null ? [] : [`--only ${only.length === 0 ? 'none' : only.join(',')}`]),
    ...(clients === null ? [] : [`--clients ${clients}`]),
    ...(forMs === null ? [] : [`--for ${forMs}`]),
    ...(plain ? ['--plain'] : []),
  ];
  return ['coppice simulate --seed', seed, ...words].join(' ');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function shown(ms: number): string {
  return ms === Number.POSITIVE_INFINITY ? 'no time at all' : `${(ms / 1_000).toFixed(2)} simulated seconds`;
}
