/**
 * The FORMAT file of a data directory: what it was made for, in five lines that people can read. Written first and
 * never changed; a directory made for something else is refused, untouched.
 *
 *   coppice-data 2
 *   mode replicated
 *   servers 3
 *   replicas 2
 *   crc 5d1f7c2a        CRC-32 of the lines before, in hexadecimal
 */
import { text, utf8 } from '../lib/bytes.ts';
import { ok, type Result } from '../lib/result.ts';
import { type ClusterConfig, MODES, type Mode } from '../model/config.ts';
import { fail, type KvError } from '../model/errors.ts';
import { serverName, type ServerIndex } from '../model/ids.ts';
import { SERVERS_MAX } from '../model/limits.ts';
import type { Disk } from './disk.ts';
import { ensureDirectory, readWhole, tryDisk, writeAtomically } from './files.ts';

export const DATA_FORMAT_VERSION = 2;

export type DataFormat = Pick<ClusterConfig, 'mode' | 'servers' | 'replicas'>;

/**
 * Makes the directory one for `wanted`, or checks that it is one; durable when it returns. USAGE when it was made for
 * something else, CORRUPT when its FORMAT cannot be trusted, DISK.
 */
export function claimDirectory(disk: Disk, directory: string, wanted: DataFormat): Result<'made' | 'found', KvError> {
  const found = readFormat(disk, directory);
  if (!found.ok) return found;
  if (found.value !== null) {
    const same = compare(directory, found.value, wanted);
    if (!same.ok) return same;
    return tryDisk(() => {
      // Who wrote it may have died before its name was durable; data is put beside it now.
      ensureDirectory(disk, directory);
      disk.syncDirectory(directory);
      return 'found';
    });
  }
  const firstServer = `${directory}/${serverName(0 as ServerIndex)}`;
  const isThere = tryDisk(() => disk.exists(firstServer));
  if (!isThere.ok) return isThere;
  if (isThere.value) return fail('CORRUPT', `${directory}: there is data but no FORMAT file`);
  return tryDisk(() => {
    ensureDirectory(disk, directory);
    writeAtomically(disk, formatPath(directory), utf8(encode(wanted, disk)));
    return 'made';
  });
}

/** What the directory was made for; null when it has no FORMAT file. CORRUPT, DISK; USAGE for a newer version. */
export function readFormat(disk: Disk, directory: string): Result<DataFormat | null, KvError> {
  const path = formatPath(directory);
  const read = tryDisk(() => (disk.exists(path) ? text(readWhole(disk, path)) : null));
  if (!read.ok || read.value === null) return read as Result<null, KvError>;
  const content = read.value;
  const version = Number(/^coppice-data (\d+)\n/.exec(content)?.[1] ?? Number.NaN);
  if (Number.isNaN(version)) return fail('CORRUPT', `${path}: offset 0: not a FORMAT file`);
  if (version !== DATA_FORMAT_VERSION) {
    return fail('USAGE', `${path}: data of format ${version}; this program knows format ${DATA_FORMAT_VERSION}`);
  }
  const match = /^coppice-data \d+\nmode (\w+)\nservers (\d+)\nreplicas (\d+)\n/.exec(content);
  const mode = MODES.find((known) => known === match?.[1]);
  const format = { mode: mode as Mode, servers: Number(match?.[2]), replicas: Number(match?.[3]) };
  // What encodes to the very same text is whole: every line of it, and the checksum.
  if (mode === undefined || format.servers > SERVERS_MAX || encode(format, disk) !== content) {
    return fail('CORRUPT', `${path}: its content or its checksum is wrong`);
  }
  return ok(format);
}

function compare(directory: string, found: DataFormat, wanted: DataFormat): Result<void, KvError> {
  for (const field of ['mode', 'servers', 'replicas'] as const) {
    if (found[field] !== wanted[field]) {
      return fail(
        'USAGE',
        `${directory}: data of ${field} ${found[field]}, not ${wanted[field]}; start with ${show(found)}`,
      );
    }
  }
  return ok(undefined);
}

function show({ mode, servers, replicas }: DataFormat): string {
  return `mode ${mode}, servers ${servers}, replicas ${replicas}`;
}

function encode({ mode, servers, replicas }: DataFormat, disk: Disk): string {
  const lines = `coppice-data ${DATA_FORMAT_VERSION}\nmode ${mode}\nservers ${servers}\nreplicas ${replicas}\n`;
  return `${lines}crc ${disk.crc32(utf8(lines), 0).toString(16).padStart(8, '0')}\n`;
}

function formatPath(directory: string): string {
  return `${directory}/FORMAT`;
}
