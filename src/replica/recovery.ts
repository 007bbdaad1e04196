/**
 * A storage server's way back to its state, from what its directory holds, under the table it is given. What it holds
 * above the cut of a group it was put out of is dropped, then and in every later recovery (the cut itself is a record).
 */
import type { ServerIndex, ServerMask, Version } from '../model/ids.ts';
import { WriteCursor } from '../model/frames.ts';
import { cutOf, type EpochTable, groupsMissing } from '../replication/epoch-table.ts';
import { ownersOf } from '../routing/placement.ts';
import type { Recovery } from '../storage/store.ts';
import type { Copies } from './copies.ts';
import { type Cut, eachItem, RECORD } from './records.ts';
import type { Remembered } from './remembering.ts';

/** The cuts that `table` asks of this server now. */
export function cutsAskedOf(table: EpochTable, self: ServerIndex): Cut[] {
  return groupsMissing(table, self).map((owners) => ({ owners, cut: cutOf(table, owners, self) as Version }));
}

/**
 * Brings `copies` to what the directory holds under the remembered cuts and the ones asked for now. `onStep` is called
 * behind each leaf and each record, with the number of records so far.
 */
export function replay(
  recovery: Recovery,
  remembered: Remembered,
  asked: { readonly cuts: readonly Cut[]; readonly drops: readonly Version[] },
  table: EpochTable,
  copies: Copies,
  onStep: (records: number) => void,
): void {
  const cuts = cutIndex(remembered, asked.cuts);
  const drops = new Set([...remembered.drops, ...asked.drops]);
  const dropped = droppedBy(cuts);
  recovery.checkpoint((key, version, tombstone, value) => {
    const owners = cuts.size > 0 || tombstone ? ownersOf(table, key) : (0 as ServerMask);
    if (dropped(owners, version, 0)) return;
    copies.appendLeaf(key, version, owners, tombstone ? null : value);
    onStep(0);
  });
  const cursor = new WriteCursor();
  let records = 0;
  recovery.records((lsn, kind, bytes, start, end) => {
    if (kind === RECORD.write) {
      cursor.open(bytes, start, end);
      if (drops.size > 0 && drops.has(cursor.version)) return;
      while (cursor.next()) {
        const { owners, version } = cursor;
        if (!dropped(owners, version, lsn) && !isRepeated(cuts, owners, version, lsn)) copies.applyItem(cursor);
      }
    } else if (kind === RECORD.items) {
      eachItem(bytes, start, end, (version, owners, key, value) => {
        if (!dropped(owners, version, lsn)) copies.applyLeaf(key, version, owners, value);
      });
    }
    onStep(++records);
  });
}

/** By group: a record before the LSN counts up to the cut. */
type CutIndex = ReadonlyMap<ServerMask, readonly { readonly cut: Version; readonly before: number }[]>;

/** Whether a cut takes away what a record says of a group. */
type Dropped = (owners: ServerMask, version: Version, lsn: number) => boolean;

/** What the cuts take away that a directory remembers: its records still say it, and nobody may hear of it again. */
export function droppedBefore(remembered: Remembered): Dropped {
  return droppedBy(cutIndex(remembered, []));
}

function droppedBy(cuts: CutIndex): Dropped {
  return (owners, version, lsn) => {
    if (cuts.size === 0) return false;
    const ofGroup = cuts.get(owners);
    return ofGroup?.some(({ cut, before }) => lsn < before && version > cut) ?? false;
  };
}

/**
 * Whether a write came again behind a recovery that had everything of its group up to it: a bulk that is owed to another
 * group. Deletes of its keys may be pruned since.
 */
function isRepeated(cuts: CutIndex, owners: ServerMask, version: Version, lsn: number): boolean {
  let latest: { readonly cut: Version; readonly before: number } | null = null;
  for (const each of cuts.get(owners) ?? []) {
    if (each.before < lsn && (latest === null || each.before > latest.before)) latest = each;
  }
  return latest !== null && version <= latest.cut;
}

function cutIndex(remembered: Remembered, asked: readonly Cut[]): CutIndex {
  const index = new Map<ServerMask, { cut: Version; before: number }[]>();
  const add = (owners: ServerMask, cut: Version, before: number): void => {
    const list = index.get(owners);
    if (list === undefined) index.set(owners, [{ cut, before }]);
    else list.push({ cut, before });
  };
  for (const { owners, cut, before } of remembered.cuts) add(owners, cut, before);
  for (const { owners, cut } of asked) add(owners, cut, Number.POSITIVE_INFINITY);
  return index;
}
