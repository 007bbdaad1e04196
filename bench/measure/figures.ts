/** Figures with their spread: how one is made of several rounds, compared with another, and shown. */

/** Of several rounds. */
export type Spread = { readonly median: number; readonly min: number; readonly max: number };

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return {
    median: sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2,
    min: sorted[0] as number,
    max: sorted.at(-1) as number,
  };
}

/** Each value by the one of the same round: what both sides have in common, such as a slow minute, falls out. */
export function ratioOf(ours: readonly number[], peer: readonly number[]): Spread {
  return spreadOf(ours.map((value, round) => value / (peer[round] as number)));
}

/** `12,300`, `0.87`, `1.2`: three digits that say something. */
export function showNumber(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 4;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}

/** `123,456 (120,000 … 130,000)` */
export function showSpread({ median, min, max }: Spread): string {
  if (min === max) return showNumber(median);
  return `${showNumber(median)} (${showNumber(min)} … ${showNumber(max)})`;
}

/** `0.87× (0.80 … 0.91)` */
export function showRatio({ median, min, max }: Spread): string {
  const digits = (value: number): string => value.toFixed(2);
  return min === max ? `${digits(median)}×` : `${digits(median)}× (${digits(min)} … ${digits(max)})`;
}

/** The value below which that part of `values` lies. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] as number;
}
