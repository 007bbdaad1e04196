/**
 * The bytes of a checkpoint: all leaves in key order, as they were while it was written (a fuzzy checkpoint: what
 * changed meanwhile is in the WAL from `begin` on). Written once, never changed.
 *
 *   file   = header block* footer
 *   header = "COPPCKP1" version:u16 algorithm:u8 nameLength:u8 name:16 begin:u48 0:u16 0:u32 crc:u32     44 bytes
 *   block  = crc:u32 length:u32 entries:u32 payload
 *   footer = crc:u32 length:u32 0xffffffff entries:f64 blocks:f64                 a block with a payload of 16 bytes
 *   entry  = shared:varint suffixLength:varint version:u64 valueLength:varint suffix value
 *
 * A block's crc covers all of it after the crc and begins at (header's crc XOR the block's index), so blocks cannot
 * change places or files. `shared` counts the bytes that the key has in common with the one before in the same block.
 * `valueLength` is 0 for a tombstone, else the value's length + 1. Blocks hold about 64 KiB.
 *
 * Example, keys "ab" (version 1, value "x") and "ac" (version 2, deleted):
 *   00 02 | 01 00 00 00 00 00 00 00 | 02 | 61 62 | 78      01 01 | 02 00 00 00 00 00 00 00 | 00 | 63
 */
import { assert } from '../lib/assert.ts';
import { equalBytes, text, utf8 } from '../lib/bytes.ts';
import { err, ok, type Result } from '../lib/result.ts';
import type { Lsn, Version } from '../model/ids.ts';
import { type Crc32, CRC32_ALGORITHM, readLsn, SERVER_NAME_BYTES_MAX, writeLsn } from './segment.ts';

export const CHECKPOINT_VERSION = 1;
export const CHECKPOINT_HEADER_BYTES = 44;
export const BLOCK_HEADER_BYTES = 12;
export const FOOTER_ENTRIES = 0xffff_ffff;
export const FOOTER_PAYLOAD_BYTES = 16;

/** A block is closed when its payload reaches this. Large enough for a checksum at full speed. */
export const BLOCK_BYTES = 64 * 1024;

const MAGIC = utf8('COPPCKP1');
const U32 = 0x1_0000_0000;

/** `value` is empty for a tombstone. Key and value are views, good during the call only. */
export type VisitLeaf = (key: Uint8Array, version: Version, tombstone: boolean, value: Uint8Array) => void;

export type CheckpointHeader = {
  readonly server: string;
  /** Records from this LSN on are not covered. */
  readonly begin: Lsn;
  readonly crc: number;
};

export function encodeCheckpointHeader(header: Omit<CheckpointHeader, 'crc'>, crc32: Crc32): Uint8Array {
  const bytes = new Uint8Array(CHECKPOINT_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  const name = utf8(header.server);
  assert(name.length <= SERVER_NAME_BYTES_MAX, `a server's name has at most ${SERVER_NAME_BYTES_MAX} bytes`);
  bytes.set(MAGIC, 0);
  view.setUint16(8, CHECKPOINT_VERSION, true);
  bytes[10] = CRC32_ALGORITHM;
  bytes[11] = name.length;
  bytes.set(name, 12);
  writeLsn(view, 28, header.begin);
  view.setUint32(40, crc32(bytes.subarray(0, 40), 0), true);
  return bytes;
}

/** The header, or in words what is wrong with it. */
export function decodeCheckpointHeader(bytes: Uint8Array, crc32: Crc32): Result<CheckpointHeader, string> {
  if (bytes.length < CHECKPOINT_HEADER_BYTES) return err('shorter than a header');
  if (!equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) return err('not a checkpoint');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint16(8, true);
  if (version !== CHECKPOINT_VERSION) return err(`format version ${version} is not known, only ${CHECKPOINT_VERSION}`);
  if (bytes[10] !== CRC32_ALGORITHM) return err(`checksum algorithm ${bytes[10]} is not known`);
  const crc = view.getUint32(40, true);
  if (crc !== crc32(bytes.subarray(0, 40), 0)) return err("the header's checksum does not match");
  return ok({ server: text(bytes, 12, 12 + (bytes[11] as number)), begin: readLsn(view, 28), crc });
}

/** Where the crc of block `index` of this checkpoint begins. */
export function blockSeed(headerCrc: number, index: number): number {
  return (headerCrc ^ index) >>> 0;
}

/**
 * Decodes the payloads of blocks. One for a whole checkpoint: it keeps the buffer that keys are put together in, and
 * the views of it, so that an entry allocates nothing but the view of its value.
 */
export class BlockDecoder {
  #key = new Uint8Array(256);
  #keyViews: Uint8Array[] = [];
  #at = 0;

  /** Visits `entries` leaves of the payload bytes[start, end). The bytes passed their checksum. */
  decode(bytes: Uint8Array, start: number, end: number, entries: number, visit: VisitLeaf): void {
    this.#at = start;
    for (let i = 0; i < entries; i++) {
      const shared = this.#varint(bytes);
      const suffixLength = this.#varint(bytes);
      const version = (u32(bytes, this.#at + 4) * U32 + u32(bytes, this.#at)) as Version;
      this.#at += 8;
      const valueLength = this.#varint(bytes);
      const keyLength = shared + suffixLength;
      if (keyLength > this.#key.length) this.#grow(keyLength, shared);
      const key = this.#key;
      const from = this.#at;
      for (let j = 0; j < suffixLength; j++) key[shared + j] = bytes[from + j] as number;
      const valueStart = from + suffixLength;
      this.#at = valueLength === 0 ? valueStart : valueStart + valueLength - 1;
      assert(this.#at <= end, 'an entry ends inside its block');
      visit(this.#keyView(keyLength), version, valueLength === 0, bytes.subarray(valueStart, this.#at));
    }
    assert(this.#at === end, 'a block holds its entries and nothing else');
  }

  #keyView(length: number): Uint8Array {
    let view = this.#keyViews[length];
    if (view === undefined) {
      view = this.#key.subarray(0, length);
      this.#keyViews[length] = view;
    }
    return view;
  }

  #grow(length: number, shared: number): void {
    const larger = new Uint8Array(length * 2);
    larger.set(this.#key.subarray(0, shared));
    this.#key = larger;
    this.#keyViews = [];
  }

  #varint(bytes: Uint8Array): number {
    let byte = bytes[this.#at++] as number;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let scale = 0x80; ; scale *= 0x80) {
      byte = bytes[this.#at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      assert(scale < U32, 'a length fits 32 bits');
    }
  }
}

function u32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}
