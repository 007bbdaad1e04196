/** When a value is to go, as SET, GETEX and HSET's kin are told: EX, PX, EXAT, PXAT and a word for "no time". */
import { bigIntOf, optionOf } from './arguments.ts';
import { INTEGER_ERROR, invalidExpire, type Refusal, SYNTAX_ERROR } from './failures.ts';
import type { Words } from './request-reader.ts';

export type Expiry =
  /** Nothing was said. */
  | { readonly kind: 'none' }
  /** It is to stay. */
  | { readonly kind: 'never' }
  /** Milliseconds since 1970. */
  | { readonly kind: 'at'; readonly atMs: number };

export const EXPIRY_SYNTAX = 'EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds';

/** Times beyond this do not fit the arithmetic of clients, as Redis has it. */
const TIME_MAX = 0x7fff_ffff_ffff_ffffn;

/** The option that begins at word `at` and must be the last; `stays` is the word that takes a time away. */
export function readExpiry(command: string, words: Words, at: number, nowMs: number, stays: string): Expiry | Refusal {
  if (at >= words.length) return { kind: 'none' };
  const option = optionOf(words[at] as Uint8Array);
  if (stays !== '' && option === stays && words.length === at + 1) return { kind: 'never' };
  if (!/^(EX|PX|EXAT|PXAT)$/.test(option) || words.length !== at + 2) return SYNTAX_ERROR;
  const atMs = timeOf(words[at + 1] as Uint8Array, {
    unitMs: option.startsWith('E') ? 1_000 : 1,
    sinceMs: option.endsWith('AT') ? 0 : nowMs,
  });
  if (atMs === null) return INTEGER_ERROR;
  return atMs === 'invalid' || Number(atMs) <= 0 || isNotPositive(words[at + 1] as Uint8Array)
    ? invalidExpire(command)
    : { kind: 'at', atMs: Number(atMs) };
}

/** A time in milliseconds since 1970; null when it is no integer, `invalid` when it does not fit. */
export function timeOf(
  word: Uint8Array,
  { unitMs, sinceMs }: { readonly unitMs: number; readonly sinceMs: number },
): bigint | null | 'invalid' {
  const count = bigIntOf(word);
  if (count === null) return null;
  const time = count * BigInt(unitMs) + BigInt(Math.floor(sinceMs));
  return time > TIME_MAX || time < -TIME_MAX || count * BigInt(unitMs) > TIME_MAX ? 'invalid' : time;
}

function isNotPositive(word: Uint8Array): boolean {
  const count = bigIntOf(word);
  return count === null || count <= 0n;
}
