/** What may follow SET and GETEX: when a value is to go, above all. Words are read first, times when they matter. */
import { bigIntOf, INT64_MAX, INT64_MIN, optionOf } from './arguments.ts';
import { INTEGER_ERROR, invalidExpire, type Refusal, SYNTAX_ERROR } from './failures.ts';
import type { Words } from './request-reader.ts';

export const EXPIRY_SYNTAX = 'EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds';

export type TimeOption = { readonly option: string; readonly count: Uint8Array };

export type ValueOptions = {
  readonly when: '' | 'NX' | 'XX';
  readonly answersOld: boolean;
  /** Whether the word was said that rules a time out: KEEPTTL of SET, PERSIST of GETEX. */
  readonly stays: boolean;
  readonly time: TimeOption | null;
};

/** The options from word `at` on. As in Redis one may be said again, and the last counts, but not another of its kind. */
export function readValueOptions(command: 'set' | 'getex', words: Words, at: number): ValueOptions | Refusal {
  const isSet = command === 'set';
  let when: ValueOptions['when'] = '';
  let answersOld = false;
  let stays = false;
  let time = null as TimeOption | null;
  for (let i = at; i < words.length; i++) {
    const option = optionOf(words[i] as Uint8Array);
    const count = words[i + 1];
    if (isSet && (option === 'NX' || option === 'XX') && (when === '' || when === option)) when = option;
    else if (isSet && option === 'GET') answersOld = true;
    else if (option === (isSet ? 'KEEPTTL' : 'PERSIST') && time === null) stays = true;
    else if (/^(EX|PX)(AT)?$/.test(option) && count !== undefined && !stays && option === (time?.option ?? option)) {
      time = { option, count };
      i++;
    } else return SYNTAX_ERROR;
  }
  return { when, answersOld, stays, time };
}

/** Milliseconds since 1970 of a time option. */
export function readTime(command: string, { option, count }: TimeOption, nowMs: number): number | Refusal {
  const atMs = timeOf(count, {
    unitMs: option.startsWith('E') ? 1_000 : 1,
    sinceMs: option.endsWith('AT') ? 0 : nowMs,
  });
  if (atMs === null) return INTEGER_ERROR;
  return atMs === 'invalid' || (bigIntOf(count) as bigint) <= 0n ? invalidExpire(command) : Number(atMs);
}

/** A time in milliseconds since 1970; null when it is no integer, `invalid` when it does not fit. */
export function timeOf(
  word: Uint8Array,
  { unitMs, sinceMs }: { readonly unitMs: number; readonly sinceMs: number },
): bigint | null | 'invalid' {
  const count = bigIntOf(word);
  if (count === null) return null;
  const since = BigInt(Math.floor(sinceMs));
  const time = count * BigInt(unitMs);
  return time > INT64_MAX - since || time < INT64_MIN ? 'invalid' : time + since;
}
