/**
 * Quotes: straight and curly, single and double, as byte sequences of UTF-8. U+2018 … U+201B are single, U+201C …
 * U+201F double; all eight share the bytes E2 80. Knows nothing of what stands between them.
 */

/** Whether a quote of any kind begins at `at`. */
export function isQuote(bytes: Uint8Array, at: number, end: number): boolean {
  const byte = at < end ? bytes[at] : 0;
  return byte === 0x22 || byte === 0x27 || (byte === 0xe2 && curlyAt(bytes, at, end) !== 0);
}

/**
 * Length of the quote at `at` when it closes the one at `opening`, else 0. A curly quote is closed by any curly or
 * straight one of its kind (copied text often has the same one on both sides); a straight quote only by itself, or
 * by a curly one too when `lenient`.
 */
export function closingQuote(bytes: Uint8Array, opening: number, at: number, end: number, lenient: boolean): 0 | 1 | 3 {
  const opened = bytes[opening] as number;
  const kind = opened < 0x80 ? opened : curlyAt(bytes, opening, end);
  if (bytes[at] === kind) return 1;
  return (opened >= 0x80 || lenient) && bytes[at] === 0xe2 && curlyAt(bytes, at, end) === kind ? 3 : 0;
}

/** Whether there is a curly quote between two positions. */
export function hasCurlyQuote(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === 0xe2 && curlyAt(bytes, at, end) !== 0) return true;
  return false;
}

/** The straight quote that the curly one at `at` stands for, or 0. */
function curlyAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 2 >= end || bytes[at + 1] !== 0x80) return 0;
  const last = bytes[at + 2] as number;
  if (last < 0x98 || last > 0x9f) return 0;
  return last < 0x9c ? 0x27 : 0x22;
}
