/** What a load says at its end, to people and to programs. */
import { EXIT_FAILED, EXIT_OK, EXIT_UNKNOWN, EXIT_USAGE } from './exit-codes.ts';
import type { LoadReport } from './load.ts';

/** `stored 100, duplicate 0, invalid 1; 25000 documents/s`: one line. */
export function loadSummary(report: LoadReport): string {
  const { stored, duplicate, invalid, failed, unknown } = report;
  const parts = [`stored ${stored}`, `duplicate ${duplicate}`, `invalid ${invalid}`];
  if (failed > 0) parts.push(`failed ${failed}`);
  if (unknown > 0) parts.push(`unknown ${unknown}`);
  return `${parts.join(', ')}; ${perSecond(report)} documents/s`;
}

/** The same as one line of JSON. */
export function loadJson(report: LoadReport): string {
  const { stored, duplicate, invalid, failed, unknown, seconds } = report;
  const rate = perSecond(report);
  return JSON.stringify({
    ok: invalid + failed + unknown === 0,
    stored,
    duplicate,
    invalid,
    failed,
    unknown,
    seconds,
    rate,
  });
}

/** Lines without an answer may be stored or not (4); lines the cluster could not take (1); lines nobody could take (2). */
export function loadExitCode(report: LoadReport, skipBad: boolean): number {
  if (report.unknown > 0) return EXIT_UNKNOWN;
  if (report.failed > 0) return EXIT_FAILED;
  return report.invalid > 0 && !skipBad ? EXIT_USAGE : EXIT_OK;
}

function perSecond(report: LoadReport): number {
  return Math.round((report.stored + report.duplicate) / Math.max(report.seconds, 0.001));
}
