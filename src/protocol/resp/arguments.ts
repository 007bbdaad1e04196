/** Arguments of RESP commands as what they stand for: numbers as Redis wants them written, words in any case. */
import { text } from '../../lib/bytes.ts';

export const INT64_MAX = 0x7fff_ffff_ffff_ffffn;
export const INT64_MIN = -0x8000_0000_0000_0000n;

const UINT64_MAX = 0xffff_ffff_ffff_ffffn;

/** Most bytes of a number that is looked at. */
const NUMBER_BYTES_MAX = 64;

/** A signed 64-bit integer as Redis wants it written: no plus, no leading zeros, no blanks; else null. */
export function bigIntOf(word: Uint8Array): bigint | null {
  if (word.length === 0 || word.length > 20) return null;
  const written = text(word);
  if (!/^(?:0|-?[1-9]\d*)$/.test(written)) return null;
  const value = BigInt(written);
  return value > INT64_MAX || value < INT64_MIN ? null : value;
}

/** The same, where a number without digits beyond 2^53 will do; else null. */
export function integerOf(word: Uint8Array): number | null {
  const value = bigIntOf(word);
  return value === null || !Number.isSafeInteger(Number(value)) ? null : Number(value);
}

/** The same, and what does not fit stands for the nearest that does. */
export function clampedOf(word: Uint8Array): number | null {
  const value = bigIntOf(word);
  if (value === null) return null;
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) return Number.MAX_SAFE_INTEGER;
  return value < BigInt(Number.MIN_SAFE_INTEGER) ? Number.MIN_SAFE_INTEGER : Number(value);
}

/**
 * A cursor of SCAN: 64 bits as C reads them, with a sign and zeros before them, and nothing for 0; else null. Those that
 * were given are small, so what a number loses beyond 2^53 matters to nobody.
 */
export function cursorOf(word: Uint8Array): number | null {
  const written = text(word, 0, Math.min(word.length, NUMBER_BYTES_MAX + 1));
  if (written.length > NUMBER_BYTES_MAX || !/^(?:[+-]?\d+)?$/.test(written)) return null;
  const count = BigInt(written.replace(/^[+-]/, ''));
  return count > UINT64_MAX ? null : Number(BigInt.asUintN(64, written.startsWith('-') ? -count : count));
}

/** Bytes of an option at most: what is longer is none. */
export const OPTION_BYTES_MAX = 32;

/** A word in capitals, for options. */
export function optionOf(word: Uint8Array): string {
  return word.length > OPTION_BYTES_MAX ? '' : text(word).toUpperCase();
}
