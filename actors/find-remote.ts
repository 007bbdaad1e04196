/**
 * Which servers of a broker's file are processes of their own: those that answer at their address, and those that were
 * joined before, whether they answer or not. What such a server holds is not here, so no thread can take its place.
 */
import { join } from 'node:path';
import { type HostOptions, StartError } from '../src/cli/host.ts';
import { text, utf8 } from '../src/lib/bytes.ts';
import { type ServerIndex, serverIndex, serverName } from '../src/model/ids.ts';
import { askLine } from '../src/node/ask-line.ts';
import { nodeDisk } from '../src/node/disk.ts';
import { readFileChecked, replaceFile } from '../src/storage/checked-file.ts';
import type { Home } from './home.ts';
import type { Address } from './remote-server.ts';

/** Milliseconds that a server has to say PONG. */
const PROBE_TIMEOUT_MS = 1_000;

const EXIT_FAILED = 1;

/** Their addresses. A StartError when the host cannot remember them. */
export async function findRemote(options: HostOptions, home: Home): Promise<ReadonlyMap<ServerIndex, Address>> {
  const found = new Map<ServerIndex, Address>();
  if (options.role !== 'broker') return found;
  const isKept = options.cluster.durability !== 'memory';
  const known = isKept ? remembered(home.root, options.cluster.servers) : new Set<ServerIndex>();
  await Promise.all(
    options.places.map(async ({ address }, place) => {
      const index = place as ServerIndex;
      if (address === null) return;
      if (options.connectOnly || known.has(index) || (await answers(address))) found.set(index, address);
    }),
  );
  if (isKept && [...found.keys()].some((index) => !known.has(index))) remember(home.root, [...found.keys(), ...known]);
  return found;
}

async function answers(address: Address): Promise<boolean> {
  try {
    return /^PONG\r?$/.test(await askLine(address, 'PING', PROBE_TIMEOUT_MS));
  } catch {
    // Whoever does not answer is started here; when something else has the port, opening it says so.
    return false;
  }
}

/** The file `joined` of the host: names of the servers that were joined, separated by blanks. */
function remembered(root: string, servers: number): ReadonlySet<ServerIndex> {
  const read = readFileChecked(nodeDisk, join(root, 'joined'));
  if (!read.ok) throw new StartError(read.error.message, EXIT_FAILED);
  const names = read.value === null ? [] : text(read.value).split(' ');
  return new Set(names.flatMap((name) => serverIndex(name, servers) ?? []));
}

function remember(root: string, indexes: readonly ServerIndex[]): void {
  const names = [...new Set(indexes)].sort((a, b) => a - b).map(serverName);
  const kept = replaceFile(nodeDisk, join(root, 'joined'), utf8(names.join(' ')));
  if (!kept.ok) throw new StartError(kept.error.message, EXIT_FAILED);
}
