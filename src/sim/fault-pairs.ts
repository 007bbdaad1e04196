/**
 * Every kind of fault against every place that it can hit: the states and roles of a server, and the broker. A batch of
 * seeds is counted in them (reliability.md DST-3); pairs without a meaning are left out, each for a reason named here.
 */
import type { ServerState } from '../model/status.ts';
import type { Role } from './standing.ts';

/** Where a fault finds a server; one that is up or suspect answers for everything it owns, so it is not behind. */
export const SERVER_PLACES: readonly string[] = [
  'up together',
  'up alone',
  'suspect together',
  'suspect alone',
  'recovering together',
  'recovering alone',
  'recovering behind',
  'down together',
  'down alone',
  'down behind',
];

export const BROKER_PLACES: readonly string[] = ['broker serving', 'broker starting'];

/** In how many of PROBED_SEEDS seeds each pair is met at least. */
export const PAIR_SEEDS_MIN = 10;

/** Kinds of faults that hit servers, links that end at servers, and the broker's machine. */
const OF_THREADS = ['hang', 'oom', 'slow', 'throw'];
const OF_SERVERS = [
  'clock drift',
  'clock skew',
  'clock strobe',
  'crash',
  'crash-point disk',
  'crash-point send',
  'damage flip',
  'disk full',
  'disk read-fail',
  'disk slow',
  'disk stall',
  'disk sync-fail',
  'disk torn-write',
  'disk write-fail',
  'flap',
  'link clog',
  'link cut',
  'link delay',
  'link drop',
  'link duplicate',
  'link rate',
  'link reorder',
  'power',
  'restart',
  'wipe',
];
const LYING = ['damage truncate', 'disk lose-write', 'disk misdirect'];
const OF_MACHINES = ['blackout', 'hang-host', 'host-clock drift', 'host-clock skew', 'host-clock strobe'];

export const PAIR_KINDS: readonly string[] = [...OF_THREADS, ...OF_SERVERS, ...LYING, ...OF_MACHINES];

/** Whether a disk loses something that it said to have, and nothing shows it. */
export function isLie(kind: string): boolean {
  return LYING.includes(kind);
}

export function placeOf(state: ServerState, role: Role): string {
  return `${state} ${role}`;
}

/** The name of what is counted. */
export function pairOf(kind: string, place: string): string {
  return `${kind} while ${place}`;
}

/** Whether a kind of fault can do something there. */
export function isMeant(kind: string, place: string): boolean {
  if (BROKER_PLACES.includes(place)) return OF_MACHINES.includes(kind);
  // The whole machine: every server, in whatever state.
  if (OF_MACHINES.includes(kind)) return kind === 'blackout';
  // There is no thread to be slow.
  if (OF_THREADS.includes(kind)) return !place.startsWith('down');
  // A disk that lies to the last one in sync is beyond what can be told.
  if (isLie(kind)) return !place.endsWith('alone');
  return true;
}

/** Every pair that a batch of seeds must meet. */
export const PAIRS: readonly string[] = PAIR_KINDS.flatMap((kind) =>
  [...SERVER_PLACES, ...BROKER_PLACES].filter((place) => isMeant(kind, place)).map((place) => pairOf(kind, place)),
);

/** The pairs as a table: a row for each kind, a column for each place; a point where a pair means nothing. */
export function matrixLines(met: ReadonlyMap<string, number>): string[] {
  const places = [...SERVER_PLACES, ...BROKER_PLACES];
  const width = Math.max(...PAIR_KINDS.map((kind) => kind.length));
  const cell = (kind: string, place: string): string =>
    isMeant(kind, place) ? String(met.get(pairOf(kind, place)) ?? 0) : '·';
  const legend = places.map((place, i) => `${i + 1} ${place}`).join(', ');
  const head = places.map((_, i) => String(i + 1).padStart(6)).join('');
  const rows = PAIR_KINDS.map(
    (kind) => kind.padEnd(width) + places.map((place) => cell(kind, place).padStart(6)).join(''),
  );
  return [`seeds in which each kind of fault hit a server or the broker: ${legend}`, ' '.repeat(width) + head, ...rows];
}
