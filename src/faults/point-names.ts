/**
 * The named points of POINT: before and after the calls that a storage server makes to its disk and its links. No
 * product code knows of them; the wrappers around disk and links do (point-disk.ts, points.ts).
 *
 *   name = ("before" | "after") "-" call
 *   call = file "-" ("create" | "write" | "sync" | "rename" | "read" | "remove") | "directory-sync" | "send-" frame
 *   file = "segment" | "wal" | "checkpoint"
 *
 * A segment is one that is prepared ahead; from its rename on it is the wal. Other files have no points.
 * Example: `before-wal-sync` is passed when a batch is written and nothing of it is promised, `after-send-durable` when
 * the broker's link was given the word that it is durable.
 */
import { FRAME } from '../model/frames.ts';
import { classify, TEMPORARY } from '../storage/names.ts';

export type PointFile = 'segment' | 'wal' | 'checkpoint';
export type PointCall = 'create' | 'write' | 'sync' | 'rename' | 'read' | 'remove';

/** Calls to the disk that have points. */
export const DISK_CALLS: readonly string[] = [
  'segment-create',
  'segment-write',
  'segment-sync',
  'segment-rename',
  'wal-write',
  'wal-sync',
  'wal-read',
  'wal-remove',
  'checkpoint-create',
  'checkpoint-write',
  'checkpoint-sync',
  'checkpoint-rename',
  'checkpoint-read',
  'checkpoint-remove',
  'directory-sync',
];

const SENT = [
  'hello',
  'tail',
  'tailEnd',
  'ready',
  'durable',
  'deleted',
  'answer',
  'scanned',
  'epochKept',
  'joined',
  'pong',
  'space',
  'expired',
  'items',
  'itemsEnd',
  'itemsTaken',
] as const;

const SENDS: ReadonlyMap<number, string> = new Map(SENT.map((name) => [FRAME[name], `send-${kebab(name)}`]));

/** Everything that has a point before it and one after it. */
export const POINT_CALLS: readonly string[] = [...DISK_CALLS, ...SENDS.values()];

/** Every point; how often each was passed is counted in this order. */
export const POINTS: readonly string[] = POINT_CALLS.flatMap((call) => [`before-${call}`, `after-${call}`]);

const PLACES: ReadonlyMap<string, number> = new Map(POINTS.map((name, place) => [name, place]));

/** Whether there is a point of this name. */
export function isPoint(name: string): boolean {
  return PLACES.has(name);
}

/** Its place among POINTS. */
export function placeOf(point: string): number {
  return PLACES.get(point) as number;
}

/** Whether what happens at this point can fail: a frame that is sent cannot. */
export function canFail(name: string): boolean {
  return !/^(?:before|after)-send-/.test(name);
}

/** The call of a frame that a storage server sends; null for others. */
export function sendOf(frame: Uint8Array): string | null {
  return SENDS.get(frame[0] as number) ?? null;
}

/** What kind of file this is, null: one without points. `isRenamed`: it was opened under a temporary name that it has no more. */
export function fileOf(path: string, isRenamed: boolean): PointFile | null {
  const whole = path.slice(path.lastIndexOf('/') + 1);
  const isTemporary = whole.endsWith(TEMPORARY);
  const { kind } = classify(isTemporary ? whole.slice(0, -TEMPORARY.length) : whole);
  if (kind === 'segment') return isTemporary && !isRenamed ? 'segment' : 'wal';
  return kind === 'checkpoint' ? 'checkpoint' : null;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
