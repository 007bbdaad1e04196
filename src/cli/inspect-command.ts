/** `coppice inspect wal|checkpoint FILE` and `coppice verify DIR`: what is in the files of a data directory. */
import { nodeDisk } from '../node/disk.ts';
import { formatRow, inspectCheckpoint, inspectSegment, type InspectRow } from '../storage/inspect.ts';
import { verifyDirectory } from '../storage/verify.ts';
import { EXIT_OK, EXIT_USAGE, EXIT_VERIFICATION } from './exit-codes.ts';
import { checkReadable, namesIn } from './files.ts';
import { print, tell, type Terminal } from './terminal.ts';
import { CommandFailed } from './text-socket.ts';

/** What is in every data directory, or in that of every storage server. */
const DATA_FILE = /^(FORMAT|incarnation|wal-\d+|checkpoint\b.*)$/;

export type InspectOptions = { readonly json: boolean; readonly leaves: boolean };

/** Prints the rows of a file as far as it is good; 5 when it is damaged. */
export async function runInspect(
  kind: 'wal' | 'checkpoint',
  file: string,
  options: InspectOptions,
  terminal: Terminal,
): Promise<number> {
  await checkReadable(file);
  const show = (row: InspectRow): void => print(terminal, options.json ? JSON.stringify(row) : formatRow(row));
  const result =
    kind === 'wal'
      ? inspectSegment(nodeDisk, file, show)
      : inspectCheckpoint(nodeDisk, file, { leaves: options.leaves }, show);
  if (result.ok) return EXIT_OK;
  tell(terminal, `ERROR ${result.error.code} ${result.error.message}`);
  return EXIT_VERIFICATION;
}

/** Prints a line for everything checked in a data directory; 5 when something is damaged. */
export async function runVerify(
  directory: string,
  options: { readonly json: boolean },
  terminal: Terminal,
): Promise<number> {
  const names = await namesIn(directory);
  if (!names.some((name) => DATA_FILE.test(name))) {
    throw new CommandFailed(`${directory}: no data directory, and not that of a server: nothing to check`, EXIT_USAGE);
  }
  const report = verifyDirectory(nodeDisk, directory);
  if (options.json) print(terminal, JSON.stringify({ ok: report.isGood, lines: report.lines }));
  else for (const line of report.lines) print(terminal, line);
  return report.isGood ? EXIT_OK : EXIT_VERIFICATION;
}
