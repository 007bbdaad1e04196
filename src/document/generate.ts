/**
 * The data generator (row A): one line a record, each a function of the options, the seed and its index alone, so
 * that a pool can make any part of a file and the whole is the same. Writes bytes, keeps its stack in typed arrays,
 * makes no object per record.
 *
 * A record draws the depth it must reach, 0 … depth; the first set of each level on that way is not empty, and one of
 * its fields leads on. Fields beside the way become sets now and then, down to the same depth at most.
 */
import { ByteWriter, text } from '../lib/bytes.ts';
import { DEPTH_MAX } from '../model/limits.ts';
import type { Generation } from './generate-options.ts';
import type { LeafType } from './key-file.ts';
import { mix32, RecordRandom } from './record-random.ts';

const ALPHABET = new Uint8Array(62);
for (let i = 0; i < 62; i++) ALPHABET[i] = (i < 10 ? 48 : i < 36 ? 55 : 61) + i;

const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;

/** Characters that 32 bits take in the alphabet. */
const RANDOM_KEY_LENGTH = 6;

const random = new RecordRandom();
const scratch = new ByteWriter(4096);

/** Numbers of the key file's keys in order, and the places swapped during a draw: they are swapped back after it. */
let order = new Int32Array(0);
let swapped = new Int32Array(0);
/** Fields chosen for the open sets, one set after the other; per open set: its first, the next one, its end. */
let chosen = new Int32Array(256);
const nextChosen = new Int32Array(DEPTH_MAX + 1);
const endChosen = new Int32Array(DEPTH_MAX + 1);
/** Per open set: the field that leads on to the record's depth, or -1. */
const leading = new Int32Array(DEPTH_MAX + 1);

/** Line number `index`, from 0, without its end. */
export function generateLine(generation: Generation, index: number): string {
  scratch.reset();
  writeLine(scratch, generation, index);
  return text(scratch.view());
}

/** `generateLine` as UTF-8, behind what the writer holds. */
export function writeLine(writer: ByteWriter, generation: Generation, index: number): void {
  const { options, marks, names, types } = generation;
  random.begin(options.seed, index);
  writer.bytes(marks.lineOpen);
  writeTopKey(writer, generation, index);
  writer.bytes(marks.topMark);
  const depth = random.below(options.depth + 1);
  const isEmpty = options.emptyRate !== null && random.chance(options.emptyRate);
  let level = openSet(generation, 0, depth > 0 && !isEmpty, isEmpty);
  if (level === 0) writer.bytes(marks.empty);
  else writer.bytes(marks.open);
  while (level > 0) {
    const set = level - 1;
    const at = nextChosen[set] as number;
    if (at === endChosen[set]) {
      writer.bytes(marks.close);
      level--;
      continue;
    }
    nextChosen[set] = at + 1;
    if (at > (set === 0 ? 0 : (endChosen[set - 1] as number))) writer.bytes(marks.separator);
    const field = chosen[at] as number;
    writer.bytes(names[field] as Uint8Array);
    const leads = at === leading[set] && level <= depth;
    if (leads || (level <= depth && random.chance(generation.nestRate))) {
      const wantsEmpty = !leads && options.emptyRate !== null && random.chance(options.emptyRate);
      const opened = openSet(generation, level, leads && level < depth, wantsEmpty);
      writer.bytes(opened > level ? marks.open : marks.empty);
      level = opened;
    } else {
      writeLeaf(writer, generation, types[field] as LeafType);
    }
  }
  writer.bytes(marks.lineClose);
}

/**
 * Chooses the fields of a set at `level`; returns the level inside it, or `level` when it is empty. A set that
 * `mustLead` has at least one field, and one of them leads on.
 */
function openSet(generation: Generation, level: number, mustLead: boolean, isEmpty: boolean): number {
  const { maxKeys, options, names } = generation;
  const least = mustLead || options.emptyRate !== null ? 1 : 0;
  const count = isEmpty || maxKeys === 0 ? 0 : random.between(least, maxKeys);
  if (count === 0) return level;
  const first = level === 0 ? 0 : (endChosen[level - 1] as number);
  if (order.length !== names.length) {
    order = Int32Array.from(names, (_, i) => i);
    swapped = new Int32Array(names.length);
  }
  if (first + count > chosen.length) {
    const larger = new Int32Array(Math.max(first + count, chosen.length * 2));
    larger.set(chosen);
    chosen = larger;
  }
  for (let i = 0; i < count; i++) {
    const j = random.between(i, names.length - 1);
    swapped[i] = j;
    swap(i, j);
    chosen[first + i] = order[i] as number;
  }
  // A record must not depend on the draws of others before it.
  for (let i = count - 1; i >= 0; i--) swap(i, swapped[i] as number);
  nextChosen[level] = first;
  endChosen[level] = first + count;
  leading[level] = mustLead ? first + random.below(count) : -1;
  return level + 1;
}

function swap(i: number, j: number): void {
  const field = order[i] as number;
  order[i] = order[j] as number;
  order[j] = field;
}

function writeTopKey(writer: ByteWriter, generation: Generation, index: number): void {
  const { options, marks, topPrefix } = generation;
  writer.bytes(topPrefix);
  if (options.topKeys.kind === 'numbered') {
    writeInteger(writer, options.topKeys.start + index);
  } else {
    // A bijection of the index's lower half, so keys look random and never meet.
    let rest = mix32(index ^ mix32(options.seed)) >>> 0;
    for (let i = 0; i < RANDOM_KEY_LENGTH; i++) {
      writer.u8(ALPHABET[rest % 62] as number);
      rest = Math.floor(rest / 62);
    }
    if (index > 0xffff_ffff) writeInteger(writer, Math.floor(index / 0x1_0000_0000));
  }
  writer.u8(marks.quote);
}

function writeLeaf(writer: ByteWriter, generation: Generation, leaf: LeafType): void {
  const { options, marks, floatCents } = generation;
  switch (leaf) {
    case 'int':
      writeInteger(writer, random.between(options.int.low, options.int.high));
      return;
    case 'float':
      writeCents(writer, random.between(floatCents.low, floatCents.high));
      return;
    case 'string': {
      const length = random.between(1, options.maxLength);
      writer.ensure(length + 2);
      const into = writer.buffer;
      let at = writer.length;
      into[at++] = marks.quote;
      for (let i = 0; i < length; i++) into[at++] = ALPHABET[random.below(62)] as number;
      into[at++] = marks.quote;
      writer.length = at;
      return;
    }
    default:
      leaf satisfies never;
  }
}

function writeCents(writer: ByteWriter, cents: number): void {
  const size = Math.abs(cents);
  if (cents < 0) writer.u8(MINUS);
  writeInteger(writer, Math.floor(size / 100));
  writer.u8(DOT);
  writer.u8(ZERO + Math.floor((size % 100) / 10));
  writer.u8(ZERO + (size % 10));
}

function writeInteger(writer: ByteWriter, value: number): void {
  if (value < 0) writer.u8(MINUS);
  let rest = Math.abs(value);
  let digits = 1;
  for (let power = 10; power <= rest; power *= 10) digits++;
  writer.ensure(digits);
  for (let at = writer.length + digits - 1; at >= writer.length; at--) {
    writer.buffer[at] = ZERO + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  writer.length += digits;
}
