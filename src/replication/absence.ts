/**
 * What a server misses that is not there when a life of the broker begins, kept in the epoch's table until it is back.
 * It may alone have a bulk over several groups that was in flight; each of them must become whole or go. Every group
 * that serves meanwhile, or could have, is witness: one that began to serve without the bulk, and was not sent it,
 * proves that it was neither acknowledged nor shown, and it goes. When all of them had it, it may stay.
 *
 *   absence = before f64, count varint, count × (owners u16, through f64, count varint, count × rolled f64)
 *
 * Example: the lives before ended at version 9, group {0,1} serves, had everything up to 5, and was sent bulk 7:
 * 9 | 01 | 03 00 | 5 | 01 | 7.
 */
import type { ByteReader, ByteWriter } from '../lib/bytes.ts';
import type { ServerMask, Version } from '../model/ids.ts';

/** Up to where the owners in sync of a group had everything when it began to serve, and the bulks they were sent then. */
export type Alive = { readonly through: Version; readonly rolled: readonly Version[] };

/** `before`: the newest version of the lives before; nothing newer was ever sent to the absent server. */
export type Absence = { readonly before: Version; readonly alive: ReadonlyMap<ServerMask, Alive> };

/** The same absence when groups begin to serve. One that began before must have had a bulk both times. */
export function withAlive(absence: Absence, groups: ReadonlyMap<ServerMask, Alive>): Absence {
  const alive = new Map(absence.alive);
  for (const [owners, now] of groups) {
    const before = alive.get(owners);
    if (before === undefined) {
      alive.set(owners, { through: now.through, rolled: now.rolled.filter((version) => version <= absence.before) });
    } else {
      const through = Math.min(before.through, now.through) as Version;
      const rolled = [...new Set([...before.rolled, ...now.rolled])].filter(
        (version) => version <= absence.before && had(before, version) && had(now, version),
      );
      alive.set(owners, { through, rolled });
    }
  }
  return { ...absence, alive };
}

/** Whether a bulk of lives before the absence, over these groups, must go. */
export function isRefuted(absence: Absence, groups: Iterable<ServerMask>, version: Version): boolean {
  for (const owners of groups) {
    const alive = absence.alive.get(owners);
    if (alive !== undefined && !had(alive, version)) return true;
  }
  return false;
}

function had(alive: Alive, version: Version): boolean {
  return version <= alive.through || alive.rolled.includes(version);
}

export function writeAbsence(writer: ByteWriter, { before, alive }: Absence): void {
  writer.f64(before);
  writer.varint(alive.size);
  for (const [owners, { through, rolled }] of alive) {
    writer.u16(owners);
    writer.f64(through);
    writer.varint(rolled.length);
    for (const version of rolled) writer.f64(version);
  }
}

export function readAbsence(reader: ByteReader): Absence {
  const before = reader.f64() as Version;
  const alive = new Map<ServerMask, Alive>();
  for (let count = reader.varint(); count > 0; count--) {
    const owners = reader.u16() as ServerMask;
    const through = reader.f64() as Version;
    const rolled = Array.from({ length: reader.varint() }, () => reader.f64() as Version);
    alive.set(owners, { through, rolled });
  }
  return { before, alive };
}
