/**
 * What a storage server's directory says before anybody told it what is agreed. Reads every record once, for versions
 * and agreements; applies nothing. Records come in any order, so of two that say the same thing the later LSN counts.
 */
import { NEVER, type Rare } from '../lib/rare.ts';
import { ByteReader } from '../lib/bytes.ts';
import type { Lsn, Version } from '../model/ids.ts';
import { WriteCursor } from '../model/frames.ts';
import type { EpochTable } from '../replication/epoch-table.ts';
import type { VisitRecord } from '../storage/segment-scan.ts';
import { type Cut, eachItem, RECORD, readCuts, readDrops, readMeta } from './records.ts';

/** What a directory says of itself. `table` is null when nothing was ever agreed there: a new or a wiped server. */
export type Remembered = {
  readonly table: EpochTable | null;
  readonly last: Version;
  readonly committed: Version;
  /** Writes up to here may be in the checkpoint or in leaves alone; of all that are newer the records are there. */
  readonly pruned: Version;
  readonly cuts: readonly (Cut & { readonly before: Lsn })[];
  readonly drops: ReadonlySet<Version>;
  /** An LSN below which no write is newer than `version`. */
  newerFrom(version: Version): Lsn;
};

/** Records that are remembered together: a few hundred such pieces stand for a million records. */
const PIECE_RECORDS = 4_096;

/** Records from `lsn` on, PIECE_RECORDS of them at most, and the newest version that any of them wrote. */
type Piece = { readonly lsn: Lsn; newest: Version };

export class Remembering {
  #table: EpochTable | null = null;
  #tableLsn = 0 as Lsn;
  #last = 0 as Version;
  #committed = 0 as Version;
  /** The newest version that came as a leaf, and the last page of leaves: of these there is no record to send on. */
  #copied = 0 as Version;
  #copiedLsn = -1;
  readonly #metas: { readonly lsn: Lsn; readonly last: Version }[] = [];
  readonly #cuts: (Cut & { readonly before: Lsn })[] = [];
  readonly #drops = new Set<Version>();
  readonly #cursor = new WriteCursor();
  readonly #pieces: Piece[] = [];
  readonly #pieceRecords: number;
  #piece: Piece = { lsn: 0 as Lsn, newest: 0 as Version };

  constructor(rare: Rare = NEVER) {
    this.#pieceRecords = rare('replica: each record is remembered alone') ? 1 : PIECE_RECORDS;
  }

  readonly visit: VisitRecord = (lsn, kind, bytes, start, end) => {
    switch (kind) {
      case RECORD.write:
        this.#cursor.open(bytes, start, end);
        this.#onWrite(lsn, this.#cursor.version);
        break;
      case RECORD.meta: {
        const { table, committed, last } = readMeta(bytes.subarray(start, end));
        this.#metas.push({ lsn, last });
        const isLater = this.#table === null || later(table.epoch, lsn, this.#table.epoch, this.#tableLsn);
        if (isLater) {
          this.#table = table;
          this.#tableLsn = lsn;
        }
        this.#agreed(committed, last);
        break;
      }
      case RECORD.items:
        eachItem(bytes, start, end, (version) => {
          if (version > this.#copied) this.#copied = version;
        });
        if (lsn > this.#copiedLsn) this.#copiedLsn = lsn;
        break;
      case RECORD.cut:
        for (const cut of readCuts(bytes.subarray(start, end))) this.#cuts.push({ ...cut, before: lsn });
        break;
      case RECORD.drop:
        for (const version of readDrops(new ByteReader(bytes, start, end))) this.#drops.add(version);
        break;
      case RECORD.committed: {
        const reader = new ByteReader(bytes, start, end);
        const committed = reader.f64() as Version;
        this.#agreed(committed, reader.f64() as Version);
        break;
      }
    }
  };

  /** What all records together say. */
  remembered(): Remembered {
    return {
      table: this.#table,
      last: this.#last,
      committed: this.#committed,
      pruned: this.#pruned(),
      cuts: this.#cuts,
      drops: this.#drops,
      newerFrom: (version) => this.#newerFrom(version),
    };
  }

  #onWrite(lsn: Lsn, version: Version): void {
    if (version > this.#last) this.#last = version;
    if (lsn < this.#piece.lsn || lsn >= this.#piece.lsn + this.#pieceRecords || this.#pieces.length === 0) {
      this.#piece = { lsn, newest: version };
      this.#pieces.push(this.#piece);
    } else if (version > this.#piece.newest) {
      this.#piece.newest = version;
    }
  }

  /** A checkpoint begins with a meta record, and the epoch that ends a catch-up is in one. */
  #pruned(): Version {
    const inOrder = this.#metas.toSorted((a, b) => a.lsn - b.lsn);
    const lastAfter = (lsn: number): Version | undefined => inOrder.find((meta) => meta.lsn > lsn)?.last;
    const checkpointed = lastAfter(-1) ?? (0 as Version);
    if (this.#copiedLsn < 0) return checkpointed;
    return Math.max(checkpointed, this.#copied, lastAfter(this.#copiedLsn) ?? this.#last) as Version;
  }

  #newerFrom(version: Version): Lsn {
    let first = Number.POSITIVE_INFINITY;
    for (const { lsn, newest } of this.#pieces) if (newest > version && lsn < first) first = lsn;
    return first as Lsn;
  }

  #agreed(committed: Version, last: Version): void {
    if (committed > this.#committed) this.#committed = committed;
    if (last > this.#last) this.#last = last;
  }
}

function later(epoch: number, lsn: Lsn, thanEpoch: number, thanLsn: Lsn): boolean {
  return epoch > thanEpoch || (epoch === thanEpoch && lsn > thanLsn);
}
