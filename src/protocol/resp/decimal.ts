/**
 * Decimals as INCRBYFLOAT adds them: exactly, of any size that Redis knows, and shown as Redis shows them, without an
 * exponent and with at most 17 digits behind the point. (Redis adds in 80 bits, so large sums of its have more noise.)
 */
import { text } from '../../lib/bytes.ts';

/** `digits` with so many of them behind the point; negative: so many zeros behind them. */
export type Decimal = { readonly digits: bigint; readonly places: number };

/** What a word spells; null for no number and for one beyond Redis's bounds. */
export function decimalOf(word: Uint8Array): Decimal | 'infinite' | null {
  if (word.length === 0 || word.length > NUMBER_BYTES_MAX) return null;
  const written = text(word);
  if (/^[+-]?inf(?:inity)?$/i.test(written)) return 'infinite';
  const parts = NUMBER.exec(written);
  if (parts === null) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts;
  const digits = BigInt(whole + fraction);
  if (digits === 0n) return ZERO;
  const decimal = { digits: sign === '-' ? -digits : digits, places: fraction.length - Number(exponent) };
  const order = String(digits).length - 1 - decimal.places;
  return Math.abs(order) > EXPONENT_MAX || isTooLarge(decimal) ? null : decimal;
}

/** The sum as it is shown; null when it is beyond Redis's bounds. */
export function shownSum(a: Decimal, b: Decimal): string | null {
  const places = Math.max(a.places, b.places);
  const sum = { digits: scaled(a, places) + scaled(b, places), places };
  return isTooLarge(sum) ? null : shown(sum);
}

const ZERO: Decimal = { digits: 0n, places: 0 };
const NUMBER = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;

/** Bytes of a number that Redis looks at. */
const NUMBER_BYTES_MAX = 5_119;

/** Of the smallest double of 80 bits, of which the largest is below. */
const EXPONENT_MAX = 4_951;
const LARGEST = (2n ** 64n - 1n) << 16_320n;

const SHOWN_PLACES = 17;

function isTooLarge({ digits, places }: Decimal): boolean {
  const size = digits < 0n ? -digits : digits;
  return places > 0 ? size > LARGEST * 10n ** BigInt(places) : size * 10n ** BigInt(-places) > LARGEST;
}

/** Its digits with so many behind the point, of which none is lost. */
function scaled({ digits, places }: Decimal, wanted: number): bigint {
  return digits * 10n ** BigInt(wanted - places);
}

function shown(decimal: Decimal): string {
  const size = rounded(decimal);
  const digits = String(size < 0n ? -size : size).padStart(SHOWN_PLACES + 1, '0');
  const whole = digits.slice(0, -SHOWN_PLACES);
  const fraction = digits.slice(-SHOWN_PLACES).replace(/0+$/, '');
  return `${size < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Its digits with SHOWN_PLACES behind the point, rounded to the nearest. */
function rounded(decimal: Decimal): bigint {
  const { digits, places } = decimal;
  if (places <= SHOWN_PLACES) return scaled(decimal, SHOWN_PLACES);
  const unit = 10n ** BigInt(places - SHOWN_PLACES);
  return (digits + (digits < 0n ? -unit : unit) / 2n) / unit;
}
