/**
 * "Did you mean": the known word nearest to a misspelt one. Distance is optimal string alignment (insert, delete,
 * replace, swap of neighbours), case aside.
 */

/** Words longer than this are not compared: the suggestion is for slips of the hand, and the cost is quadratic. */
const WORD_LENGTH_MAX = 32;

/** The nearest of `known` within two slips (one for words of up to three letters), or null. The first wins ties. */
export function nearest(word: string, known: readonly string[]): string | null {
  if (word.length > WORD_LENGTH_MAX) return null;
  const wanted = word.toLowerCase();
  let best: string | null = null;
  let fewest = Math.min(2, Math.max(1, Math.floor(word.length / 2))) + 1;
  for (const candidate of known) {
    const slips = distance(wanted, candidate.toLowerCase());
    if (slips >= fewest) continue;
    fewest = slips;
    best = candidate;
  }
  return best;
}

/** `, did you mean 'log'?`, or nothing: the end of an error's message. */
export function suggestion(word: string, known: readonly string[]): string {
  const found = nearest(word, known);
  return found === null ? '' : `, did you mean '${found}'?`;
}

function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, at(beforeLast, j - 2) + 1);
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] as number;
}
