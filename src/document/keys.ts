/**
 * Keys as people write them: bare, 'single', "double" or in curly quotes (row B-07), and back. A bare key is what can
 * stand unquoted before `->` in a data line. Never normalises: " level" with its blank is another key than "level".
 */
import { text, utf8 } from '../lib/bytes.ts';
import { ok, type Result } from '../lib/result.ts';
import { fail, type KvError } from '../model/errors.ts';
import { KEY_BYTES_MAX } from '../model/limits.ts';
import { hasCurlyQuote, isQuote } from './quotes.ts';
import { type Range, scanner, scannerFailure, tape, textAt } from './parsing.ts';
import { keyPassed } from './value-parser.ts';
import { malformedAt } from './wellformed.ts';

/** Keys that are shown without quotes: letters, digits and signs that no dialect gives a meaning. */
const SHOWN_BARE = /^[\p{L}\p{M}\p{N}_.@/#+$%&*~-]+(?::[\p{L}\p{M}\p{N}_.@/#+$%&*~-]+)*$/u;

/** ASCII bytes that end a bare key: blanks, controls, quotes, brackets, separators, the backslash. A colon may. */
const ENDS_BARE = new Uint8Array(256);
for (let byte = 0; byte <= 0x20; byte++) ENDS_BARE[byte] = 1;
for (const sign of '"\'[]{}()|;,\\\x7f') ENDS_BARE[sign.charCodeAt(0)] = 1;

/** Whether bytes may be a top-level key: not empty, at most KEY_BYTES_MAX; any bytes otherwise. */
export function isValidKey(key: Uint8Array): boolean {
  return key.length > 0 && key.length <= KEY_BYTES_MAX;
}

/** The key that the whole text spells, blanks around it aside; PARSE with the column, or TOOLARGE. */
export function parseKey(written: string): Result<Uint8Array, KvError> {
  const bytes = utf8(written);
  return parseKeyBytes(bytes, 0, bytes.length);
}

/** `parseKey` of the bytes from `start` to `end`, one line of text; the key is a copy. */
export function parseKeyBytes(bytes: Uint8Array, start: number, end: number): Result<Uint8Array, KvError> {
  const parsed = parseKeyWith(bytes, start, end, false);
  return parsed.ok || !hasCurlyQuote(bytes, start, end) ? parsed : parseKeyWith(bytes, start, end, true);
}

/** Whether a key is shown, and may be written, without quotes. */
export function isShownBare(key: Uint8Array): boolean {
  for (const byte of key) {
    const plain = (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a);
    if (!plain && byte !== 0x5f) return malformedAt(key, 0, key.length) < 0 && SHOWN_BARE.test(text(key));
  }
  return key.length > 0;
}

/**
 * Where the bare key that begins at `start` ends; `start` itself when none does. A colon ends it only before a blank,
 * a bracket or the like, so that `user:1001` is one key.
 */
export function bareKeyEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    if (ENDS_BARE[byte] === 1) break;
    if (byte === 0x3a && (at + 1 >= end || endsBare(bytes, at + 1, end))) break;
    if (byte === 0x2d && bytes[at + 1] === 0x3e && at + 1 < end) break;
    if (byte >= 0x80 && endsBare(bytes, at, end)) break;
  }
  return at;
}

function endsBare(bytes: Uint8Array, at: number, end: number): boolean {
  const byte = bytes[at] as number;
  return ENDS_BARE[byte] === 1 || byte === 0x3a || (byte === 0xc2 && bytes[at + 1] === 0xa0) || isQuote(bytes, at, end);
}

function parseKeyWith(
  bytes: Uint8Array,
  start: number,
  end: number,
  lenientQuotes: boolean,
): Result<Uint8Array, KvError> {
  const range: Range = { start, end, line: 1 };
  tape.begin(bytes);
  scanner.begin(bytes, end, { strict: false, oneLine: true, lenientQuotes });
  const first = scanner.skip(start);
  let after = first;
  if (scanner.atQuote(first)) {
    after = scanner.string(first);
    if (after < 0) return scannerFailure(bytes, range);
  } else {
    while (after < end && (bytes[after] as number) > 0x20) after++;
    scanner.textStart = first;
    scanner.textLength = after - first;
    const malformed = malformedAt(bytes, first, after);
    if (malformed >= 0) scanner.fail(malformed, 'well-formed UTF-8');
  }
  const rest = scanner.skip(after);
  if (scanner.textLength === 0) scanner.fail(first, 'a key');
  else if (rest < end) scanner.fail(rest, 'the end after the key');
  if (scanner.failure !== null) return scannerFailure(bytes, range);
  if (scanner.textLength > KEY_BYTES_MAX) return fail('TOOLARGE', keyPassed(scanner.textLength));
  return ok(textAt(bytes, scanner.textStart, scanner.textLength));
}
