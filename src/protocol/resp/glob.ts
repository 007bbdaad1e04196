/**
 * Patterns of KEYS, SCAN and PSUBSCRIBE: `*`, `?`, `[a-z]`, `[^a]` and `\` before any of them, over bytes. Iterative
 * with one place to go back to, so that no pattern costs more than its length times that of the text (after R. Cox).
 */

const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const BACKSLASH = 0x5c;
const CARET = 0x5e;
const DASH = 0x2d;

/** Whether the whole text matches. */
export function matches(pattern: Uint8Array, text: Uint8Array): boolean {
  let at = 0;
  let place = 0;
  let starAt = -1;
  let starIn = 0;
  while (place < text.length) {
    if (at < pattern.length && pattern[at] === STAR) {
      starAt = ++at;
      starIn = place;
      continue;
    }
    const next = at < pattern.length ? matchOne(pattern, at, text[place] as number) : -1;
    if (next >= 0) {
      at = next;
      place++;
    } else if (starAt >= 0) {
      at = starAt;
      place = ++starIn;
    } else return false;
  }
  while (at < pattern.length && pattern[at] === STAR) at++;
  return at === pattern.length;
}

/** The bytes that every match begins with. */
export function literalPrefix(pattern: Uint8Array): Uint8Array {
  const prefix: number[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const byte = pattern[at] as number;
    if (byte === STAR || byte === QUESTION || byte === OPEN) break;
    if (byte === BACKSLASH && at + 1 < pattern.length) at++;
    prefix.push(pattern[at] as number);
  }
  return Uint8Array.from(prefix);
}

/** Where the pattern goes on when its element at `at` takes the byte; -1 when it does not. */
function matchOne(pattern: Uint8Array, at: number, byte: number): number {
  const first = pattern[at] as number;
  if (first === QUESTION) return at + 1;
  if (first === OPEN) return matchSet(pattern, at + 1, byte);
  if (first === BACKSLASH && at + 1 < pattern.length) return pattern[at + 1] === byte ? at + 2 : -1;
  return first === byte ? at + 1 : -1;
}

function matchSet(pattern: Uint8Array, start: number, byte: number): number {
  const isNegated = pattern[start] === CARET;
  let at = isNegated ? start + 1 : start;
  let isIn = false;
  for (; at < pattern.length && pattern[at] !== CLOSE; at++) {
    if (pattern[at] === BACKSLASH && at + 1 < pattern.length) at++;
    const low = pattern[at] as number;
    if (pattern[at + 1] === DASH && at + 2 < pattern.length && pattern[at + 2] !== CLOSE) {
      const high = pattern[at + 2] as number;
      if (byte >= Math.min(low, high) && byte <= Math.max(low, high)) isIn = true;
      at += 2;
    } else if (low === byte) isIn = true;
  }
  return isIn === isNegated ? -1 : Math.min(at + 1, pattern.length);
}
