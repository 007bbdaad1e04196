/**
 * A host that is started and told to end again and again: it ends with 0, soon, leaves no lock, and has at the next
 * start what it acknowledged before. The test runs a few rounds, `npm run bench -- host-restarts` as many as one likes.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startProgram, Terminal } from './program.ts';

export type HostRestartsOptions = {
  readonly rounds: number;
  readonly directory: string;
  readonly onLine: (line: string) => void;
};

export type HostRestartsReport = {
  rounds: number;
  /** Rounds that ended with another code than 0, left the lock, or lost what the round before wrote. */
  badCodes: number;
  locksLeft: number;
  lost: number;
  readonly startMs: number[];
  readonly stopMs: number[];
};

const LINE_EVERY_ROUNDS = 50;

export async function hostRestarts({ rounds, directory, onLine }: HostRestartsOptions): Promise<HostRestartsReport> {
  const report: HostRestartsReport = { rounds: 0, badCodes: 0, locksLeft: 0, lost: 0, startMs: [], stopMs: [] };
  for (let round = 1; round <= rounds; round++) {
    const begun = performance.now();
    const program = await startProgram(['--empty', '--quiet'], directory);
    report.startMs.push(performance.now() - begun);
    const terminal = await Terminal.open(program.text);
    const [found, written] = await terminal.askAll(['GET round', `SET round ${round}`]);
    const expected = round === 1 ? 'round -> NOT FOUND' : `round -> ${round - 1}`;
    if (found?.at(-1) !== expected || written?.at(-1) !== 'OK') report.lost++;
    const asked = performance.now();
    const code = await program.stop();
    report.stopMs.push(performance.now() - asked);
    terminal.close();
    if (code !== 0) report.badCodes++;
    if (existsSync(join(directory, '.lock'))) report.locksLeft++;
    report.rounds = round;
    if (round % LINE_EVERY_ROUNDS === 0) onLine(hostRestartsSummary(report));
  }
  return report;
}

/** The last line of every run. */
export function hostRestartsSummary({
  rounds,
  badCodes,
  locksLeft,
  lost,
  startMs,
  stopMs,
}: HostRestartsReport): string {
  return (
    `Rounds: ${rounds}, Ended with another code than 0: ${badCodes}, Locks left: ${locksLeft}, Lost: ${lost}, ` +
    `Start: ${spread(startMs)}, End: ${spread(stopMs)}`
  );
}

const STOP_MS_MAX = 500;

/** Why these rounds are not good, or null. `share`: of the ends, how many must be in time; a busy machine may be late once. */
export function hostRestartsFault(report: HostRestartsReport, share: number): string | null {
  const { badCodes, locksLeft, lost, stopMs } = report;
  const inTime = stopMs.filter((ms) => ms <= STOP_MS_MAX).length;
  return badCodes + locksLeft + lost > 0 || inTime < share * stopMs.length ? hostRestartsSummary(report) : null;
}

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const [median, most] = [sorted[sorted.length >> 1], sorted.at(-1)];
  return `median ${Math.round(median ?? 0)} ms, at most ${Math.round(most ?? 0)} ms`;
}
