/**
 * A segment that is being filled: zeros are written ahead in pieces, so that the sync of a batch changes no size and
 * no piece makes a long pause. Under a temporary name until its header is durable. Calls throw DiskError.
 */
import { type Disk, DiskError, type FileHandle, type SyncMode } from './disk.ts';
import { encodeHeader, HEADER_BYTES, type SegmentHeader } from './segment.ts';
import { segmentName, TEMPORARY } from './names.ts';

/** Zeros a piece. Written in about a millisecond. */
const PIECE_BYTES_MAX = 1024 * 1024;
const ZEROS = new Uint8Array(PIECE_BYTES_MAX);

export class SegmentFile {
  readonly number: number;
  readonly handle: FileHandle;
  /** Zeros were written up to here: nothing grows until a batch passes it. */
  frontier = 0;
  readonly #disk: Disk;
  readonly #directory: string;

  constructor(disk: Disk, directory: string, number: number, sync: SyncMode) {
    this.number = number;
    this.#disk = disk;
    this.#directory = directory;
    this.handle = disk.open(`${directory}/${segmentName(number)}${TEMPORARY}`, { access: 'create', sync });
  }

  /** Writes zeros until the frontier is at `target` or beyond. A piece that does not fit is given back to the disk. */
  growTo(target: number, pieceBytes: number): void {
    try {
      while (this.frontier < target) {
        this.#disk.write(this.handle, this.frontier, ZEROS.subarray(0, Math.min(pieceBytes, PIECE_BYTES_MAX)));
        this.frontier += Math.min(pieceBytes, PIECE_BYTES_MAX);
      }
    } catch (error) {
      if (error instanceof DiskError && error.isFull) this.#disk.truncate(this.handle, this.frontier);
      throw error;
    }
  }

  /** Gives zeros back to the disk, down to `size`. */
  shrinkTo(size: number): void {
    if (size >= this.frontier) return;
    this.#disk.truncate(this.handle, size);
    this.frontier = size;
  }

  /**
   * Writes the header and the records that follow it, makes them durable, then gives the file its name, durably: only
   * now does it exist for a recovery. Returns the segment's identity.
   */
  publish(header: Omit<SegmentHeader, 'crc'>, seal: (identity: number) => Uint8Array): number {
    const disk = this.#disk;
    const encoded = encodeHeader(header, disk.crc32);
    const identity = new DataView(encoded.buffer).getUint32(HEADER_BYTES - 4, true);
    disk.write(this.handle, 0, encoded);
    const records = seal(identity);
    if (records.length > 0) disk.write(this.handle, HEADER_BYTES, records);
    this.frontier = Math.max(this.frontier, HEADER_BYTES + records.length);
    disk.syncNow(this.handle);
    disk.rename(this.handle.path, `${this.#directory}/${segmentName(this.number)}`);
    disk.syncDirectory(this.#directory);
    return identity;
  }
}
