/**
 * Words of a request line, found in its bytes: separated by blanks, a quoted word (straight or curly, with a string's
 * escapes) is one word whatever it holds. Only finds them; keys and paths are read by the document room.
 */
import { closingQuote, isQuote } from '../document/quotes.ts';

const BLANK = 0x20;
const TAB = 0x09;
const BACKSLASH = 0x5c;

/** Position of the first byte from `at` on that is no blank; `end` when there is none. */
export function skipBlanks(bytes: Uint8Array, at: number, end: number): number {
  let next = at;
  while (next < end && (bytes[next] === BLANK || bytes[next] === TAB)) next++;
  return next;
}

/** Where the blanks at the end of a range begin. */
export function trimBlanks(bytes: Uint8Array, start: number, end: number): number {
  let last = end;
  while (last > start && (bytes[last - 1] === BLANK || bytes[last - 1] === TAB)) last--;
  return last;
}

/** Where the word that begins at `start` ends: behind its closing quote, or at a blank. */
export function endOfWord(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  if (isQuote(bytes, start, end)) at = endOfQuoted(bytes, start, end);
  while (at < end && bytes[at] !== BLANK && bytes[at] !== TAB) at++;
  return at;
}

/** Like `endOfWord`, for a path: a quote may also open behind a dot, and a backslash takes the byte after it. */
export function endOfPath(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  let segmentStarts = true;
  while (at < end && bytes[at] !== BLANK && bytes[at] !== TAB) {
    if (segmentStarts && isQuote(bytes, at, end)) {
      at = endOfQuoted(bytes, at, end);
      segmentStarts = false;
      continue;
    }
    segmentStarts = bytes[at] === 0x2e;
    at += bytes[at] === BACKSLASH ? 2 : 1;
  }
  return Math.min(at, end);
}

/** Behind the quote that closes the one at `opening`, or `end`. */
function endOfQuoted(bytes: Uint8Array, opening: number, end: number): number {
  let at = opening + (bytes[opening] === 0xe2 ? 3 : 1);
  while (at < end) {
    const length = closingQuote(bytes, opening, at, end, false);
    if (length > 0) return at + length;
    at += bytes[at] === BACKSLASH ? 2 : 1;
  }
  return end;
}
