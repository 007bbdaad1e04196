/**
 * Data lines of all dialects to packed records; the dialect is found out line by line.
 *
 *   line    = arrow | brace | document lines
 *   arrow   = key ("->" | ":") "[" … "]"          "person1" -> [ "name" -> "John" | "age" -> 22 ]
 *   brace   = key (":" | "->") "{" … "}"          'person2': {'age': '55', 'family': {}}
 *   line of JSON or of a Python dict = "{" key ":" any value {"," …} "}": one record a key
 *
 * A record never reaches past its line, so that a missing bracket spoils one line and is reported there. Several
 * lines at once are fine; the first wrong one fails them all, which is what a bulk needs.
 */
import { text } from '../lib/bytes.ts';
import { ok, type Result } from '../lib/result.ts';
import type { Item } from '../model/commands.ts';
import type { KvError } from '../model/errors.ts';
import { KEY_BYTES_MAX } from '../model/limits.ts';
import { bareKeyEnd } from './keys.ts';
import {
  addDuplicateWarnings,
  addWarning,
  packTape,
  type Range,
  scanner,
  scannerFailure,
  tape,
  textAt,
} from './parsing.ts';
import { hasCurlyQuote } from './quotes.ts';
import { ARROW, BRACE, type Grammar, JSON_GRAMMAR, keyPassed, parsePairMark, parseValueInto } from './value-parser.ts';
import { malformedAt } from './wellformed.ts';

export type Records = { readonly records: Item[]; readonly warnings: string[] };

/** Records and warnings while lines are read; `failed` when packing met a limit. */
type Reading = { records: Item[]; readonly warnings: string[]; failed: KvError | null };

const LF = 0x0a;

/**
 * The records of the lines from `start` to `end`, in order; none for blank lines. `line` is the number of the first.
 * PARSE, TOOLARGE or TOODEEP name line:column; columns count from the line's start even when `start` is behind it.
 */
export function parseRecords(bytes: Uint8Array, start: number, end: number, line: number): Result<Records, KvError> {
  const reading: Reading = { records: [], warnings: [], failed: null };
  let at = start;
  for (let number = line; ; number++) {
    const range: Range = { start: at, end, line: number };
    const kept = reading.records.length;
    const warned = reading.warnings.length;
    let after = parseLine(bytes, range, reading, false);
    if (after < 0 && reading.failed === null && scanner.failure?.code === 'PARSE') {
      const failure = scanner.failure;
      const lineEnd = endOfLine(bytes, at, end);
      if (hasCurlyQuote(bytes, at, lineEnd)) {
        reading.records.length = kept;
        reading.warnings.length = warned;
        after = parseLine(bytes, range, reading, true);
      }
      if (after < 0) scanner.failure = failure;
    }
    if (reading.failed !== null) return { ok: false, error: reading.failed };
    if (after < 0) return scannerFailure(bytes, range);
    if (reading.records.length - kept > 1) dropEqualKeys(reading, kept, number);
    if (after >= end) break;
    at = after + 1;
  }
  tape.release();
  return ok({ records: reading.records, warnings: reading.warnings });
}

/** One value in any dialect: what may follow `PUT key`. `[]` is arrow's empty set, not JSON's empty array. */
export function parseValue(bytes: Uint8Array, start = 0, end = bytes.length): Result<Uint8Array, KvError> {
  const range: Range = { start, end, line: 1 };
  const first = parseValueWith(range, bytes, false);
  return first.ok || !hasCurlyQuote(bytes, start, end) ? first : parseValueWith(range, bytes, true);
}

/** The records of one line; returns where it ends, or -1. */
function parseLine(bytes: Uint8Array, range: Range, reading: Reading, lenientQuotes: boolean): number {
  scanner.begin(bytes, range.end, { strict: false, oneLine: true, lenientQuotes });
  tape.begin(bytes);
  let at = scanner.skip(range.start);
  const byte = scanner.peek(at);
  if (at >= range.end || byte === LF) return at;
  at = byte === 0x7b ? parseKeyedLine(bytes, range, reading, at) : parseRecord(bytes, range, reading, at);
  if (at < 0) return -1;
  at = scanner.skip(at);
  if (at < range.end && bytes[at] !== LF) return scanner.fail(at, 'the end of the line');
  return at;
}

/** `key -> [ … ]` and `key: { … }`. */
function parseRecord(bytes: Uint8Array, range: Range, reading: Reading, start: number): number {
  let at = parseTopKey(bytes, start, true);
  if (at < 0) return -1;
  const keyStart = scanner.textStart;
  const keyLength = scanner.textLength;
  const mark = scanner.skip(at);
  at = parsePairMark(scanner, ARROW, at);
  if (at < 0) return -1;
  at = scanner.skip(at);
  const byte = scanner.peek(at);
  if (byte !== 0x5b && byte !== 0x7b && byte !== 0x28) {
    return scanner.fail(at, bytes[mark] === 0x3a ? "'{'" : "'['");
  }
  return parseItem(bytes, range, reading, { at, keyStart, keyLength, grammar: byte === 0x7b ? BRACE : ARROW });
}

/** `{"key1": …, "key2": …}`. */
function parseKeyedLine(bytes: Uint8Array, range: Range, reading: Reading, start: number): number {
  let at = start;
  for (;;) {
    at = scanner.skip(at + 1);
    tape.begin(bytes);
    at = parseTopKey(bytes, at, false);
    if (at < 0) return -1;
    const keyStart = scanner.textStart;
    const keyLength = scanner.textLength;
    at = parsePairMark(scanner, JSON_GRAMMAR, at);
    if (at < 0) return -1;
    at = parseItem(bytes, range, reading, { at, keyStart, keyLength, grammar: JSON_GRAMMAR });
    if (at < 0) return -1;
    at = scanner.skip(at);
    const byte = scanner.peek(at);
    if (byte === 0x7d) return at + 1;
    if (byte !== 0x2c && byte !== 0x3b && byte !== 0x7c) return scanner.fail(at, "',' or '}'");
  }
}

function parseTopKey(bytes: Uint8Array, start: number, bareAllowed: boolean): number {
  let at: number;
  if (scanner.atQuote(start)) {
    at = scanner.string(start);
    if (at < 0) return -1;
  } else {
    at = bareAllowed ? bareKeyEnd(bytes, start, scanner.end) : start;
    if (at === start) return scanner.fail(start, bareAllowed ? 'a key' : 'a quoted key');
    const malformed = malformedAt(bytes, start, at);
    if (malformed >= 0) return scanner.fail(malformed, 'well-formed UTF-8');
    scanner.textStart = start;
    scanner.textLength = at - start;
  }
  if (scanner.textLength === 0) return scanner.fail(start, 'a key that is not empty');
  if (scanner.textLength > KEY_BYTES_MAX) return scanner.fail(start, keyPassed(scanner.textLength), 'TOOLARGE');
  return at;
}

/** The value at `at`, packed behind its key into one piece of memory. */
function parseItem(
  bytes: Uint8Array,
  range: Range,
  reading: Reading,
  part: { at: number; keyStart: number; keyLength: number; grammar: Grammar },
): number {
  const after = parseValueInto(scanner, tape, part.grammar, part.at);
  if (after < 0) return -1;
  const packed = packTape(part.keyLength);
  if (!packed.ok) {
    reading.failed = { code: packed.error.code, message: `line ${range.line}: ${packed.error.message}` };
    return -1;
  }
  const { keyStart, keyLength } = part;
  const both = packed.value;
  if (keyStart >= 0) for (let i = 0; i < keyLength; i++) both[i] = bytes[keyStart + i] as number;
  else both.set(textAt(bytes, keyStart, keyLength));
  const item = { key: both.subarray(0, keyLength), value: both.subarray(keyLength) };
  // Nearly every line is one record, and room for one is what an array of one takes.
  if (reading.records.length === 0) reading.records = [item];
  else reading.records.push(item);
  if (tape.duplicates.length > 0) addDuplicateWarnings(reading.warnings, bytes, range);
  return after;
}

function parseValueWith(range: Range, bytes: Uint8Array, lenientQuotes: boolean): Result<Uint8Array, KvError> {
  const { start, end } = range;
  scanner.begin(bytes, end, { strict: false, oneLine: false, lenientQuotes });
  tape.begin(bytes);
  let at = parseValueInto(scanner, tape, dialectOf(start) === 'arrow' ? ARROW : JSON_GRAMMAR, start);
  if (at >= 0) {
    at = scanner.skip(at);
    if (at < end) at = scanner.fail(at, 'the end');
  }
  if (at < 0) return scannerFailure(bytes, range);
  const packed = packTape(0);
  tape.release();
  return packed;
}

/** `[` begins a set when a name and its mark follow, or nothing; an array otherwise. */
function dialectOf(start: number): 'arrow' | 'brace' {
  const first = scanner.skip(start);
  const byte = scanner.peek(first);
  if (byte !== 0x5b) return byte === 0x28 ? 'arrow' : 'brace';
  const second = scanner.skip(first + 1);
  if (scanner.peek(second) === 0x5d) return 'arrow';
  if (!scanner.atQuote(second)) return 'brace';
  const after = scanner.string(second);
  tape.side.length = 0;
  if (after < 0) {
    scanner.failure = null;
    return 'brace';
  }
  const mark = scanner.peek(scanner.skip(after));
  return mark === 0x3a || mark === 0x2d ? 'arrow' : 'brace';
}

/** Of the records of one line with one key only the last stays: a write names a key once. */
function dropEqualKeys(reading: Reading, from: number, line: number): void {
  const last = new Map<string, number>();
  const { records, warnings } = reading;
  for (let i = from; i < records.length; i++) last.set(text((records[i] as Item).key), i);
  if (last.size === records.length - from) return;
  let kept = from;
  for (let i = from; i < records.length; i++) {
    const record = records[i] as Item;
    const name = text(record.key);
    if (last.get(name) === i) records[kept++] = record;
    else addWarning(warnings, `line ${line}: duplicate key ${JSON.stringify(name)}, the last one wins`);
  }
  records.length = kept;
}

function endOfLine(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== LF) at++;
  return at;
}
