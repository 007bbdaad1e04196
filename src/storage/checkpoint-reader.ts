/** Reads a checkpoint from its first byte to its last, checking each block; never more in memory than a few blocks. */
import { err, ok, type Result } from '../lib/result.ts';
import {
  BLOCK_HEADER_BYTES,
  BlockDecoder,
  blockSeed,
  CHECKPOINT_HEADER_BYTES,
  type CheckpointHeader,
  decodeCheckpointHeader,
  FOOTER_ENTRIES,
  FOOTER_PAYLOAD_BYTES,
  type VisitLeaf,
} from './checkpoint-format.ts';
import type { Disk, FileHandle } from './disk.ts';
import { readAt } from './files.ts';
import type { Rot } from './segment-scan.ts';

/** Bytes that are read at once. */
const READ_BYTES = 1024 * 1024;

export type CheckpointContent = { readonly header: CheckpointHeader; readonly entries: number; readonly bytes: number };

/** A block that passed its checksum: its payload is bytes[start, end), good during the call only. */
export type VisitBlock = (bytes: Uint8Array, start: number, end: number, entries: number, offset: number) => void;

/** Visits every leaf in key order. What is wrong with the file, or what it holds. Throws DiskError. */
export function eachLeaf(disk: Disk, path: string, visit: VisitLeaf): Result<CheckpointContent, Rot> {
  const decoder = new BlockDecoder();
  return eachBlock(disk, path, (bytes, start, end, entries) => decoder.decode(bytes, start, end, entries, visit));
}

/** Checks the whole file block by block, the header first. What is wrong with it, or what it holds. Throws DiskError. */
export function eachBlock(
  disk: Disk,
  path: string,
  visit: VisitBlock,
  onHeader: (header: CheckpointHeader) => void = () => undefined,
): Result<CheckpointContent, Rot> {
  const handle = disk.open(path, { access: 'read', sync: 'inline' });
  try {
    return readBlocks(new Window(disk, handle), disk, visit, onHeader);
  } finally {
    disk.close(handle);
  }
}

function readBlocks(
  window: Window,
  disk: Disk,
  visit: VisitBlock,
  onHeader: (header: CheckpointHeader) => void,
): Result<CheckpointContent, Rot> {
  if (!window.has(CHECKPOINT_HEADER_BYTES)) return err({ offset: 0, reason: 'shorter than a header' });
  const header = decodeCheckpointHeader(window.bytes.subarray(0, CHECKPOINT_HEADER_BYTES), disk.crc32);
  if (!header.ok) return err({ offset: 0, reason: header.error });
  onHeader(header.value);
  window.skip(CHECKPOINT_HEADER_BYTES);
  let entries = 0;
  for (let index = 0; ; index++) {
    const offset = window.offset;
    if (!window.has(BLOCK_HEADER_BYTES)) return err({ offset, reason: 'the file ends without a footer' });
    const length = window.u32(4);
    const count = window.u32(8);
    const size = BLOCK_HEADER_BYTES + length;
    if (!window.has(size)) return err({ offset, reason: `a block of ${length} bytes reaches beyond the end` });
    const start = window.at;
    const sealed = window.bytes.subarray(start + 4, start + size);
    if (disk.crc32(sealed, blockSeed(header.value.crc, index)) !== window.u32(0)) {
      return err({ offset, reason: 'the checksum of the block does not match' });
    }
    if (count === FOOTER_ENTRIES) {
      if (length !== FOOTER_PAYLOAD_BYTES || window.f64(12) !== entries || window.f64(20) !== index) {
        return err({ offset, reason: 'the footer counts other blocks than these' });
      }
      if (offset + size !== window.size)
        return err({ offset: offset + size, reason: 'the file goes on after its footer' });
      return ok({ header: header.value, entries, bytes: window.size });
    }
    visit(window.bytes, start + BLOCK_HEADER_BYTES, start + size, count, offset);
    entries += count;
    window.skip(size);
  }
}

/** A part of the file in memory, moving forward. */
class Window {
  readonly size: number;
  bytes: Uint8Array;
  /** Where the caller stands, in `bytes`. */
  at = 0;
  #end = 0;
  #fileOffset = 0;
  #view: DataView;
  readonly #disk: Disk;
  readonly #handle: FileHandle;

  constructor(disk: Disk, handle: FileHandle) {
    this.#disk = disk;
    this.#handle = handle;
    this.size = disk.size(handle);
    this.bytes = new Uint8Array(Math.min(this.size, READ_BYTES));
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Where the caller stands, in the file. */
  get offset(): number {
    return this.#fileOffset + this.at;
  }

  skip(count: number): void {
    this.at += count;
  }

  /** Little-endian, `ahead` bytes after where the caller stands. */
  u32(ahead: number): number {
    return this.#view.getUint32(this.at + ahead, true);
  }

  f64(ahead: number): number {
    return this.#view.getFloat64(this.at + ahead, true);
  }

  /** Whether the file has `count` more bytes; if so they are in `bytes` from `at` on. */
  has(count: number): boolean {
    if (this.#end - this.at >= count) return true;
    if (count > this.size - this.offset) return false;
    const offset = this.offset;
    if (count > this.bytes.length) {
      // Sizes are checked against the file before they are believed, so this is at most the file.
      const larger = new Uint8Array(Math.max(count, READ_BYTES));
      larger.set(this.bytes.subarray(this.at, this.#end));
      this.bytes = larger;
      this.#view = new DataView(larger.buffer);
    } else {
      this.bytes.copyWithin(0, this.at, this.#end);
    }
    this.#end -= this.at;
    this.#fileOffset = offset;
    this.at = 0;
    this.#end += readAt(this.#disk, this.#handle, offset + this.#end, this.bytes.subarray(this.#end));
    return this.#end >= count;
  }
}
