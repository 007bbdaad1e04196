/**
 * How far a storage server is: the newest write it has, what it knows to be agreed, and the table it goes by. Every
 * life begins with what the one before kept of it.
 */
import type { ServerIndex, Version } from '../model/ids.ts';
import { type EpochTable, groupsMissing } from '../replication/epoch-table.ts';

/** The later of the table of now and one that came: tables may be heard twice. */
export function newerOf(now: EpochTable, table: EpochTable): EpochTable {
  return table.epoch > now.epoch ? table : now;
}

export class Standing {
  table: EpochTable;
  /** Every write up to here that was addressed to this server is durable here. */
  last: Version;
  /** What is durable at every owner in sync, as the broker last said. */
  committed: Version;
  /**
   * The same, as far as the broker has said so in this life. At a start it rolls forward what is agreed already, too, and
   * who is lost then is cut before that: until the broker says again that it is agreed it may yet be dropped there.
   */
  told = 0 as Version;
  readonly self: ServerIndex;

  constructor(
    self: ServerIndex,
    begin: { readonly table: EpochTable; readonly last: Version; readonly committed: Version },
  ) {
    this.self = self;
    this.table = begin.table;
    this.last = begin.last;
    this.committed = begin.committed;
  }

  /** Whether no group that this server owns is out of sync with it. */
  get isComplete(): boolean {
    return groupsMissing(this.table, this.self).length === 0;
  }

  onDurable(version: Version): void {
    if (version > this.last) this.last = version;
  }

  onCommitted(version: Version): void {
    if (version > this.told) this.told = version;
    if (version > this.committed) this.committed = version;
  }
}
