/** Checks every byte that counts in a data directory, or in one storage server's, and changes none. */
import { ok, type Result } from '../lib/result.ts';
import type { KvError } from '../model/errors.ts';
import { type ServerIndex, serverName } from '../model/ids.ts';
import { isCheckedFile, readFileChecked } from './checked-file.ts';
import type { Disk } from './disk.ts';
import { readWhole, tryDisk } from './files.ts';
import { readFormat } from './format.ts';
import { SPARE } from './names.ts';
import { survey } from './survey.ts';
import { HEADER_BYTES } from './segment.ts';

/** `lines`: one for each thing checked, good or not. */
export type Report = { readonly isGood: boolean; readonly lines: readonly string[] };

/** Checks a data directory with all that is in it; one without a FORMAT file as one storage server's. */
export function verifyDirectory(disk: Disk, directory: string): Report {
  const format = readFormat(disk, directory);
  if (!format.ok) return { isGood: false, lines: [`${directory}: ${format.error.message}`] };
  if (format.value === null) return report([[directory, verifyStore(disk, directory, null)]]);
  const { mode, servers, replicas } = format.value;
  const checks: [string, Result<string, KvError>][] = [
    [`${directory}/FORMAT`, ok(`mode ${mode}, servers ${servers}, replicas ${replicas}`)],
  ];
  const names = tryDisk(() => disk.list(directory));
  if (!names.ok) return { isGood: false, lines: [`${directory}: ${names.error.message}`] };
  const stores = new Set(Array.from({ length: servers }, (_, index) => serverName(index as ServerIndex)));
  for (const name of names.value) {
    const path = `${directory}/${name}`;
    if (stores.has(name)) checks.push([path, verifyStore(disk, path, name)]);
    else if (!name.endsWith(SPARE) && isChecked(disk, path)) checks.push([path, verifyFile(disk, path)]);
  }
  return report(checks);
}

/** Checks what counts in one storage server's directory; `server` null takes any server's. */
export function verifyStore(disk: Disk, directory: string, server: string | null): Result<string, KvError> {
  const found = survey(disk, directory, server);
  if (!found.ok) return found;
  const { checkpoint, chain, tail, notes } = found.value;
  const first = checkpoint?.begin ?? 1;
  const leaves =
    checkpoint === null ? 'no checkpoint' : `checkpoint before LSN ${first} with ${checkpoint.entries} leaves`;
  const bytes = chain.reduce((sum, segment) => sum + segment.end - HEADER_BYTES, 0);
  const records = tail === null || tail.end.lsn < first ? 'no records after it' : `records ${first} … ${tail.end.lsn}`;
  return ok([`${leaves}, ${records}, ${chain.length} segments with ${bytes} bytes`, ...notes].join('; '));
}

function verifyFile(disk: Disk, path: string): Result<string, KvError> {
  const read = readFileChecked(disk, path);
  return read.ok ? ok(`${read.value?.length ?? 0} bytes`) : read;
}

/** Whether it is a file that replaceFile wrote: others in the directory are none of ours. */
function isChecked(disk: Disk, path: string): boolean {
  const read = tryDisk(() => readWhole(disk, path));
  return read.ok && isCheckedFile(read.value);
}

function report(checks: readonly (readonly [string, Result<string, KvError>])[]): Report {
  return {
    isGood: checks.every(([, outcome]) => outcome.ok),
    lines: checks.map(([path, outcome]) => line(path, outcome)),
  };
}

function line(path: string, outcome: Result<string, KvError>): string {
  return outcome.ok ? `${path}: good: ${outcome.value}` : `${path}: ${outcome.error.code} ${outcome.error.message}`;
}
