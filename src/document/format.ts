/**
 * Packed values to text, in the dialects of styles.ts, straight from bytes to bytes. Control characters are always
 * escaped, so that whatever a value holds, it stays on its line. Strings that hold no UTF-8 (SET stores any bytes)
 * are written as they are; in a JavaScript string such bytes become U+FFFD.
 */
import { ByteWriter, text, utf8 } from '../lib/bytes.ts';
import { isShownBare } from './keys.ts';
import { elementsAt } from './lookup.ts';
import { entriesAt } from './key-trie.ts';
import { endOf, MAP, payloadAt, SIMPLE, STRING, varintAt } from './packed.ts';
import { type Dialect, type Style, STYLES } from './styles.ts';

/** Text is escaped in pieces of this size, so that room for the worst case is never asked for at once. */
const PIECE = 4096;
const ESCAPED_MAX = 6;

/** A writer that one large value made larger than this is not kept. */
const WRITER_KEPT = 1 << 20;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const HEX = utf8('0123456789abcdef');

/** After the backslash: b t n f r for 8, 9, 10, 12, 13; 0 where a code is needed. */
const SHORT = new Uint8Array(0x20);
for (const [byte, letter] of [
  [8, 'b'],
  [9, 't'],
  [10, 'n'],
  [12, 'f'],
  [13, 'r'],
] as const)
  SHORT[byte] = letter.charCodeAt(0);

let shared = new ByteWriter(4096);

/** Calls `use` with an empty writer that is used again afterwards; what it returns must not be a view of it. */
export function withWriter<T>(use: (writer: ByteWriter) => T): T {
  const writer = shared;
  writer.reset();
  const result = use(writer);
  if (writer.buffer.length > WRITER_KEPT) shared = new ByteWriter(4096);
  return result;
}

/** A data line without its end: `key1 -> [ "a" -> 1 | "b" -> [] ]`, `key1: {'a': 1}`, `{"key1":{"a":1}}`. */
export function formatRecord(key: Uint8Array, packed: Uint8Array, dialect: Dialect): string {
  return withWriter((writer) => {
    writeRecord(writer, key, packed, dialect);
    return text(writer.view());
  });
}

/** The answer to QUERY: `label` as the client wrote it, a leaf string bare (`person2.name -> Mary`) except in JSON. */
export function formatAnswer(label: string, packed: Uint8Array, dialect: Dialect): string {
  return withWriter((writer) => {
    writeAnswer(writer, utf8(label), packed, dialect);
    return text(writer.view());
  });
}

/** `formatRecord` as UTF-8, behind what the writer holds. */
export function writeRecord(writer: ByteWriter, key: Uint8Array, packed: Uint8Array, dialect: Dialect): void {
  const style = STYLES[dialect];
  if (dialect === 'json') writer.u8(0x7b);
  const quote = dialect !== 'json' && (style.quote === 0 || isShownBare(key)) ? 0 : style.quote;
  writeText(writer, key, 0, key.length, quote);
  writer.bytes(style.pairMark);
  writeValue(writer, packed, style);
  if (dialect === 'json') writer.u8(0x7d);
}

/** `formatAnswer` as UTF-8, behind what the writer holds. */
export function writeAnswer(writer: ByteWriter, label: Uint8Array, packed: Uint8Array, dialect: Dialect): void {
  const style = STYLES[dialect];
  if (dialect === 'json') writer.u8(0x7b);
  writeText(writer, label, 0, label.length, dialect === 'json' ? QUOTE : 0);
  writer.bytes(style.pairMark);
  if ((packed[0] as number) >> 5 === STRING && dialect !== 'json') {
    writeText(writer, packed, payloadAt(packed, 0), packed.length, 0);
  } else {
    writeValue(writer, packed, style);
  }
  if (dialect === 'json') writer.u8(0x7d);
}

/** Where each open set or array ends, and whether it is a set; deeper values make them grow. */
let ends = new Int32Array(64);
let areMaps = new Uint8Array(64);

/** A value in a style, behind what the writer holds. */
export function writeValue(writer: ByteWriter, packed: Uint8Array, style: Style): void {
  let at = 0;
  let depth = 0;
  for (;;) {
    const kind = (packed[at] as number) >> 5;
    const payload = payloadAt(packed, at);
    const end = endOf(packed, at);
    if (kind < MAP) {
      if (kind === SIMPLE) writer.bytes(style.words[packed[at] as 0 | 1 | 2]);
      else if (kind === STRING) writeText(writer, packed, payload, end, style.quote);
      else writer.bytes(packed, payload, end);
    } else if (payload === end) {
      writer.bytes(kind === MAP ? style.mapEmpty : style.arrayEmpty);
    } else {
      if (depth === ends.length) growStack();
      ends[depth] = end;
      areMaps[depth] = kind === MAP ? 1 : 0;
      depth++;
      writer.bytes(kind === MAP ? style.mapOpen : style.arrayOpen);
      at = kind === MAP ? writeName(writer, packed, entriesAt(packed, payload), style) : elementsAt(packed, payload);
      continue;
    }
    at = end;
    while (depth > 0 && at === ends[depth - 1]) {
      depth--;
      writer.bytes(areMaps[depth] === 1 ? style.mapClose : style.arrayClose);
    }
    if (depth === 0) return;
    writer.bytes(style.separator);
    if (areMaps[depth - 1] === 1) at = writeName(writer, packed, at, style);
  }
}

/** Text, escaped as `quote` asks (JSON for double and none, Python for single), between quotes if any. */
export function writeText(
  writer: ByteWriter,
  from: Uint8Array,
  start: number,
  end: number,
  quote: 0 | 0x22 | 0x27,
): void {
  if (quote !== 0) writer.u8(quote);
  for (let piece = start; piece < end; piece += PIECE) {
    const pieceEnd = Math.min(piece + PIECE, end);
    writer.ensure((pieceEnd - piece) * ESCAPED_MAX);
    const into = writer.buffer;
    let to = writer.length;
    for (let at = piece; at < pieceEnd; at++) {
      const byte = from[at] as number;
      if (byte >= 0x20 && byte !== BACKSLASH && byte !== quote) into[to++] = byte;
      else to = escape(into, to, byte, quote === 0x27);
    }
    writer.length = to;
  }
  if (quote !== 0) writer.u8(quote);
}

function escape(into: Uint8Array, at: number, byte: number, python: boolean): number {
  let to = at;
  into[to++] = BACKSLASH;
  if (byte >= 0x20) {
    into[to++] = byte;
    return to;
  }
  const short = SHORT[byte] as number;
  if (short !== 0 && (!python || byte === 9 || byte === 10 || byte === 13)) {
    into[to++] = short;
    return to;
  }
  into[to++] = python ? 0x78 : 0x75;
  if (!python) {
    into[to++] = 0x30;
    into[to++] = 0x30;
  }
  into[to++] = HEX[byte >> 4] as number;
  into[to++] = HEX[byte & 15] as number;
  return to;
}

function writeName(writer: ByteWriter, packed: Uint8Array, entry: number, style: Style): number {
  const length = varintAt(packed, entry);
  let at = entry;
  while ((packed[at++] as number) >= 0x80);
  writeText(writer, packed, at, at + length, style.quote);
  writer.bytes(style.pairMark);
  return at + length;
}

function growStack(): void {
  const largerEnds = new Int32Array(ends.length * 2);
  const largerMaps = new Uint8Array(ends.length * 2);
  largerEnds.set(ends);
  largerMaps.set(areMaps);
  ends = largerEnds;
  areMaps = largerMaps;
}
