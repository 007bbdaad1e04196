/**
 * Reads the tokens of one line for the parsers. Its first failure stays, with the column of what was wrong and what
 * was expected there; after that it stands at the end and every further question gets a harmless answer, so a parser
 * says only what it expects and is asked once, at its end, whether that came.
 */
import type { Result } from '../lib/result.ts';
import { ok } from '../lib/result.ts';
import { fail, type KvError } from '../model/errors.ts';
import type { Mode } from '../model/config.ts';
import { DISK_ERROR_CODES, type DiskErrorCode } from '../storage/disk.ts';
import { type Token, tokensOf } from './tokens.ts';

/** What a statement may speak of. */
export type Surroundings = {
  readonly servers: number;
  readonly mode: Mode;
  /** Names that an AS gave before. */
  readonly names: ReadonlySet<string>;
};

/** Numbers have up to six decimals, so that printing them needs no exponent. */
const NUMBER = '\\d{1,15}(?:\\.\\d{1,6})?';
const DURATION = new RegExp(`^(${NUMBER})(us|ms|s|m)$`, 'i');
const UNIT_MS = { us: 0.001, ms: 1, s: 1_000, m: 60_000 } as const;
const BYTES = /^(\d{1,12})(b|kb|mb|gb)?$/i;
const UNIT_BYTES = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 } as const;

/** A week: longer is a slip of the pen, and what a timer can count ends soon after. */
export const DURATION_MS_MAX = 604_800_000;
export const COUNT_MAX = 1_000_000_000;

/** Characters of what was got instead that are shown: a file may be anything. */
const SHOWN_MAX = 60;

export class Cursor {
  readonly line: number;
  readonly text: string;
  readonly around: Surroundings;
  readonly #tokens: readonly Token[];
  #at = 0;
  #failure: { readonly column: number; readonly message: string } | null = null;

  constructor(text: string, line: number, around: Surroundings) {
    this.text = text;
    this.line = line;
    this.around = around;
    this.#tokens = tokensOf(text);
  }

  get isAtEnd(): boolean {
    return this.#failure !== null || this.#at >= this.#tokens.length;
  }

  /** The token `ahead` of this place, unless the line ended. */
  peek(ahead = 0): Token | undefined {
    return this.#failure === null ? this.#tokens[this.#at + ahead] : undefined;
  }

  /** The next word in lower case, or nothing when it is no word. */
  word(ahead = 0): string | undefined {
    const token = this.peek(ahead);
    return token?.kind === 'word' ? token.text.toLowerCase() : undefined;
  }

  /** Goes past the next `count` tokens. */
  skip(count = 1): void {
    this.#at += count;
  }

  /** Goes past this word, or this mark, when it is next. */
  take(text: string): boolean {
    const token = this.peek();
    if (token === undefined || (token.kind !== 'word' && token.kind !== 'mark')) return false;
    if (token.text.toLowerCase() !== text) return false;
    this.#at++;
    return true;
  }

  need(text: string): void {
    if (!this.take(text)) this.expected(text);
  }

  /** The first failure is the one that is told. */
  expected(what: string): void {
    const got = this.peek();
    this.wrongAt(
      got?.column ?? this.text.trimEnd().length + 1,
      `expected ${what}${got === undefined ? '' : `, got ${shown(got.text)}`}`,
    );
  }

  wrongAt(column: number, message: string): void {
    this.#failure ??= { column, message };
  }

  /** One of these words. */
  oneOf<T extends string>(words: readonly T[], what = `one of ${words.join(', ')}`): T {
    const found = words.find((word) => word.toLowerCase() === this.word());
    if (found === undefined) this.expected(what);
    else this.#at++;
    return found ?? (words[0] as T);
  }

  /** A text as it was written: a word or one in quotes. */
  words(what: string): string {
    const token = this.peek();
    if (token === undefined || (token.kind !== 'word' && token.kind !== 'quoted')) this.expected(what);
    else this.#at++;
    return token?.text ?? '';
  }

  duration(what = 'a time such as 2s or 50ms'): number {
    const match = DURATION.exec(this.word() ?? '');
    const unit = match?.[2] as keyof typeof UNIT_MS;
    // Whole microseconds: what is printed is read back as the same number.
    const ms = match === null ? 0 : Math.round(Number(match[1]) * UNIT_MS[unit] * 1_000) / 1_000;
    if (match === null || ms > DURATION_MS_MAX) this.expected(match === null ? what : `at most ${DURATION_MS_MAX} ms`);
    else this.#at++;
    return ms;
  }

  /** A time that is more than nothing. */
  interval(): number {
    const column = this.peek()?.column ?? 1;
    const ms = this.duration();
    if (ms === 0) this.wrongAt(column, 'expected a time above 0');
    return ms;
  }

  /** `+5s`, `-200ms`, `5s`. */
  signedDuration(): number {
    const sign = this.take('-') ? -1 : 1;
    if (sign === 1) this.take('+');
    return sign * this.duration('a time such as +5s or -200ms') || 0;
  }

  /** A number of percent, from 0 to 100. */
  percent(what = 'percent, such as 10%'): number {
    return this.#measured(new RegExp(`^(${NUMBER})%$`), 0, 100, what);
  }

  factor(): number {
    return this.#measured(new RegExp(`^(${NUMBER})x$`, 'i'), 1, 1_000_000, 'a factor such as 10x');
  }

  number(low: number, high: number, what: string): number {
    return this.#measured(new RegExp(`^(${NUMBER})$`), low, high, what);
  }

  whole(what: string, low = 0, high = COUNT_MAX): number {
    return this.#measured(/^(\d{1,15})$/, low, high, what);
  }

  bytes(low = 0): number {
    const match = BYTES.exec(this.word() ?? '');
    const unit = (match?.[2] ?? 'b') as keyof typeof UNIT_BYTES;
    const bytes = match === null ? 0 : Number(match[1]) * UNIT_BYTES[unit];
    if (match === null || bytes < low) this.expected(match === null ? 'a size such as 64kb' : `at least ${low} byte`);
    else this.#at++;
    return bytes;
  }

  errno(): DiskErrorCode {
    return this.oneOf(DISK_ERROR_CODES);
  }

  /** What was read, unless something was wrong, or follows. */
  close<T>(value: T): Result<T, KvError> {
    if (!this.isAtEnd) this.expected('the end');
    if (this.#failure === null) return ok(value);
    return fail('BADFAULT', `${this.line}:${this.#failure.column}: ${this.#failure.message}`);
  }

  #measured(pattern: RegExp, low: number, high: number, what: string): number {
    const match = pattern.exec(this.word() ?? '');
    const value = match === null ? Number.NaN : Number(match[1]);
    if (value >= low && value <= high) {
      this.#at++;
      return value;
    }
    this.expected(match === null ? what : `${what}, from ${low} to ${high}`);
    return low;
  }
}

/** On one line, and nothing that a terminal takes for a command. */
function shown(text: string): string {
  const start = text
    .slice(0, SHOWN_MAX)
    .toWellFormed()
    .replace(/\p{Cc}/gu, '\u{fffd}');
  return text.length > SHOWN_MAX ? `${start}…` : start;
}
