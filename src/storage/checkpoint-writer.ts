/**
 * Writes a checkpoint leaf by leaf, while the store goes on: into a temporary file, in chunks, synced behind the
 * caller's back a few at a time, so that the disk never has much to do at once and a commit's sync is not held up.
 * A disk that fails it costs the checkpoint only, never the store.
 */
import { NEVER, type Rare } from '../lib/rare.ts';
import { assert } from '../lib/assert.ts';
import { ByteWriter, compareBytes } from '../lib/bytes.ts';
import type { Lsn, Version } from '../model/ids.ts';
import {
  BLOCK_BYTES,
  BLOCK_HEADER_BYTES,
  blockSeed,
  encodeCheckpointHeader,
  FOOTER_ENTRIES,
  FOOTER_PAYLOAD_BYTES,
} from './checkpoint-format.ts';
import { type Disk, DiskError, type FileHandle } from './disk.ts';

/** Bytes that are handed to the disk at once. */
const CHUNK_BYTES = 1024 * 1024;

/** Room for a chunk at the start. */
const FIRST_BYTES = 1024;

/** Written bytes that a sync is asked for, when none is under way. */
const SYNC_BYTES = 8 * 1024 * 1024;

export class CheckpointFile {
  readonly path: string;
  readonly begin: Lsn;
  error: DiskError | null = null;
  readonly #disk: Disk;
  #handle: FileHandle | null = null;
  #headerCrc = 0;
  /** Grows with what is written: a small store has small checkpoints. */
  readonly #chunk: ByteWriter;
  readonly #rare: Rare;
  #chunkOffset = 0;
  /** The open block: where its header lies in the chunk, and its entries; -1 when none is open. */
  #blockStart = -1;
  #blockEntries = 0;
  #blocks = 0;
  #entries = 0;
  #previousKey = new Uint8Array(256);
  #previousLength = -1;
  #unsynced = 0;
  #syncing = false;
  #onSynced: (() => void) | null = null;

  constructor(disk: Disk, path: string, header: { readonly server: string; readonly begin: Lsn }, rare: Rare = NEVER) {
    this.path = path;
    this.begin = header.begin;
    this.#disk = disk;
    this.#rare = rare;
    this.#chunk = new ByteWriter(rare('storage: a checkpoint is built from one byte on') ? 1 : FIRST_BYTES);
    const encoded = encodeCheckpointHeader(header, disk.crc32);
    this.#headerCrc = new DataView(encoded.buffer).getUint32(encoded.length - 4, true);
    this.#chunk.bytes(encoded);
    this.#try(() => {
      this.#handle = disk.open(path, { access: 'create', sync: 'background' });
    });
  }

  /** Bytes of the file so far. */
  get bytes(): number {
    return this.#chunkOffset + this.#chunk.length;
  }

  /** Whether the disk is behind by more than one sync's worth. */
  get isBusy(): boolean {
    return this.#syncing && this.#unsynced >= SYNC_BYTES;
  }

  /** One leaf; keys ascend. `value` is ignored for a tombstone. Everything is copied. */
  add(key: Uint8Array, version: Version, tombstone: boolean, value: Uint8Array): void {
    if (this.error !== null) return;
    const chunk = this.#chunk;
    const previous = this.#previousKey.subarray(0, Math.max(0, this.#previousLength));
    assert(this.#previousLength < 0 || compareBytes(previous, key) < 0, "a checkpoint's keys ascend");
    let shared = 0;
    if (this.#blockStart < 0) {
      this.#blockStart = chunk.length;
      for (let i = 0; i < BLOCK_HEADER_BYTES; i += 4) chunk.u32(0);
    } else {
      const limit = Math.min(previous.length, key.length);
      while (shared < limit && previous[shared] === key[shared]) shared++;
    }
    chunk.varint(shared);
    chunk.varint(key.length - shared);
    chunk.u32(version % 0x1_0000_0000);
    chunk.u32(Math.floor(version / 0x1_0000_0000));
    chunk.varint(tombstone ? 0 : value.length + 1);
    chunk.bytes(key, shared);
    if (!tombstone) chunk.bytes(value);
    this.#blockEntries++;
    this.#remember(key, shared);
    const isFull = chunk.length - this.#blockStart >= BLOCK_BYTES + BLOCK_HEADER_BYTES;
    if (isFull || this.#rare('storage: a block of a checkpoint has one leaf')) this.#closeBlock();
  }

  /** Writes what is left and makes all of it durable, then calls `done` once. */
  finish(done: (error: DiskError | null) => void): void {
    this.#closeBlock();
    this.#writeFooter();
    this.#writeChunk();
    this.#whenSynced(() => {
      if (this.error !== null) done(this.error);
      else this.#sync(() => done(this.error));
    });
  }

  /** Closes the file, whatever is still under way. */
  close(): void {
    this.#onSynced = null;
    if (this.#handle !== null) this.#disk.close(this.#handle);
    this.#handle = null;
  }

  #remember(key: Uint8Array, shared: number): void {
    if (key.length > this.#previousKey.length) {
      const larger = new Uint8Array(key.length * 2);
      larger.set(this.#previousKey.subarray(0, shared));
      this.#previousKey = larger;
    }
    for (let i = shared; i < key.length; i++) this.#previousKey[i] = key[i] as number;
    this.#previousLength = key.length;
  }

  #closeBlock(): void {
    if (this.#blockStart < 0) return;
    this.#seal(this.#blockStart, this.#blockEntries);
    this.#entries += this.#blockEntries;
    this.#blockStart = -1;
    this.#blockEntries = 0;
    const isFull = this.#chunk.length >= CHUNK_BYTES;
    if (isFull || this.#rare('storage: a chunk of a checkpoint has one block')) this.#writeChunk();
  }

  #writeFooter(): void {
    const start = this.#chunk.length;
    for (let i = 0; i < BLOCK_HEADER_BYTES; i += 4) this.#chunk.u32(0);
    this.#chunk.f64(this.#entries);
    this.#chunk.f64(this.#blocks);
    assert(this.#chunk.length - start === BLOCK_HEADER_BYTES + FOOTER_PAYLOAD_BYTES, 'a footer has two numbers');
    this.#seal(start, FOOTER_ENTRIES);
  }

  /** Fills in the header of the block that ends where the chunk does. */
  #seal(start: number, entries: number): void {
    const chunk = this.#chunk;
    chunk.patchU32(start + 4, chunk.length - start - BLOCK_HEADER_BYTES);
    chunk.patchU32(start + 8, entries);
    const sealed = chunk.buffer.subarray(start + 4, chunk.length);
    chunk.patchU32(start, this.#disk.crc32(sealed, blockSeed(this.#headerCrc, this.#blocks)));
    this.#blocks++;
  }

  #writeChunk(): void {
    const handle = this.#handle;
    if (handle === null || this.error !== null) return;
    this.#try(() => this.#disk.write(handle, this.#chunkOffset, this.#chunk.view()));
    this.#chunkOffset += this.#chunk.length;
    this.#unsynced += this.#chunk.length;
    this.#chunk.reset();
    const isDue = this.#unsynced >= SYNC_BYTES || this.#rare('storage: each chunk of a checkpoint is synced');
    if (isDue && !this.#syncing) this.#sync(() => undefined);
  }

  #sync(done: () => void): void {
    const handle = this.#handle;
    if (handle === null || this.error !== null) {
      done();
      return;
    }
    this.#unsynced = 0;
    this.#syncing = true;
    this.#disk.sync(handle, (error) => {
      this.#syncing = false;
      this.error ??= error;
      const waiting = this.#onSynced;
      this.#onSynced = null;
      done();
      waiting?.();
    });
  }

  #whenSynced(then: () => void): void {
    if (this.#syncing) this.#onSynced = then;
    else then();
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      this.error = error;
    }
  }
}
