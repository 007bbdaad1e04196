/**
 * Cursors of SCAN: a number for each place where a scan goes on, because clients take numbers only. The oldest are
 * forgotten; a forgotten one is an error, never a scan that leaves something out. A place may be gone on from again.
 */
import { SCAN_CURSORS_BYTES_MAX, SCAN_CURSORS_MAX } from '../../model/limits.ts';

export class ScanCursors {
  readonly #places = new Map<number, Uint8Array>();
  #last = 0;
  #bytes = 0;

  /** A number for the place behind a key. */
  keep(after: Uint8Array): number {
    const cursor = ++this.#last;
    this.#places.set(cursor, after.slice());
    this.#bytes += after.length;
    for (const [oldest, place] of this.#places) {
      if (this.#places.size <= SCAN_CURSORS_MAX && this.#bytes <= SCAN_CURSORS_BYTES_MAX) break;
      this.#places.delete(oldest);
      this.#bytes -= place.length;
    }
    return cursor;
  }

  /** The key behind which a scan goes on; undefined when the number is none. */
  placeOf(cursor: number): Uint8Array | undefined {
    return this.#places.get(cursor);
  }
}
