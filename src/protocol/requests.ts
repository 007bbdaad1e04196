/**
 * Arguments of request lines to commands: keys, paths, records, bulks, pages. Works on the bytes of the line and hands
 * on views of them where it can; columns in errors are those of the line. The session says what a request means.
 */
import { bareKeyEnd, isValidKey, parseKeyBytes } from '../document/keys.ts';
import { parseJson } from '../document/json.ts';
import { elementsOf } from '../document/lookup.ts';
import { countIn, kindOf, stringBytes } from '../document/packed.ts';
import { parsePath } from '../document/path.ts';
import { isQuote } from '../document/quotes.ts';
import { parseRecords, parseValue, type Records } from '../document/records.ts';
import { malformedAt } from '../document/wellformed.ts';
import { text } from '../lib/bytes.ts';
import { ok, type Result } from '../lib/result.ts';
import type { Item, Path } from '../model/commands.ts';
import { fail, type KvError } from '../model/errors.ts';
import { BULK_ITEMS_MAX, KEY_BYTES_MAX, SCAN_KEYS_MAX } from '../model/limits.ts';
import { endOfPath, endOfWord, skipBlanks } from './words.ts';

/** A page of a scan: `limit` keys that start with `prefix` and come after `after`. */
export type Page = { readonly prefix: Uint8Array; readonly limit: number; readonly after: Uint8Array };

/** Letters, digits, `_` and `-`: what a bare key or segment may be made of without a closer look. */
const PLAIN = new Uint8Array(256);
for (const sign of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-') PLAIN[sign.charCodeAt(0)] = 1;

const DOUBLE = 0x22;
const SINGLE = 0x27;
const DOT = 0x2e;
const BACKSLASH = 0x5c;
const BLANK = 0x20;
const DELETE = 0x7f;
const OPEN_BRACE = 0x7b;
const COLON = 0x3a;

/** The key that the whole range spells; a view of it when it is written plainly, in straight quotes or none. */
export function readKey(bytes: Uint8Array, start: number, end: number): Result<Uint8Array, KvError> {
  let at = start;
  while (at < end && (PLAIN[bytes[at] as number] === 1 || bytes[at] === DOT || bytes[at] === COLON)) at++;
  if (at === end && end > start && end - start <= KEY_BYTES_MAX) return ok(bytes.subarray(start, end));
  const first = start + 1;
  if (at === start && (bytes[start] === DOUBLE || bytes[start] === SINGLE) && end - first <= KEY_BYTES_MAX) {
    const last = endOfPlainlyQuoted(bytes, first, end, bytes[start] as number);
    if (last > first && last + 1 === end) return ok(bytes.subarray(first, last));
  }
  return parseKeyBytes(bytes, start, end);
}

/** The path that the whole range spells; its segments are views when they are written plainly, in straight quotes or none. */
export function readPath(bytes: Uint8Array, start: number, end: number): Result<Path, KvError> {
  const segments: Uint8Array[] = [];
  let joinable = 0;
  for (let at = start; segments.length < SEGMENTS_PLAIN_MAX; at++) {
    const isQuoted = bytes[at] === DOUBLE || bytes[at] === SINGLE;
    const first = isQuoted ? at + 1 : at;
    const last = isQuoted ? endOfPlainlyQuoted(bytes, first, end, bytes[at] as number) : endOfPlain(bytes, first, end);
    if (last <= first) break;
    if (!isQuoted && joinable === segments.length) joinable++;
    segments.push(bytes.subarray(first, last));
    at = isQuoted ? last + 1 : last;
    if (at === end) return ok({ segments, joinable });
    if (bytes[at] !== DOT) break;
  }
  const malformed = malformedText(bytes, start, end);
  if (malformed !== null) return { ok: false, error: malformed };
  // Blanks in front of the path make the columns of an error those of the line.
  return parsePath(' '.repeat(columnOf(bytes, start)) + text(bytes, start, end));
}

/** Paths separated by blanks, one or more. */
export function readPaths(bytes: Uint8Array, start: number, end: number): Result<Path[], KvError> {
  const paths: Path[] = [];
  for (let at = start; at < end; ) {
    const pathEnd = endOfPath(bytes, at, end);
    const path = readPath(bytes, at, pathEnd);
    if (!path.ok) return path;
    paths.push(path.value);
    at = skipBlanks(bytes, pathEnd, end);
  }
  return ok(paths);
}

/** What PUT is given: a data line in any dialect, or a key and a document. */
export function readRecords(bytes: Uint8Array, start: number, end: number): Result<Records, KvError> {
  const keyEnd = bytes[start] === OPEN_BRACE ? -1 : endOfKey(bytes, start, end);
  const value = keyEnd < 0 ? end : skipBlanks(bytes, keyEnd, end);
  const isRecord = value >= end || value === keyEnd || isPairMark(bytes, value, end);
  if (isRecord) return parseRecords(bytes, start, end, 1);
  const key = readKey(bytes, start, keyEnd);
  if (!key.ok) return key;
  const packed = parseValue(bytes, value, end);
  if (!packed.ok) return packed;
  const kind = kindOf(packed.value);
  if (kind !== 'map' && kind !== 'array' && kind !== 'null') {
    return fail(
      'PARSE',
      `found ${kind === 'int' ? 'an' : 'a'} ${kind}, expected a document at column ${columnOf(bytes, value) + 1}; SET stores any value`,
    );
  }
  return ok({ records: [{ key: key.value, value: packed.value }], warnings: [] });
}

/** `key value`, the value in JSON. */
export function readItem(bytes: Uint8Array, start: number, end: number): Result<Item, KvError> | null {
  const keyEnd = endOfWord(bytes, start, end);
  const valueStart = skipBlanks(bytes, keyEnd, end);
  if (valueStart >= end) return null;
  const key = readKey(bytes, start, keyEnd);
  if (!key.ok) return key;
  const value = parseJson(bytes, valueStart, end);
  return value.ok ? ok({ key: key.value, value: value.value }) : value;
}

/** `[[key, value], …]` in JSON; one wrong pair refuses all. */
export function readItems(bytes: Uint8Array, start: number, end: number): Result<Item[], KvError> {
  const parsed = parseJson(bytes, start, end);
  if (!parsed.ok) return parsed;
  if (kindOf(parsed.value) !== 'array') return fail('PARSE', 'found no array, expected [[key, value], …]');
  const count = countIn(parsed.value);
  if (count > BULK_ITEMS_MAX) {
    return fail('TOOLARGE', `a bulk of ${count} items, the limit BULK_ITEMS_MAX is ${BULK_ITEMS_MAX}`);
  }
  const items: Item[] = [];
  for (const pair of elementsOf(parsed.value)) {
    const [key, value] = kindOf(pair) === 'array' && countIn(pair) === 2 ? elementsOf(pair) : [];
    if (key === undefined || value === undefined || kindOf(key) !== 'string') {
      return fail('PARSE', `item ${items.length + 1} is no pair of a key (a string) and a value`);
    }
    const bytesOfKey = stringBytes(key);
    if (!isValidKey(bytesOfKey)) {
      const size = `the key of item ${items.length + 1} has ${bytesOfKey.length} bytes`;
      return bytesOfKey.length === 0
        ? fail('PARSE', size)
        : fail('TOOLARGE', `${size}, the limit KEY_BYTES_MAX is ${KEY_BYTES_MAX}`);
    }
    items.push({ key: bytesOfKey, value });
  }
  return ok(items);
}

/** `[prefix [limit [after]]]`; null when there are more words. An empty prefix is written `""`. */
export function readPage(bytes: Uint8Array, start: number, end: number): Result<Page, KvError> | null {
  const words: { start: number; end: number }[] = [];
  for (let at = start; at < end; ) {
    const wordEnd = endOfWord(bytes, at, end);
    words.push({ start: at, end: wordEnd });
    at = skipBlanks(bytes, wordEnd, end);
  }
  const [prefixWord, limitWord, afterWord, extra] = words;
  if (extra !== undefined) return null;
  const prefix = readOptionalKey(bytes, prefixWord);
  if (!prefix.ok) return prefix;
  const limit = limitWord === undefined ? SCAN_KEYS_MAX : Number(text(bytes, limitWord.start, limitWord.end));
  if (!Number.isInteger(limit) || limit < 1 || limit > SCAN_KEYS_MAX) {
    return fail('USAGE', `the limit is a number from 1 to ${SCAN_KEYS_MAX} (SCAN_KEYS_MAX)`);
  }
  const after = readOptionalKey(bytes, afterWord);
  return after.ok ? ok({ prefix: prefix.value, limit, after: after.value }) : after;
}

/** PARSE when a range is not UTF-8, else null. */
export function malformedText(bytes: Uint8Array, start: number, end: number): KvError | null {
  const at = malformedAt(bytes, start, end);
  return at < 0 ? null : fail('PARSE', `malformed UTF-8 at column ${columnOf(bytes, at) + 1}`).error;
}

function endOfPlain(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && PLAIN[bytes[at] as number] === 1) at++;
  return at;
}

/** Where the quote stands that closes what begins at `start`; -1 when that is not plain ASCII up to there. */
function endOfPlainlyQuoted(bytes: Uint8Array, start: number, end: number, quote: number): number {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === quote) return at;
    if (byte < BLANK || byte === BACKSLASH || byte >= DELETE) return -1;
  }
  return -1;
}

/** A path of at most this many plain segments is cut without a parser; longer ones are checked against their limit there. */
const SEGMENTS_PLAIN_MAX = 64;

const NOTHING = new Uint8Array(0);

function readOptionalKey(
  bytes: Uint8Array,
  word: { start: number; end: number } | undefined,
): Result<Uint8Array, KvError> {
  if (word === undefined) return ok(NOTHING);
  const written = word.end - word.start === 2 ? text(bytes, word.start, word.end) : '';
  return written === '""' || written === "''" ? ok(NOTHING) : readKey(bytes, word.start, word.end);
}

/** Where the key of a record ends, bare or quoted. */
function endOfKey(bytes: Uint8Array, start: number, end: number): number {
  if (!isQuote(bytes, start, end)) return bareKeyEnd(bytes, start, end);
  const wordEnd = endOfWord(bytes, start, end);
  // A pair mark may touch the quote: then this is a record, whatever the word holds.
  return isQuote(bytes, wordEnd - 1, end) || isQuote(bytes, wordEnd - 3, end) ? wordEnd : -1;
}

function isPairMark(bytes: Uint8Array, at: number, end: number): boolean {
  return bytes[at] === COLON || (bytes[at] === 0x2d && at + 1 < end && bytes[at + 1] === 0x3e);
}

/** Characters of the line before a position. */
function columnOf(bytes: Uint8Array, position: number): number {
  let lineStart = position;
  while (lineStart > 0 && bytes[lineStart - 1] !== 0x0a) lineStart--;
  let column = 0;
  for (let at = lineStart; at < position; at++) if (((bytes[at] as number) & 0xc0) !== 0x80) column++;
  return column;
}
