/**
 * Escapes inside strings: JSON's, and where text need not be JSON also Python's, which data files of the brace
 * dialect come with. Writes the UTF-8 of what an escape stands for; half a surrogate pair has none and becomes
 * U+FFFD, as in TextEncoder.
 */
import type { ByteWriter } from '../lib/bytes.ts';

/** By the letter after the backslash. */
const SHORT = new Map([...'"\\/bfnrt'].map((letter, i) => [letter.charCodeAt(0), '"\\/\b\f\n\r\t'.charCodeAt(i)]));

const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const LETTER_X = 0x78;
const LETTER_CAPITAL_U = 0x55;
const SINGLE_QUOTE = 0x27;
const REPLACEMENT = 0xfffd;

/** Adds what the escape at `at` stands for to `into`; returns the position after it, or -1 when it is none. */
export function readEscape(bytes: Uint8Array, at: number, end: number, into: ByteWriter, strict: boolean): number {
  const letter = at + 1 < end ? (bytes[at + 1] as number) : 0;
  const short = SHORT.get(letter);
  if (short !== undefined) {
    into.u8(short);
    return at + 2;
  }
  if (letter === LETTER_U) return readUnits(bytes, at, end, into);
  if (strict) return -1;
  if (letter === SINGLE_QUOTE) {
    into.u8(letter);
    return at + 2;
  }
  const digits = letter === LETTER_X ? 2 : letter === LETTER_CAPITAL_U ? 8 : 0;
  const code = digits === 0 ? -1 : hexAt(bytes, at + 2, end, digits);
  if (code < 0 || code > 0x10_ffff) return -1;
  writeCodePoint(into, code);
  return at + 2 + digits;
}

/** One UTF-16 unit, or two that make a pair. */
function readUnits(bytes: Uint8Array, at: number, end: number, into: ByteWriter): number {
  const first = hexAt(bytes, at + 2, end, 4);
  if (first < 0) return -1;
  if (first >= 0xd800 && first < 0xdc00 && bytes[at + 6] === BACKSLASH && bytes[at + 7] === LETTER_U) {
    const second = hexAt(bytes, at + 8, end, 4);
    if (second >= 0xdc00 && second < 0xe000) {
      writeCodePoint(into, 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00));
      return at + 12;
    }
  }
  writeCodePoint(into, first);
  return at + 6;
}

function writeCodePoint(into: ByteWriter, code: number): void {
  const point = code >= 0xd800 && code < 0xe000 ? REPLACEMENT : code;
  if (point < 0x80) {
    into.u8(point);
    return;
  }
  if (point < 0x800) {
    into.u8(0xc0 | (point >> 6));
  } else {
    if (point < 0x1_0000) {
      into.u8(0xe0 | (point >> 12));
    } else {
      into.u8(0xf0 | (point >> 18));
      into.u8(0x80 | ((point >> 12) & 0x3f));
    }
    into.u8(0x80 | ((point >> 6) & 0x3f));
  }
  into.u8(0x80 | (point & 0x3f));
}

function hexAt(bytes: Uint8Array, start: number, end: number, digits: number): number {
  if (start + digits > end) return -1;
  let value = 0;
  for (let i = start; i < start + digits; i++) {
    const digit = Number.parseInt(String.fromCharCode(bytes[i] as number), 16);
    if (Number.isNaN(digit)) return -1;
    value = value * 16 + digit;
  }
  return value;
}
