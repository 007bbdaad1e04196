/**
 * Pages of a catch-up that was given up and come late: by then their server may be in sync through another one, and
 * may have pruned deletes of what they bring. A catch-up that goes on is of groups that its target is out of.
 */
import { isMember, type ServerIndex } from '../model/ids.ts';
import { type EpochTable, inSyncOf } from '../replication/epoch-table.ts';
import { eachItem } from './records.ts';

/** Whether an `items` frame must be neither logged nor applied, by the table that is in force where it stands. */
export function isLate(
  table: EpochTable,
  self: ServerIndex,
  { bytes, start, end }: { readonly bytes: Uint8Array; readonly start: number; readonly end: number },
): boolean {
  let isOfOneInSync = false;
  eachItem(bytes, start, end, (_version, owners) => {
    isOfOneInSync ||= isMember(inSyncOf(table, owners), self);
  });
  return isOfOneInSync;
}
