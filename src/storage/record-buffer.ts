/**
 * Records that wait for the next commit, already framed. Where they will lie, and so their marks and checksums, is
 * known only when they are written: seal() fills them in.
 */
import { assert } from '../lib/assert.ts';
import type { Lsn } from '../model/ids.ts';
import { type Crc32, RECORD_HEADER_BYTES, recordBytes, writeLsn } from './segment.ts';

export const INITIAL_BYTES = 4 * 1024;

/** A batch that grew the buffer beyond this gives the memory back. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;

export class RecordBuffer {
  length = 0;
  /** Records framed since the last reset. */
  count = 0;
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;

  /** `bytes`: room that it begins with. */
  constructor(bytes = INITIAL_BYTES) {
    this.#bytes = new Uint8Array(bytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Frames one record; the payload is bytes[start, end), copied. */
  append(lsn: Lsn, kind: number, bytes: Uint8Array, start: number, end: number): void {
    const payloadBytes = end - start;
    const size = recordBytes(payloadBytes);
    this.#ensure(size);
    const at = this.length;
    this.#view.setUint32(at + 4, RECORD_HEADER_BYTES + payloadBytes, true);
    writeLsn(this.#view, at + 8, lsn);
    this.#bytes[at + 14] = kind;
    this.#bytes[at + 15] = 0;
    const to = at + RECORD_HEADER_BYTES;
    if (payloadBytes <= 32) {
      for (let i = 0; i < payloadBytes; i++) this.#bytes[to + i] = bytes[start + i] as number;
    } else {
      this.#bytes.set(bytes.subarray(start, end), to);
    }
    this.#bytes.fill(0, to + payloadBytes, at + size);
    this.length += size;
    this.count++;
  }

  /** Sets mark and checksum of every record for a place at `offset` of the segment `identity`. Returns the last crc. */
  seal(place: { readonly identity: number; readonly offset: number; readonly mark: number }, crc32: Crc32): number {
    let crc = 0;
    for (let at = 0; at < this.length; ) {
      const size = recordBytes(this.#view.getUint32(at + 4, true) - RECORD_HEADER_BYTES);
      this.#view.setUint32(at + 16, place.mark, true);
      const seed = (place.identity ^ (place.offset + at)) >>> 0;
      crc = crc32(this.#bytes, seed, at + 4, at + size);
      this.#view.setUint32(at, crc, true);
      at += size;
    }
    return crc;
  }

  /** What was framed, without a copy: valid until the next append or reset. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  reset(): void {
    this.length = 0;
    this.count = 0;
    if (this.#bytes.length > KEPT_BYTES_MAX) {
      this.#bytes = new Uint8Array(INITIAL_BYTES);
      this.#view = new DataView(this.#bytes.buffer);
    }
  }

  #ensure(count: number): void {
    const needed = this.length + count;
    if (needed <= this.#bytes.length) return;
    assert(needed < 0x8000_0000, 'a batch is below 2 GiB');
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.view());
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
