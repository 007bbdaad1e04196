/** What a storage server writes to its WAL for a batch of frames; see records.ts for the records. */
import type { Rare } from '../lib/rare.ts';
import { ByteReader, type ByteWriter } from '../lib/bytes.ts';
import { FRAME } from '../model/frames.ts';
import type { Version } from '../model/ids.ts';
import { type EpochTable, readTable } from '../replication/epoch-table.ts';
import type { Store } from '../storage/store.ts';
import type { Batch } from './batch.ts';
import { isLate } from './late-items.ts';
import { appendRecord, RECORD, writeMeta } from './records.ts';
import type { Space } from './space.ts';
import { newerOf, type Standing } from './standing.ts';

export class Logging {
  readonly #store: Store;
  readonly #standing: Standing;
  readonly #space: Space;
  readonly #out: ByteWriter;
  readonly #rare: Rare;
  readonly #reader = new ByteReader(new Uint8Array(0));
  #committedLogged: Version;
  #throughLogged: Version;

  /** `out`: a writer that others may use between two calls. */
  constructor(store: Store, standing: Standing, space: Space, out: ByteWriter, rare: Rare) {
    this.#store = store;
    this.#standing = standing;
    this.#space = space;
    this.#out = out;
    this.#rare = rare;
    this.#committedLogged = standing.committed;
    this.#throughLogged = standing.last;
  }

  /** Appends what the batch writes; answers whether there is anything to sync. */
  append(batch: Batch): boolean {
    const store = this.#store;
    const standing = this.#standing;
    let appended = false;
    let through = Math.max(this.#throughLogged, standing.last);
    let { table } = standing;
    batch.each((_from, bytes, start, end) => {
      switch (bytes[start]) {
        case FRAME.write:
          store.append(RECORD.write, bytes, start, end);
          this.#space.onAppended(end - start);
          appended = true;
          break;
        case FRAME.items:
          if (isLate(table, standing.self, { bytes, start, end })) break;
          store.append(RECORD.items, bytes, start, end);
          appended = true;
          break;
        case FRAME.epoch:
          table = newerOf(table, readTable(new ByteReader(bytes, start + 1, end)));
          this.appendMeta(table);
          appended = true;
          break;
        case FRAME.ping:
          this.#reader.reset(bytes, start + 1, end);
          standing.onCommitted(this.#reader.f64() as Version);
          this.#space.onHeartbeat();
          through = Math.max(through, this.#reader.f64());
          break;
        default:
          break;
      }
    });
    const isNews = standing.committed > this.#committedLogged || through > Math.max(this.#throughLogged, standing.last);
    if (appended && this.#rare('replica: its standing is logged with a batch')) this.appendMeta(standing.table);
    const isLogged = isNews
      ? !this.#rare('replica: what is agreed is logged later')
      : this.#rare('replica: what is agreed is logged without news');
    // On a full disk it waits for what must be logged anyway: heartbeats alone would use up the room for deletes.
    if (isLogged && (appended || !this.#space.isFull)) {
      appendRecord(store, RECORD.committed, this.#out, (payload) => {
        payload.f64(standing.committed);
        payload.f64(through);
      });
      this.#committedLogged = standing.committed;
      this.#throughLogged = through as Version;
      appended = true;
    }
    return appended;
  }

  /** What is agreed, as far as that is logged: what a later life knows of it. */
  get committed(): Version {
    return this.#committedLogged;
  }

  /** Up to where every write addressed to this server has come, as far as that is logged. */
  get through(): Version {
    return this.#throughLogged;
  }

  /** Says again how far this server is, under `table`. */
  appendMeta(table: EpochTable): void {
    const { committed, last } = this.#standing;
    appendRecord(this.#store, RECORD.meta, this.#out, (payload) => writeMeta(payload, { committed, last, table }));
  }
}
