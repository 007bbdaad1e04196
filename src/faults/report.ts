/** What a script came to, as data and as lines that people read. */
import type { Totals } from './statistics.ts';

export type ExpectationReport = {
  readonly line: number;
  readonly statement: string;
  readonly atMs: number;
  readonly passed: boolean;
  /** What was found, in words. */
  readonly found: string;
};

export type FaultReport = {
  readonly id: string;
  readonly statement: string;
  readonly atMs: number;
  /** When it was healed; null: by the end of the script. */
  readonly untilMs: number | null;
  /** The longest that no operation of a load went well while it acted; null without a load. */
  readonly unavailableMs: number | null;
};

export type ScriptReport = {
  readonly passed: boolean;
  readonly seed: number;
  readonly cluster: { readonly servers: number; readonly replicas: number; readonly mode: string };
  readonly tookMs: number;
  readonly operations: Totals;
  /** Acknowledged writes that are missing at the end. */
  readonly lost: number;
  /** Keys and circles of operations that no correct store explains. */
  readonly wrong: number;
  readonly faults: readonly FaultReport[];
  readonly expectations: readonly ExpectationReport[];
  /** Milliseconds from the last heal until all servers were up and alike; null: they never were. */
  readonly healedMs: number | null;
  readonly notes: readonly string[];
};

/** The lines that a person reads; the last one says whether it passed. */
export function reportLines(report: ScriptReport): string[] {
  const { operations, faults, expectations, healedMs, notes } = report;
  const { acknowledged, refused, unknown, heldBack } = operations;
  return [
    ...notes.map((text) => `note      ${indented(text)}`),
    ...faults.map(({ id, statement, atMs, untilMs, unavailableMs }) => {
      const until = untilMs === null ? 'the end' : seconds(untilMs);
      const silence = unavailableMs === null ? '' : `, unavailable ${Math.round(unavailableMs)} ms`;
      return `fault     ${seconds(atMs)} to ${until}  ${id} ${statement}${silence}`;
    }),
    ...expectations.map(({ line, statement, atMs, passed, found }) => {
      const shown = passed ? found.split('\n')[0] : indented(found);
      return `${passed ? 'met     ' : 'FAILED  '}  ${seconds(atMs)} line ${line}: ${statement}: ${shown}`;
    }),
    healedMs === null ? 'healed    never' : `healed    ${Math.round(healedMs)} ms after the last fault`,
    `answers   acknowledged ${acknowledged}, refused ${refused}, unknown ${unknown}${
      heldBack === 0 ? '' : `, held back ${heldBack}`
    }; lost ${report.lost}, wrong ${report.wrong}`,
    `${report.passed ? 'passed' : 'FAILED'}    in ${seconds(report.tookMs)}, seed ${report.seed}`,
  ];
}

/** As notes, what was wrong and no expectation that failed tells: it fails a script that expects nothing of the kind. */
export function untold(details: readonly string[], expectations: readonly ExpectationReport[]): string[] {
  const told = expectations.filter(({ passed }) => !passed).map(({ found }) => found);
  return details.filter((detail) => !told.some((found) => found.includes(detail))).map((detail) => `wrong: ${detail}`);
}

function indented(text: string): string {
  return text.replaceAll('\n', '\n          ');
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(3)} s`;
}
