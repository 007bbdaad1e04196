/**
 * Pages of a catch-up that was given up and come late: by then their server may be in sync through another one, and
 * may have pruned deletes of what they bring. A catch-up that goes on is of groups that its target is out of, or it
 * refills one that is in sync, and its number says so.
 */
import { ByteReader } from '../lib/bytes.ts';
import { REFILL_JOINS } from '../model/frames.ts';
import { isMember, type ServerIndex } from '../model/ids.ts';
import { type EpochTable, inSyncOf } from '../replication/epoch-table.ts';
import { eachItem } from './records.ts';

/** Whether an `items` frame must be neither logged nor applied, by the table that is in force where it stands. */
export function isLate(
  table: EpochTable,
  self: ServerIndex,
  { bytes, start, end }: { readonly bytes: Uint8Array; readonly start: number; readonly end: number },
): boolean {
  if (new ByteReader(bytes, start + 1, end).u32() >= REFILL_JOINS) return false;
  let isOfOneInSync = false;
  eachItem(bytes, start, end, (_version, owners) => {
    isOfOneInSync ||= isMember(inSyncOf(table, owners), self);
  });
  return isOfOneInSync;
}
