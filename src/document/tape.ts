/**
 * The tape: what a parser found, as rows of numbers in the order it was found, and the packing of it in one pass.
 * Sizes are summed from the inside out while sets close, so every head is written where it stays and nothing is
 * copied twice. One tape serves all parsing of a thread: nothing is allocated per field.
 *
 * A row is eight numbers: where the field's key begins and its length (-1: no key), kind, where the text begins and
 * its length, the prologue's length of a set, the bytes it will take, the row after it and all its parts. Text lies
 * in the source at p ≥ 0, or, when it had escapes, in the side buffer at ~p. A set's text is its prologue: count and
 * trie, made when it closed; its length is that of prologue and parts together.
 * Layout and packing stay in one file: with imported row constants parsing took a tenth longer (bench/document.ts).
 */
import { ByteWriter, NO_BYTES } from '../lib/bytes.ts';
import { KeyOrder } from './key-order.ts';
import { KeyTrieWriter } from './key-trie.ts';
import {
  ARRAY_STEP,
  copyBytes,
  headLength,
  MAP,
  SIMPLE,
  varintSize,
  widthOf,
  writeHead,
  writeVarint,
} from './packed.ts';

/** Where the numbers of a row are. */
const KEY_START = 0;
const KEY_LENGTH = 1;
const KIND = 2;
const START = 3;
const LENGTH = 4;
const PROLOGUE = 5;
const SIZE = 6;
const NEXT = 7;
const ROW = 8;

/** Kind of a row whose text is a packed value already, and of one that a later field of the same name replaced. */
const PACKED = 6;
const DROPPED = 7;

const ROWS_KEPT = 1 << 16;
const BYTES_KEPT = 1 << 20;

export class Tape {
  /** Open sets and arrays. */
  depth = 0;
  /** Fields or elements of the innermost open one so far. */
  count = 0;
  /** Text that could not be taken from the source as it stands. Where it starts, negated with ~, is its position. */
  side = new ByteWriter(1024);
  /** Where the keys begin that a later field of the same set replaced. */
  readonly duplicates: { start: number; length: number }[] = [];

  #source: Uint8Array = NO_BYTES;
  #rows = new Int32Array(ROW * 256);
  #used = 0;
  #keyStart = 0;
  #keyLength = -1;
  /** Row and count of each open set; grows with the depth that the parser allows. */
  #openRows = new Int32Array(16);
  #openCounts = new Int32Array(16);
  readonly #order = new KeyOrder();
  readonly #tries = new KeyTrieWriter();
  #prologues = new ByteWriter(1024);
  #offsets = new Int32Array(64);

  /** Starts a value whose text lies in `source`. */
  begin(source: Uint8Array): void {
    this.#source = source;
    this.#used = 0;
    this.#keyLength = -1;
    this.depth = 0;
    this.count = 0;
    this.side.length = 0;
    this.#prologues.length = 0;
    if (this.duplicates.length > 0) this.duplicates.length = 0;
  }

  /** Names the value that comes next. */
  key(start: number, length: number): void {
    this.#keyStart = start;
    this.#keyLength = length;
  }

  /** null, false or true by its head byte. */
  simple(head: number): void {
    this.#row(SIMPLE, head, 0, 1);
  }

  /** An int, float or string. */
  leaf(kind: number, start: number, length: number): void {
    this.#row(kind, start, length, headLength(length) + length);
  }

  /** A value that is packed already. */
  packed(start: number, length: number): void {
    this.#row(PACKED, start, length, length);
  }

  /** Opens a MAP or an ARRAY; what follows is in it until `close`. */
  open(kind: number): void {
    const row = this.#used;
    this.#row(kind, 0, 0, 0);
    const depth = this.depth++;
    if (depth === this.#openRows.length) {
      this.#openRows = grown(this.#openRows);
      this.#openCounts = grown(this.#openCounts);
    }
    this.#openRows[depth] = row;
    this.#openCounts[depth] = this.count;
    this.count = 0;
  }

  /** Closes the innermost set or array: its trie or offsets are made now, its size is known from here on. */
  close(): void {
    const depth = --this.depth;
    const row = this.#openRows[depth] as number;
    const rows = this.#rows;
    const prologueStart = this.#prologues.length;
    let parts = 0;
    rows[row + NEXT] = this.#used;
    if (this.count > 0) {
      parts = (rows[row + KIND] as number) === MAP ? this.#closeMap(row) : this.#closeArray(row);
    }
    const prologue = this.#prologues.length - prologueStart;
    const length = prologue + parts;
    rows[row + START] = prologueStart;
    rows[row + LENGTH] = length;
    rows[row + PROLOGUE] = prologue;
    rows[row + SIZE] = headLength(length) + length;
    this.count = this.#openCounts[depth] as number;
  }

  /** Bytes that the whole value takes when packed. */
  get size(): number {
    return this.#rows[SIZE] as number;
  }

  /** Writes the packed value at `start`, `size` bytes; the value is complete, its text still where it was. */
  pack(into: Uint8Array, start: number): void {
    const rows = this.#rows;
    const used = this.#used;
    const source = this.#source;
    const side = this.side.buffer;
    const prologues = this.#prologues.buffer;
    let to = start;
    for (let row = 0; row < used; ) {
      const kind = rows[row + KIND] as number;
      if (kind === DROPPED) {
        row = rows[row + NEXT] as number;
        continue;
      }
      const keyLength = rows[row + KEY_LENGTH] as number;
      if (keyLength >= 0) {
        to = writeVarint(into, to, keyLength);
        const key = rows[row + KEY_START] as number;
        to = key >= 0 ? copyBytes(into, to, source, key, keyLength) : copyBytes(into, to, side, ~key, keyLength);
      }
      const at = rows[row + START] as number;
      const length = rows[row + LENGTH] as number;
      if (kind === SIMPLE) into[to++] = at;
      else if (kind >= MAP && kind !== PACKED) {
        to = writeHead(into, to, kind, length);
        to = copyBytes(into, to, prologues, at, rows[row + PROLOGUE] as number);
      } else {
        if (kind !== PACKED) to = writeHead(into, to, kind, length);
        to = at >= 0 ? copyBytes(into, to, source, at, length) : copyBytes(into, to, side, ~at, length);
      }
      row += ROW;
    }
  }

  /** Lets go of the source, and of what one very large value made the tape take. */
  release(): void {
    this.#source = NO_BYTES;
    this.#order.release();
    this.#tries.release();
    if (this.#rows.length > ROWS_KEPT * ROW) this.#rows = new Int32Array(ROW * 256);
    if (this.#offsets.length > ROWS_KEPT) this.#offsets = new Int32Array(64);
    this.side.length = 0;
    this.#prologues.length = 0;
    if (this.side.buffer.length > BYTES_KEPT) this.side = new ByteWriter(1024);
    if (this.#prologues.buffer.length > BYTES_KEPT) this.#prologues = new ByteWriter(1024);
  }

  #row(kind: number, start: number, length: number, size: number): void {
    const row = this.#used;
    if (row === this.#rows.length) this.#rows = grown(this.#rows);
    const rows = this.#rows;
    rows[row + KEY_START] = this.#keyStart;
    rows[row + KEY_LENGTH] = this.#keyLength;
    rows[row + KIND] = kind;
    rows[row + START] = start;
    rows[row + LENGTH] = length;
    rows[row + SIZE] = size;
    rows[row + NEXT] = row + ROW;
    this.#used = row + ROW;
    this.#keyLength = -1;
    this.count++;
  }

  /** Writes count and trie; returns the bytes of the entries. */
  #closeMap(row: number): number {
    if (this.count === 1) {
      const keyLength = this.#rows[row + ROW + KEY_LENGTH] as number;
      this.#prologues.u8(1);
      return varintSize(keyLength) + keyLength + (this.#rows[row + ROW + SIZE] as number);
    }
    const order = this.#order;
    let entries = this.#gather(row);
    order.sort();
    if (this.#dropDuplicates(row)) {
      entries = this.#gather(row);
      order.sort();
    }
    this.#prologues.varint(order.count);
    this.#tries.write(this.#prologues, order, this.#offsets);
    return entries;
  }

  /** Hands the keys of a set to the order and notes where each entry will begin. */
  #gather(row: number): number {
    const rows = this.#rows;
    const order = this.#order;
    if (this.#offsets.length < this.count) this.#offsets = new Int32Array(this.count * 2);
    const offsets = this.#offsets;
    order.begin(this.#source, this.side.buffer);
    let entries = 0;
    for (let field = row + ROW; field < this.#used; field = rows[field + NEXT] as number) {
      if (rows[field + KIND] === DROPPED) continue;
      const keyLength = rows[field + KEY_LENGTH] as number;
      offsets[order.count] = entries;
      order.add(rows[field + KEY_START] as number, keyLength);
      entries += varintSize(keyLength) + keyLength + (rows[field + SIZE] as number);
    }
    return entries;
  }

  /** Of fields with one name only the last stays. Equal keys are neighbours, in the order they were written. */
  #dropDuplicates(row: number): boolean {
    const { sorted, starts, lengths, count } = this.#order;
    let dropped: Set<number> | null = null;
    for (let i = 0; i + 1 < count; i++) {
      const key = sorted[i] as number;
      const next = sorted[i + 1] as number;
      if (this.#order.compare(key, next) !== 0) continue;
      dropped ??= new Set();
      dropped.add(key);
      this.duplicates.push({ start: starts[next] as number, length: lengths[next] as number });
    }
    if (dropped === null) return false;
    const rows = this.#rows;
    let number = 0;
    for (let field = row + ROW; field < this.#used; field = rows[field + NEXT] as number) {
      if (dropped.has(number++)) rows[field + KIND] = DROPPED;
    }
    return true;
  }

  /** Writes count and offsets; returns the bytes of the elements. */
  #closeArray(row: number): number {
    const rows = this.#rows;
    const writer = this.#prologues;
    writer.varint(this.count);
    let elements = 0;
    for (let i = row + ROW; i < this.#used; i = rows[i + NEXT] as number) elements += rows[i + SIZE] as number;
    if (this.count <= ARRAY_STEP) return elements;
    const width = widthOf(elements);
    writer.u8(width);
    let number = 0;
    let offset = 0;
    for (let i = row + ROW; i < this.#used; i = rows[i + NEXT] as number) {
      if (number > 0 && number % ARRAY_STEP === 0) {
        for (let shift = 0; shift < width; shift++) writer.u8((offset >>> (8 * shift)) & 0xff);
      }
      number++;
      offset += rows[i + SIZE] as number;
    }
    return elements;
  }
}

function grown(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
