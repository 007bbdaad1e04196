/**
 * Sorts the keys of one set while it is packed, bytes unsigned, equal keys in the order they were written. Works on
 * positions in typed arrays: never makes an object per key. Keys lie in the text that is parsed, or, when they were
 * written with escapes, in a side buffer (position p is stored as ~p).
 */
import { NO_BYTES } from '../lib/bytes.ts';

/** Up to this many keys insertion sort is quicker than merging. */
const INSERTION_MAX = 24;

export class KeyOrder {
  /** Number of keys. */
  count = 0;
  /** Permutation: `sorted[i]` is the number of the i-th key in byte order. */
  sorted = new Int32Array(64);
  starts = new Int32Array(64);
  lengths = new Int32Array(64);
  /** The first six bytes of each key as one number: decides most comparisons at once. */
  #prefixes = new Float64Array(64);
  #merged = new Int32Array(64);
  #source: Uint8Array = NO_BYTES;
  #side: Uint8Array = NO_BYTES;

  /** Starts anew. Both buffers must stay as they are until the keys have been sorted and used. */
  begin(source: Uint8Array, side: Uint8Array): void {
    this.#source = source;
    this.#side = side;
    this.count = 0;
  }

  /** Lets go of the buffers. */
  release(): void {
    this.#source = NO_BYTES;
    this.#side = NO_BYTES;
    if (this.sorted.length > 1 << 16) this.#allocate(64);
  }

  add(start: number, length: number): void {
    const i = this.count;
    if (i === this.starts.length) this.#allocate(i * 2);
    this.starts[i] = start;
    this.lengths[i] = length;
    const bytes = start >= 0 ? this.#source : this.#side;
    const at = start >= 0 ? start : ~start;
    let high = 0;
    let low = 0;
    if (length >= 6) {
      high = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
      low = ((bytes[at + 3] as number) << 16) | ((bytes[at + 4] as number) << 8) | (bytes[at + 5] as number);
    } else {
      for (let j = 0; j < 3; j++) high = (high << 8) | (j < length ? (bytes[at + j] as number) : 0);
      for (let j = 3; j < 6; j++) low = (low << 8) | (j < length ? (bytes[at + j] as number) : 0);
    }
    this.#prefixes[i] = high * 0x100_0000 + low;
    this.sorted[i] = i;
    this.count = i + 1;
  }

  sort(): void {
    if (this.count <= INSERTION_MAX) this.#insertionSort(0, this.count);
    else this.#mergeSort();
  }

  /** Negative, zero or positive as key number `a` comes before, equals or comes after key number `b`. */
  compare(a: number, b: number): number {
    const difference = (this.#prefixes[a] as number) - (this.#prefixes[b] as number);
    if (difference !== 0) return difference;
    const same = this.firstDifference(a, b);
    const lengthA = this.lengths[a] as number;
    const lengthB = this.lengths[b] as number;
    if (same === lengthA || same === lengthB) return lengthA - lengthB;
    return this.byteAt(a, same) - this.byteAt(b, same);
  }

  /** Number of bytes that two keys have in common at their start. */
  firstDifference(a: number, b: number): number {
    const startA = this.starts[a] as number;
    const startB = this.starts[b] as number;
    const bytesA = startA >= 0 ? this.#source : this.#side;
    const bytesB = startB >= 0 ? this.#source : this.#side;
    const atA = startA >= 0 ? startA : ~startA;
    const atB = startB >= 0 ? startB : ~startB;
    const shorter = Math.min(this.lengths[a] as number, this.lengths[b] as number);
    let i = 0;
    while (i < shorter && bytesA[atA + i] === bytesB[atB + i]) i++;
    return i;
  }

  /** Byte `index` of a key. */
  byteAt(key: number, index: number): number {
    const start = this.starts[key] as number;
    return (start >= 0 ? this.#source[start + index] : this.#side[~start + index]) as number;
  }

  #insertionSort(from: number, to: number): void {
    const sorted = this.sorted;
    for (let i = from + 1; i < to; i++) {
      const moving = sorted[i] as number;
      let j = i - 1;
      while (j >= from && this.compare(sorted[j] as number, moving) > 0) {
        sorted[j + 1] = sorted[j] as number;
        j--;
      }
      sorted[j + 1] = moving;
    }
  }

  #mergeSort(): void {
    const count = this.count;
    for (let from = 0; from < count; from += INSERTION_MAX) {
      this.#insertionSort(from, Math.min(from + INSERTION_MAX, count));
    }
    for (let width = INSERTION_MAX; width < count; width *= 2) {
      const sorted = this.sorted;
      const merged = this.#merged;
      for (let low = 0; low < count; low += 2 * width) {
        const middle = Math.min(low + width, count);
        const high = Math.min(low + 2 * width, count);
        let left = low;
        let right = middle;
        for (let i = low; i < high; i++) {
          const takeLeft =
            left < middle && (right >= high || this.compare(sorted[left] as number, sorted[right] as number) <= 0);
          merged[i] = sorted[takeLeft ? left++ : right++] as number;
        }
      }
      this.sorted = merged;
      this.#merged = sorted;
    }
  }

  #allocate(capacity: number): void {
    const grown = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const larger = new Int32Array(capacity);
      if (old.length < capacity) larger.set(old);
      return larger;
    };
    this.sorted = grown(this.sorted);
    this.starts = grown(this.starts);
    this.lengths = grown(this.lengths);
    this.#merged = grown(this.#merged);
    const prefixes = new Float64Array(capacity);
    if (this.#prefixes.length < capacity) prefixes.set(this.#prefixes);
    this.#prefixes = prefixes;
  }
}
