/**
 * Blocks of bytes in 64 KiB pages: what the trie keeps its nodes and leaves in, without an object a block. Free
 * neighbours are joined at once (boundary tags, Knuth 2.5) and the best fit is taken, so churn of random sizes leaves
 * little waste; `evacuate` empties the sparsest page when it leaves much anyway. A new page is the only growth:
 * nothing is doubled or copied. It never knows what a block holds, nor who refers to it.
 *
 *   page  = block* end                     end = a header of one unit that is never free
 *   block = header payload                 a whole number of 8-byte units, header included
 *   header, 32 bits: units (13, low) | free (1) | the block before is free (1) | tag (17, the owner's)
 *   free block = header next prev … units  next and prev are refs of blocks of the same size, units is its last word;
 *                                          a free block of one unit has no room for links and waits to be joined
 *   a block over 2047 units has a page of its own, as long as itself, and says 0 units
 *
 * Example: allocate(3, 5) in a new page writes 3 | 5 << 15 = 0x00028003 at word 0 and leaves a free block of 8188 units
 * at word 6: 0x00003ffc, with 8188 again in word 16381, the last before `end`.
 *
 * A ref is page << 13 | unit: 31 bits, so that refs are small integers and a sign can mark them.
 */
import { assert } from '../lib/assert.ts';
import { SIZE_MAX, SizeIndex } from './size-index.ts';

export const UNIT_BYTES = 8;
export const PAGE_BYTES = 65_536;

/** Shift and mask that turn a ref into its page and unit; a unit is two words. */
export const PAGE_SHIFT = 13;
export const UNIT_MASK = 0x1fff;

/** Shift that turns a header word into its owner's tag. */
export const TAG_SHIFT = 15;

/** No block: as a ref it would be the end of the last page there can be. */
export const NO_BLOCK = 0x7fff_ffff;

const PAGES_MAX = 1 << (31 - PAGE_SHIFT);
const FREE = 1 << 13;
const AFTER_FREE = 1 << 14;
const PAGE_UNITS = PAGE_BYTES / UNIT_BYTES - 1;
const NO_WORDS = new Int32Array(0);
const NO_PAGE_BYTES = new Uint8Array(0);
/** In #used: the page is absent or belongs to one large block, so there is nothing to evacuate. */
const NOT_SHARED = -1;

/** A third more than is used, and two pages: what may be held before a page is evacuated. */
const SPARE_BYTES = 2 * PAGE_BYTES;

export class BlockHeap {
  /** The pages as words and as bytes, for who lays out the blocks; valid until the next allocate, free or evacuate. */
  readonly words: Int32Array[] = [];
  readonly bytes: Uint8Array[] = [];
  #heldBytes = 0;
  #freeUnits = 0;
  #used = new Int32Array(16);
  readonly #heads = new Int32Array(SIZE_MAX + 1).fill(NO_BLOCK);
  readonly #sizes = new SizeIndex();
  readonly #absentPages: number[] = [];
  #newestPage = -1;
  #emptyPage = -1;

  /** Bytes of memory held: pages, and the tables that describe them. */
  get byteLength(): number {
    return this.#heldBytes + this.#used.byteLength + this.#heads.byteLength + this.words.length * 16;
  }

  /** Whether so much of the pages is free that one should be evacuated. */
  get isSparse(): boolean {
    return this.#freeUnits * (UNIT_BYTES * 4) > this.#heldBytes + SPARE_BYTES * 4;
  }

  /** Units of the block, header included. */
  unitsOf(ref: number): number {
    const words = this.words[ref >>> PAGE_SHIFT] as Int32Array;
    const units = (words[(ref & UNIT_MASK) << 1] as number) & UNIT_MASK;
    return units !== 0 ? units : words.length >>> 1;
  }

  /** Replaces the owner's 17 bits in the header. */
  setTag(ref: number, tag: number): void {
    const words = this.words[ref >>> PAGE_SHIFT] as Int32Array;
    const at = (ref & UNIT_MASK) << 1;
    words[at] = ((words[at] as number) & ((1 << TAG_SHIFT) - 1)) | (tag << TAG_SHIFT);
  }

  /** A block of `units` (3 or more) with undefined contents behind its header; its ref. */
  allocate(units: number, tag: number): number {
    if (units > SIZE_MAX) return this.#allocateLarge(units, tag);
    let size = this.#sizes.atLeast(units);
    if (size < 0) {
      this.#openPage();
      size = SIZE_MAX;
    }
    const ref = this.#heads[size] as number;
    this.#unlink(ref, size);
    const page = ref >>> PAGE_SHIFT;
    const words = this.words[page] as Int32Array;
    const at = (ref & UNIT_MASK) << 1;
    const rest = ((words[at] as number) & UNIT_MASK) - units;
    // Before a free block there is never another, so the new header starts without AFTER_FREE.
    words[at] = units | (tag << TAG_SHIFT);
    const after = at + (units << 1);
    if (rest === 0) words[after] = (words[after] as number) & ~AFTER_FREE;
    else this.#link(ref + units, rest);
    this.#used[page] = (this.#used[page] as number) + units;
    this.#freeUnits -= units;
    if (page === this.#emptyPage) this.#emptyPage = -1;
    return ref;
  }

  /** Takes the block back. One wholly free page is kept, others are given up. */
  free(ref: number): void {
    const page = ref >>> PAGE_SHIFT;
    const words = this.words[page] as Int32Array;
    let at = (ref & UNIT_MASK) << 1;
    const header = words[at] as number;
    let units = header & UNIT_MASK;
    if (units === 0) {
      this.#closePage(page);
      return;
    }
    assert((header & FREE) === 0, 'a block is freed once');
    this.#used[page] = (this.#used[page] as number) - units;
    this.#freeUnits += units;
    let first = ref;
    const next = words[at + (units << 1)] as number;
    if ((next & FREE) !== 0) {
      this.#unlink(ref + units, next & UNIT_MASK);
      units += next & UNIT_MASK;
    }
    if ((header & AFTER_FREE) !== 0) {
      const before = words[at - 1] as number;
      first -= before;
      at -= before << 1;
      this.#unlink(first, before);
      units += before;
    }
    if (units === PAGE_UNITS && this.#emptyPage >= 0) {
      this.#freeUnits -= units;
      this.#closePage(page);
      return;
    }
    this.#link(first, units);
    words[at + (units << 1)] = (words[at + (units << 1)] as number) | AFTER_FREE;
    if (units === PAGE_UNITS) this.#emptyPage = page;
  }

  /** A copy of the block elsewhere; the ref of the copy. The block itself stays. */
  copy(ref: number): number {
    const from = this.words[ref >>> PAGE_SHIFT] as Int32Array;
    const at = (ref & UNIT_MASK) << 1;
    const header = from[at] as number;
    const units = header & UNIT_MASK;
    const target = this.allocate(units, header >>> TAG_SHIFT);
    const to = this.words[target >>> PAGE_SHIFT] as Int32Array;
    const start = (target & UNIT_MASK) << 1;
    for (let i = 1; i < units << 1; i++) to[start + i] = from[at + i] as number;
    return target;
  }

  /**
   * Empties the page that is used least and gives it up. `move` is called for each of its blocks: it makes a copy and
   * redirects who refers to the block; it must not free. The newest page is spared: it is where blocks move to, and
   * emptying it would move them for ever.
   */
  evacuate(move: (ref: number) => void): void {
    const page = this.#sparsestPage();
    if (page < 0) return;
    const words = this.words[page] as Int32Array;
    const start = page << PAGE_SHIFT;
    for (let unit = 0; unit < PAGE_UNITS; ) {
      const header = words[unit << 1] as number;
      if ((header & FREE) !== 0) this.#unlink(start + unit, header & UNIT_MASK);
      unit += header & UNIT_MASK;
    }
    this.#freeUnits -= PAGE_UNITS - (this.#used[page] as number);
    for (let unit = 0; unit < PAGE_UNITS; ) {
      const header = words[unit << 1] as number;
      if ((header & FREE) === 0) move(start + unit);
      unit += header & UNIT_MASK;
    }
    this.#closePage(page);
  }

  #sparsestPage(): number {
    let sparsest = -1;
    let least = PAGE_UNITS;
    for (let page = 0; page < this.words.length; page++) {
      const used = this.#used[page] as number;
      if (used === NOT_SHARED || used >= least || page === this.#newestPage) continue;
      sparsest = page;
      least = used;
    }
    return sparsest;
  }

  #allocateLarge(units: number, tag: number): number {
    const page = this.#addPage(units);
    this.#used[page] = NOT_SHARED;
    (this.words[page] as Int32Array)[0] = tag << TAG_SHIFT;
    return page << PAGE_SHIFT;
  }

  #openPage(): void {
    const page = this.#addPage(PAGE_UNITS + 1);
    this.#used[page] = 0;
    this.#freeUnits += PAGE_UNITS;
    this.#newestPage = page;
    (this.words[page] as Int32Array)[PAGE_UNITS << 1] = 1 | AFTER_FREE;
    this.#link(page << PAGE_SHIFT, PAGE_UNITS);
  }

  #addPage(units: number): number {
    const page = this.#absentPages.pop() ?? this.words.length;
    assert(page < PAGES_MAX, `a heap holds at most ${PAGES_MAX} pages`);
    const buffer = new ArrayBuffer(units * UNIT_BYTES);
    this.words[page] = new Int32Array(buffer);
    this.bytes[page] = new Uint8Array(buffer);
    this.#heldBytes += buffer.byteLength;
    if (page >= this.#used.length) {
      const larger = new Int32Array(this.#used.length * 2);
      larger.set(this.#used);
      this.#used = larger;
    }
    return page;
  }

  #closePage(page: number): void {
    this.#heldBytes -= (this.bytes[page] as Uint8Array).byteLength;
    this.words[page] = NO_WORDS;
    this.bytes[page] = NO_PAGE_BYTES;
    this.#used[page] = NOT_SHARED;
    this.#absentPages.push(page);
    if (page === this.#newestPage) this.#newestPage = -1;
    if (page === this.#emptyPage) this.#emptyPage = -1;
  }

  /** Writes a free block, whose neighbours are not free, and puts it first in the list of its size. */
  #link(ref: number, units: number): void {
    const words = this.words[ref >>> PAGE_SHIFT] as Int32Array;
    const at = (ref & UNIT_MASK) << 1;
    words[at] = units | FREE;
    words[at + (units << 1) - 1] = units;
    if (units === 1) return;
    const size = units < SIZE_MAX ? units : SIZE_MAX;
    const next = this.#heads[size] as number;
    words[at + 1] = next;
    words[at + 2] = NO_BLOCK;
    if (next === NO_BLOCK) this.#sizes.add(size);
    else this.#setWord(next, 2, ref);
    this.#heads[size] = ref;
  }

  #unlink(ref: number, units: number): void {
    if (units === 1) return;
    const words = this.words[ref >>> PAGE_SHIFT] as Int32Array;
    const at = (ref & UNIT_MASK) << 1;
    const next = words[at + 1] as number;
    const before = words[at + 2] as number;
    if (next !== NO_BLOCK) this.#setWord(next, 2, before);
    if (before !== NO_BLOCK) {
      this.#setWord(before, 1, next);
      return;
    }
    const size = units < SIZE_MAX ? units : SIZE_MAX;
    this.#heads[size] = next;
    if (next === NO_BLOCK) this.#sizes.remove(size);
  }

  #setWord(ref: number, word: number, value: number): void {
    (this.words[ref >>> PAGE_SHIFT] as Int32Array)[((ref & UNIT_MASK) << 1) + word] = value;
  }
}
