/**
 * The scanner: strings, numbers, words and blanks of all dialects, straight from bytes. Each method takes the position
 * where something begins and returns the one after it, or -1 once `failure` says what was wrong. Never throws for bad
 * text and makes no object but that failure. Strings without escapes stay where they are; others are rewritten into
 * the tape's side buffer.
 */
import type { ErrorCode } from '../model/errors.ts';
import { readEscape } from './escapes.ts';
import { closingQuote, isQuote } from './quotes.ts';
import { FLOAT, INT } from './packed.ts';
import { malformedAt } from './wellformed.ts';
import type { Tape } from './tape.ts';

/** What is wrong and where: `expected` names what should stand at `at`, or, with another code, the limit passed. */
export type Failure = { readonly at: number; readonly expected: string; readonly code: ErrorCode };

const PLAIN = 1;
const BLANK = 2;
const DIGIT = 4;

const CLASS = new Uint8Array(256);
for (let byte = 0x20; byte < 0x80; byte++) CLASS[byte] = PLAIN;
for (const byte of [0x22, 0x27, 0x5c]) CLASS[byte] = 0;
for (const byte of [0x20, 0x09, 0x0a, 0x0d]) CLASS[byte] = (CLASS[byte] as number) | BLANK;
for (let byte = 0x30; byte <= 0x39; byte++) CLASS[byte] = PLAIN | DIGIT;

const LF = 0x0a;
const BACKSLASH = 0x5c;
const ESCAPES_EXPECTED = String.raw`an escape (\" \\ \/ \b \f \n \r \t \uXXXX)`;

export class Scanner {
  bytes: Uint8Array = new Uint8Array(0);
  end = 0;
  /** Only what JSON allows: double quotes, no curly ones, no blanks but its four. */
  strict = false;
  /** A line feed ends the text instead of being a blank. */
  oneLine = false;
  /** A curly quote also closes what a straight one opened, as in samples that went through a word processor. */
  lenientQuotes = false;
  /** Where the string scanned last is, as the tape wants it. */
  textStart = 0;
  textLength = 0;
  failure: Failure | null = null;
  readonly #tape: Tape;

  constructor(tape: Tape) {
    this.#tape = tape;
  }

  begin(bytes: Uint8Array, end: number, rules: { strict: boolean; oneLine: boolean; lenientQuotes: boolean }): void {
    this.bytes = bytes;
    this.end = end;
    this.strict = rules.strict;
    this.oneLine = rules.oneLine;
    this.lenientQuotes = rules.lenientQuotes;
    this.failure = null;
  }

  fail(at: number, expected: string, code: ErrorCode = 'PARSE'): -1 {
    this.failure = { at, expected, code };
    return -1;
  }

  /** The byte at `at`, 0 at the end: NUL means nothing in any dialect. */
  peek(at: number): number {
    return at < this.end ? (this.bytes[at] as number) : 0;
  }

  /** Past blanks. */
  skip(start: number): number {
    const bytes = this.bytes;
    const end = this.end;
    let at = start;
    while (at < end) {
      const byte = bytes[at] as number;
      if (((CLASS[byte] as number) & BLANK) !== 0) {
        if (byte === LF && this.oneLine) return at;
        at++;
      } else if (byte >= 0x80 && !this.strict && wideBlank(bytes, at, end) > 0) {
        at += wideBlank(bytes, at, end);
      } else {
        return at;
      }
    }
    return at;
  }

  /** Whether a string begins here. */
  atQuote(at: number): boolean {
    const byte = this.peek(at);
    return byte === 0x22 || (!this.strict && isQuote(this.bytes, at, this.end));
  }

  /** A quoted string; `textStart` and `textLength` tell its text. */
  string(start: number): number {
    const bytes = this.bytes;
    const end = this.end;
    const quote = bytes[start] as number;
    if (quote >= 0x80 || this.lenientQuotes) return this.#rewritten(start);
    let at = start + 1;
    let ascii = true;
    for (;;) {
      while (at < end && ((CLASS[bytes[at] as number] as number) & PLAIN) !== 0) at++;
      if (at >= end) return this.fail(at, 'a closing quote');
      const byte = bytes[at] as number;
      if (byte === quote) break;
      if (byte === BACKSLASH) return this.#rewritten(start);
      if (byte < 0x20 && (byte !== 0x09 || this.strict)) return this.fail(at, 'a closing quote');
      if (byte >= 0x80) ascii = false;
      at++;
    }
    if (!ascii) {
      const malformed = malformedAt(bytes, start + 1, at);
      if (malformed >= 0) return this.fail(malformed, 'well-formed UTF-8');
    }
    this.textStart = start + 1;
    this.textLength = at - start - 1;
    return at + 1;
  }

  /** A number by JSON's grammar, put on the tape with its digits as written. */
  number(start: number): number {
    let at = start;
    if (this.peek(at) === 0x2d) at++;
    if (this.peek(at) === 0x30) at++;
    else if ((at = this.#digits(at)) < 0) return -1;
    let kind = INT;
    if (this.peek(at) === 0x2e) {
      kind = FLOAT;
      if ((at = this.#digits(at + 1)) < 0) return -1;
    }
    if ((this.peek(at) | 0x20) === 0x65) {
      kind = FLOAT;
      at++;
      const sign = this.peek(at);
      if (sign === 0x2b || sign === 0x2d) at++;
      if ((at = this.#digits(at)) < 0) return -1;
    }
    this.#tape.leaf(kind, start, at - start);
    return at;
  }

  /** The position after `word` when it stands here, else -1 without a failure. */
  word(at: number, word: string): number {
    if (at + word.length > this.end) return -1;
    for (let i = 0; i < word.length; i++) if (this.bytes[at + i] !== word.charCodeAt(i)) return -1;
    return at + word.length;
  }

  #digits(start: number): number {
    const bytes = this.bytes;
    const end = this.end;
    let at = start;
    while (at < end && ((CLASS[bytes[at] as number] as number) & DIGIT) !== 0) at++;
    return at === start ? this.fail(at, 'a digit') : at;
  }

  /** A string with escapes or curly quotes: its text goes to the side buffer. */
  #rewritten(start: number): number {
    const bytes = this.bytes;
    const end = this.end;
    const side = this.#tape.side;
    const textStart = side.length;
    const opening = (bytes[start] as number) < 0x80 ? 1 : 3;
    let at = start + opening;
    for (;;) {
      if (at >= end) return this.fail(at, 'a closing quote');
      const closing = closingQuote(bytes, start, at, end, this.lenientQuotes);
      if (closing > 0) {
        const malformed = malformedAt(bytes, start + opening, at);
        if (malformed >= 0) return this.fail(malformed, 'well-formed UTF-8');
        this.textStart = ~textStart;
        this.textLength = side.length - textStart;
        return at + closing;
      }
      const byte = bytes[at] as number;
      if (byte === BACKSLASH) {
        const after = readEscape(bytes, at, end, side, this.strict);
        if (after < 0) return this.fail(at, ESCAPES_EXPECTED);
        at = after;
      } else if (byte < 0x20 && (byte !== 0x09 || this.strict)) {
        return this.fail(at, 'a closing quote');
      } else {
        side.u8(byte);
        at++;
      }
    }
  }
}

/** Length of the no-break space or byte order mark at `at`, 0 for anything else. */
function wideBlank(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] === 0xc2 && at + 1 < end && bytes[at + 1] === 0xa0) return 2;
  if (bytes[at] === 0xef && at + 2 < end && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) return 3;
  return 0;
}
