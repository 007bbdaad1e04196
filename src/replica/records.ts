/**
 * What a storage server keeps in its WAL: the kinds of record and their payloads.
 *
 *   write     the `write` frame as it came (model/frames.ts): a bulk is one record, so a crash keeps all of it or nothing
 *   items     an `items` frame of a catch-up, as it came
 *   meta      committed f64, last f64, table      at each start, with each epoch, and at the head of what a checkpoint keeps
 *   cut       count varint, count × (owners u16, cut f64)   of these groups, records before this one count up to `cut`
 *   drop      count varint, count × version f64    bulks that only this server had and nobody else may ever see
 *   committed version f64, last f64                what every in-sync owner has, and up to where all has come, as the broker last said
 */
import { ByteReader, type ByteWriter } from '../lib/bytes.ts';
import { OP } from '../model/frames.ts';
import type { ServerMask, Version } from '../model/ids.ts';
import { type EpochTable, readTable, writeTable } from '../replication/epoch-table.ts';
import type { Store } from '../storage/store.ts';

export const RECORD = { write: 1, items: 2, meta: 3, cut: 4, committed: 5, drop: 6 } as const;

/** Appends a record whose payload `fill` writes into `out`, which is free again when this returns. */
export function appendRecord(store: Store, kind: number, out: ByteWriter, fill: (payload: ByteWriter) => void): void {
  out.reset();
  fill(out);
  store.append(kind, out.buffer, 0, out.length);
}

export type Meta = { readonly committed: Version; readonly last: Version; readonly table: EpochTable };

export function writeMeta(writer: ByteWriter, meta: Meta): void {
  writer.f64(meta.committed);
  writer.f64(meta.last);
  writeTable(writer, meta.table);
}

export function readMeta(payload: Uint8Array): Meta {
  const reader = new ByteReader(payload);
  return { committed: reader.f64() as Version, last: reader.f64() as Version, table: readTable(reader) };
}

export type Cut = { readonly owners: ServerMask; readonly cut: Version };

export function writeCuts(writer: ByteWriter, cuts: readonly Cut[]): void {
  writer.varint(cuts.length);
  for (const { owners, cut } of cuts) {
    writer.u16(owners);
    writer.f64(cut);
  }
}

export function readCuts(payload: Uint8Array): Cut[] {
  const reader = new ByteReader(payload);
  const cuts: Cut[] = [];
  for (let count = reader.varint(); count > 0; count--) {
    cuts.push({ owners: reader.u16() as ServerMask, cut: reader.f64() as Version });
  }
  return cuts;
}

export function writeDrops(writer: ByteWriter, versions: readonly Version[]): void {
  writer.varint(versions.length);
  for (const version of versions) writer.f64(version);
}

export function readDrops(reader: ByteReader): Version[] {
  const versions: Version[] = [];
  for (let count = reader.varint(); count > 0; count--) versions.push(reader.f64() as Version);
  return versions;
}

/** Visits the leaves of an `items` frame; a null value is a tombstone. */
export function eachItem(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (version: Version, owners: ServerMask, key: Uint8Array, value: Uint8Array | null) => void,
): void {
  const reader = new ByteReader(bytes, start + 1, end);
  reader.u32();
  for (let count = reader.varint(); count > 0; count--) {
    const version = reader.f64() as Version;
    const owners = reader.u16() as ServerMask;
    const deletes = reader.u8() === OP.delete;
    const key = reader.sized();
    visit(version, owners, key, deletes ? null : reader.sized());
  }
}
