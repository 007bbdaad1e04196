/** How a fault script ends: its report on stdout and the exit code, or the one line that says why it did not begin. */
import { reportLines, type ScriptReport } from '../faults/report.ts';
import type { Result } from '../lib/result.ts';
import type { KvError } from '../model/errors.ts';
import { EXIT_OK, EXIT_USAGE, EXIT_VERIFICATION, exitCodeOf } from './exit-codes.ts';
import { print, type Terminal } from './terminal.ts';
import { CommandFailed } from './text-socket.ts';

/** Prints it; answers the exit code. */
export function tellReport(report: ScriptReport, { json }: { readonly json: boolean }, terminal: Terminal): number {
  if (json) print(terminal, JSON.stringify(report));
  else for (const line of reportLines(report)) print(terminal, line);
  return report.passed ? EXIT_OK : EXIT_VERIFICATION;
}

/** The value, or CommandFailed with the place in the file where it is wrong. */
export function sure<T>(file: string, result: Result<T, KvError>): T {
  if (result.ok) return result.value;
  throw new CommandFailed(`${result.error.code} ${file}:${result.error.message}`, exitCodeOf(result.error.code));
}

/** The value, or CommandFailed for flags that are wrong. */
export function checked<T>(result: Result<T, string>): T {
  if (!result.ok) throw new CommandFailed(result.error, EXIT_USAGE);
  return result.value;
}
