/**
 * Frames: what broker and storage servers say to each other, one byte of kind and the fields below. The payload of a
 * `write` is also what the WAL keeps, unchanged. Links carry frames whole and in order; a frame is read in place.
 *
 *   write     version f64, count varint, count × item            item = owners u16, op u8 (0 set, 1 delete), key, [value]
 *   read      request u32, key, count varint, count × segment    (no segments: the whole document)
 *   scan      request u32, values u8, limit varint, prefix, after
 *   ping      committed f64, through f64, wall f64               what is durable at every in-sync owner, for this server;
 *                                                                every write up to `through` that is addressed to it came before;
 *                                                                the broker's wall clock, milliseconds since 1970
 *   epoch     table                                              (replication/epoch-table.ts)
 *   welcome   wipe u8, count varint, count × version f64, table  recover under this table, without these bulks
 *   tailWanted bulks f64, count varint, count × (server u8, after f64)      records that these servers may lack, and those
 *                                                                of several groups newer than `bulks`
 *   transfer  join u32, target u8, count varint, count × (owners u16, after f64)
 *   checkpoint                                                   take one now
 *
 *   hello     incarnation f64, last f64, committed f64, pruned f64, torn u8, corrupt text, table (absent when empty)
 *   tail      count varint, count × owners u16 (its groups of which it has this), write frame        tailEnd
 *   ready     dotted u8
 *   durable   version f64        every write up to this one that was addressed to the sender
 *   deleted   version f64, until f64       when what was there goes by itself, infinite: never; 0: nothing was there
 *   answer    request u32, outcome u8 (0 no such key, 1 no such path, 2 found), version f64, [packed value to the end]
 *   scanned   request u32, more u8, count varint, count × (version f64, key, expiresAt f64 (0: never), [value])
 *   expired   count varint, count × key                          keys whose time has come
 *   epochKept epoch f64
 *   joined    join u32
 *   pong      keys f64, walBytes f64, progress f64
 *   space     full u8, limit f64          whether its disk is full; bytes that surely fit, of all writes since `ready`
 *   items     join u32, count varint, count × (version f64, owners u16, op u8, key, [value])     server to server
 *   itemsEnd  join u32                                           also from the broker, behind bulks that FORCE gives
 *   itemsTaken join u32                                           one for each `items` that is durable: flow control
 *
 * key, value, segment, prefix, after, text: varint length and bytes. Example: a delete of "a" owned by servers 0 and 1
 * at version 5: 01 | 00 00 00 00 00 00 14 40 | 01 | 03 00 | 01 | 01 61.
 */
import { ByteReader, type ByteWriter } from '../lib/bytes.ts';
import type { ServerMask, Version } from './ids.ts';

/** Raised with every change of what frames say: a broker and a server of two programs must not misread each other. */
export const FRAMES_VERSION = 3;

export const FRAME = {
  write: 1,
  read: 2,
  scan: 3,
  ping: 4,
  epoch: 5,
  welcome: 6,
  tailWanted: 7,
  transfer: 8,
  checkpoint: 9,
  hello: 32,
  tail: 33,
  tailEnd: 34,
  ready: 35,
  durable: 36,
  deleted: 37,
  answer: 38,
  scanned: 39,
  epochKept: 40,
  joined: 41,
  pong: 42,
  space: 43,
  expired: 44,
  items: 64,
  itemsEnd: 65,
  itemsTaken: 66,
} as const;

/**
 * Numbers of requests that a broker gives are below this one; those from it up to 2^32 are for questions that reach a
 * server past its broker, at its own port.
 */
export const OWN_REQUESTS = 0x8000_0000;

export const OP = { set: 0, delete: 1 } as const;
export const OUTCOME = { noKey: 0, noPath: 1, found: 2 } as const;

/** Bytes of a WAL that a `write` frame takes at most: what both sides of a `space` frame's limit count by. */
export function loggedBytes(frameBytes: number): number {
  return frameBytes + 28;
}

/** Starts a `write` frame; `count` items must follow. */
export function writeHead(writer: ByteWriter, version: Version, count: number): void {
  writer.u8(FRAME.write);
  writer.f64(version);
  writer.varint(count);
}

/** One item of a `write` frame; a null value deletes. */
export function writeItem(writer: ByteWriter, owners: ServerMask, key: Uint8Array, value: Uint8Array | null): void {
  writer.u16(owners);
  if (value === null) {
    writer.u8(OP.delete);
    writer.sized(key);
  } else {
    writer.u8(OP.set);
    writer.sized(key);
    writer.sized(value);
  }
}

/** A `write` frame read in place: `next()` moves to each item. Reused, so nothing is allocated a frame. */
export class WriteCursor {
  readonly reader = new ByteReader(new Uint8Array(0));
  version = 0 as Version;
  count = 0;
  owners = 0 as ServerMask;
  deletes = false;
  /** Where the key and the value of this item lie in `reader.bytes`. */
  keyStart = 0;
  keyEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  #left = 0;

  /** `start`: at the kind byte of a write frame. */
  open(bytes: Uint8Array, start: number, end: number): void {
    this.reader.reset(bytes, start + 1, end);
    this.version = this.reader.f64() as Version;
    this.count = this.reader.varint();
    this.#left = this.count;
  }

  next(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    const reader = this.reader;
    this.owners = reader.u16() as ServerMask;
    this.deletes = reader.u8() === OP.delete;
    const keyLength = reader.varint();
    this.keyStart = reader.at;
    this.keyEnd = reader.at += keyLength;
    this.valueStart = this.valueEnd = reader.at;
    if (!this.deletes) {
      const valueLength = reader.varint();
      this.valueStart = reader.at;
      this.valueEnd = reader.at += valueLength;
    }
    return true;
  }

  key(): Uint8Array {
    return this.reader.bytes.subarray(this.keyStart, this.keyEnd);
  }
}

/** Which servers own an item of a write frame. */
export function ownersInWrite(cursor: WriteCursor, bytes: Uint8Array, start: number, end: number): ServerMask {
  cursor.open(bytes, start, end);
  let owners = 0;
  while (cursor.next()) owners |= cursor.owners;
  return owners as ServerMask;
}
