/**
 * Dotted paths (rows E-05, E-06): `person2.address.number`, `k." level".x`, `k.0`, `a\.b.c`. A path does not say how
 * many of its unquoted segments are the top-level key: the longest key that exists wins, so `candidates` lists them
 * all. Never looks anything up itself.
 *
 *   path    = segment { "." segment }
 *   segment = quoted, with a string's escapes | one or more characters but ".", blanks and quotes at its start;
 *             "\" takes the character after it as it is
 */
import { ByteWriter, utf8 } from '../lib/bytes.ts';
import { ok, type Result } from '../lib/result.ts';
import type { Path } from '../model/commands.ts';
import { fail, type KvError } from '../model/errors.ts';
import { DOCUMENT_BYTES_MAX, KEY_BYTES_MAX, PATH_SEGMENTS_MAX } from '../model/limits.ts';
import { scanner, scannerFailure, tape, textAt } from './parsing.ts';
import { malformedAt } from './wellformed.ts';

const DOT = 0x2e;
const BACKSLASH = 0x5c;

/** A path from the text of one; blanks around it do not count. PARSE with the column, TOOLARGE with the limit. */
export function parsePath(written: string): Result<Path, KvError> {
  const bytes = utf8(written);
  if (bytes.length > DOCUMENT_BYTES_MAX) {
    return fail('TOOLARGE', `a path of ${bytes.length} bytes, the limit DOCUMENT_BYTES_MAX is ${DOCUMENT_BYTES_MAX}`);
  }
  const range = { start: 0, end: bytes.length, line: 1 };
  tape.begin(bytes);
  scanner.begin(bytes, bytes.length, { strict: false, oneLine: true, lenientQuotes: false });
  const segments: Uint8Array[] = [];
  let joinable = 0;
  let at = scanner.skip(0);
  for (;;) {
    const quoted = scanner.atQuote(at);
    const after = quoted ? scanner.string(at) : bareSegment(bytes, at);
    if (after >= 0 && scanner.textLength === 0) scanner.fail(at, 'a key between the dots');
    if (scanner.failure !== null) return scannerFailure(bytes, range);
    if (segments.length === PATH_SEGMENTS_MAX) {
      return fail('TOOLARGE', `a path of more than ${PATH_SEGMENTS_MAX} segments, the limit PATH_SEGMENTS_MAX`);
    }
    if (!quoted && joinable === segments.length) joinable++;
    segments.push(textAt(bytes, scanner.textStart, scanner.textLength));
    at = after;
    if (scanner.peek(at) !== DOT) break;
    at++;
  }
  const rest = scanner.skip(at);
  if (rest < bytes.length) scanner.fail(rest, "'.' or the end of the path");
  if (scanner.failure !== null) return scannerFailure(bytes, range);
  return ok({ segments, joinable });
}

/**
 * The top-level keys that a path may mean, longest first, and for each the number of the segment at which the way
 * into its value begins. A quoted first segment leaves one. Keys share memory; those over KEY_BYTES_MAX cannot exist
 * and are left out.
 */
export function candidates(path: Path): { key: Uint8Array; from: number }[] {
  const { segments, joinable } = path;
  const first = segments[0] as Uint8Array;
  if (joinable < 2) return first.length > KEY_BYTES_MAX ? [] : [{ key: first, from: 1 }];
  const joined = new ByteWriter(first.length + 64);
  const keyEnds: number[] = [];
  for (let i = 0; i < joinable; i++) {
    if (i > 0) joined.u8(DOT);
    joined.bytes(segments[i] as Uint8Array);
    if (joined.length > KEY_BYTES_MAX) break;
    keyEnds.push(joined.length);
  }
  const found = [];
  for (let from = keyEnds.length; from > 0; from--) {
    found.push({ key: joined.buffer.subarray(0, keyEnds[from - 1]), from });
  }
  return found;
}

/** Past an unquoted segment; its text, without the backslashes, is where the scanner says. */
function bareSegment(bytes: Uint8Array, start: number): number {
  let at = start;
  let escaped = false;
  while (at < bytes.length && (bytes[at] as number) > 0x20 && bytes[at] !== DOT) {
    if (bytes[at] === BACKSLASH) {
      escaped = true;
      at++;
      if (at >= bytes.length) return scanner.fail(at, 'a character after the backslash');
    }
    at++;
  }
  const malformed = malformedAt(bytes, start, at);
  if (malformed >= 0) return scanner.fail(malformed, 'well-formed UTF-8');
  scanner.textStart = start;
  scanner.textLength = at - start;
  if (!escaped) return at;
  const side = tape.side;
  scanner.textStart = ~side.length;
  for (let i = start; i < at; i++) {
    if (bytes[i] === BACKSLASH) i++;
    side.u8(bytes[i] as number);
  }
  scanner.textLength = side.length - ~scanner.textStart;
  return at;
}
