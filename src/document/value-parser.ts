/**
 * One value of any dialect, from text onto the tape: a loop over an explicit stack, because nesting is the client's
 * choice. What differs between the dialects is which brackets mean a set and which an array:
 *
 *   arrow   `[ … ]` and `{ … }` set · `( … )` array        brace, JSON   `{ … }` set · `[ … ]` array
 *
 * Where the scanner is not strict, `->` is as good as `:`, `|` and `;` as `,`, any quote as any other of its kind, and
 * True, False, None as true, false, null.
 */
import { DEPTH_MAX, FIELDS_MAX, KEY_BYTES_MAX } from '../model/limits.ts';
import { ARRAY, MAP, STRING } from './packed.ts';
import type { Scanner } from './scanner.ts';
import type { Tape } from './tape.ts';

export type Grammar = {
  readonly arrow: boolean;
  /** JSON allows "" as a name inside a document; the other dialects do not. */
  readonly emptyKeys: boolean;
};

/** The grammars: by the bracket that opens a record, and by `{` at the start of a line. */
export const ARROW: Grammar = { arrow: true, emptyKeys: false };
export const BRACE: Grammar = { arrow: false, emptyKeys: false };
export const JSON_GRAMMAR: Grammar = { arrow: false, emptyKeys: true };

const WORDS = [
  { head: 0, spellings: ['null', 'None'] },
  { head: 1, spellings: ['false', 'False'] },
  { head: 2, spellings: ['true', 'True'] },
] as const;

/** For each open set or array, the byte that closes it. */
const closers = new Uint8Array(DEPTH_MAX + 2);

/** Puts the value that begins at `start`, after blanks, on the tape; returns the position after it or -1. */
export function parseValueInto(scanner: Scanner, tape: Tape, grammar: Grammar, start: number): number {
  let at = start;
  for (;;) {
    at = scanner.skip(at);
    const byte = scanner.peek(at);
    const kind = containerOf(byte, grammar);
    if (kind !== 0) {
      if (tape.depth > DEPTH_MAX) return scanner.fail(at, DEPTH_PASSED, 'TOODEEP');
      tape.open(kind);
      const closer = byte === 0x28 ? 0x29 : byte + 2;
      closers[tape.depth] = closer;
      at = scanner.skip(at + 1);
      if (scanner.peek(at) !== closer) {
        if (kind === MAP) at = parseName(scanner, tape, grammar, at);
        if (at < 0) return -1;
        continue;
      }
      tape.close();
      at++;
    } else if (scanner.atQuote(at)) {
      at = scanner.string(at);
      if (at < 0) return -1;
      tape.leaf(STRING, scanner.textStart, scanner.textLength);
    } else if ((byte >= 0x30 && byte <= 0x39) || byte === 0x2d) {
      at = scanner.number(at);
      if (at < 0) return -1;
    } else {
      at = parseWord(scanner, tape, at);
      if (at < 0) return scanner.fail(~at, valueExpected(scanner, grammar));
    }
    at = parseEnds(scanner, tape, grammar, at);
    if (at < 0 || tape.depth === 0) return at;
  }
}

/** After a value: closes what ends here, up to a separator (and the name after it) or the end of the whole value. */
function parseEnds(scanner: Scanner, tape: Tape, grammar: Grammar, start: number): number {
  let at = start;
  while (tape.depth > 0) {
    at = scanner.skip(at);
    const byte = scanner.peek(at);
    const closer = closers[tape.depth] as number;
    if (byte === closer) {
      tape.close();
      at++;
    } else if (byte === 0x2c || (!scanner.strict && (byte === 0x7c || byte === 0x3b))) {
      if (tape.count === FIELDS_MAX) return scanner.fail(at, FIELDS_PASSED, 'TOOLARGE');
      const inMap = closer === 0x7d || (grammar.arrow && closer === 0x5d);
      return inMap ? parseName(scanner, tape, grammar, scanner.skip(at + 1)) : at + 1;
    } else {
      return scanner.fail(at, `'${grammar.arrow ? '|' : ','}' or '${String.fromCharCode(closer)}'`);
    }
  }
  return at;
}

/** A quoted name and what stands between it and its value. */
function parseName(scanner: Scanner, tape: Tape, grammar: Grammar, start: number): number {
  if (!scanner.atQuote(start)) return scanner.fail(start, 'a quoted key');
  const at = scanner.string(start);
  if (at < 0) return -1;
  const length = scanner.textLength;
  if (length === 0 && !grammar.emptyKeys) return scanner.fail(start, 'a key that is not empty');
  if (length > KEY_BYTES_MAX) return scanner.fail(start, keyPassed(length), 'TOOLARGE');
  tape.key(scanner.textStart, length);
  return parsePairMark(scanner, grammar, at);
}

/** `:` or `->`. */
export function parsePairMark(scanner: Scanner, grammar: Grammar, start: number): number {
  const at = scanner.skip(start);
  const byte = scanner.peek(at);
  if (byte === 0x3a) return at + 1;
  if (!scanner.strict && byte === 0x2d && scanner.peek(at + 1) === 0x3e) return at + 2;
  return scanner.fail(at, grammar.arrow ? "'->'" : "':'");
}

/** true, false, null onto the tape; ~position when none stands here. */
function parseWord(scanner: Scanner, tape: Tape, at: number): number {
  for (const { head, spellings } of WORDS) {
    for (const spelling of scanner.strict ? spellings.slice(0, 1) : spellings) {
      const after = scanner.word(at, spelling);
      if (after < 0) continue;
      tape.simple(head);
      return after;
    }
  }
  return ~at;
}

/** MAP, ARRAY, or 0 for a byte that opens neither. */
function containerOf(byte: number, grammar: Grammar): number {
  if (byte === 0x7b) return MAP;
  if (byte === 0x5b) return grammar.arrow ? MAP : ARRAY;
  return byte === 0x28 && grammar.arrow ? ARRAY : 0;
}

function valueExpected(scanner: Scanner, grammar: Grammar): string {
  const string = scanner.strict ? 'a string' : 'a quoted string';
  return `a value (a number, ${string}, true, false, null, ${grammar.arrow ? "'[' or '('" : "'{' or '['"})`;
}

const DEPTH_PASSED = `${DEPTH_MAX + 1} sets below the top-level one, the limit DEPTH_MAX is ${DEPTH_MAX}`;
const FIELDS_PASSED = `more than ${FIELDS_MAX} fields in one set, the limit FIELDS_MAX`;

/** What a key of too many bytes is told. */
export function keyPassed(length: number): string {
  return `a key of ${length} bytes, the limit KEY_BYTES_MAX is ${KEY_BYTES_MAX}`;
}
