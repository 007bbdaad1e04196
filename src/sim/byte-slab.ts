/**
 * Copies of bytes, many in one buffer: an array of its own for each of millions of short messages costs more than all
 * that happens to it. What was copied is never written again; a slab is given up when it is full.
 */
const SLAB_BYTES = 64 * 1024;

export class ByteSlab {
  /** Where the last copy lies. */
  bytes = new Uint8Array(SLAB_BYTES);
  #used = 0;

  /** Copies; answers where in `bytes` of now the copy begins. */
  copy(source: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (this.#used + length > this.bytes.length) {
      this.bytes = new Uint8Array(Math.max(SLAB_BYTES, length));
      this.#used = 0;
    }
    const { bytes } = this;
    const at = this.#used;
    if (length <= SHORT_BYTES) for (let i = 0; i < length; i++) bytes[at + i] = source[start + i] as number;
    else bytes.set(source.subarray(start, end), at);
    this.#used += length;
    return at;
  }
}

/** Up to here a loop is faster than a view and a call. */
const SHORT_BYTES = 32;
