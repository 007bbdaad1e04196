/**
 * Well-formedness of UTF-8 after the table 3-7 of the Unicode Standard: no overlong forms, no surrogates, nothing
 * beyond U+10FFFF. Reads a range in place; allocates nothing.
 */

/** Position of the first byte that is not part of well-formed UTF-8, or -1. */
export function malformedAt(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const first = bytes[at] as number;
    if (first < 0x80) {
      at++;
      continue;
    }
    const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (length === 0 || at + length > end) return at;
    const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    const second = bytes[at + 1] as number;
    if (second < low || second > high) return at;
    for (let i = 2; i < length; i++) if (((bytes[at + i] as number) & 0xc0) !== 0x80) return at;
    at += length;
  }
  return -1;
}
