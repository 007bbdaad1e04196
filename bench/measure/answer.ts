/**
 * What a question answers: rows of figures, each alone or beside a peer's of the same rounds, and what it must be.
 * Shown as lines of a table in Markdown.
 */
import { ratioOf, type Spread, showNumber, showRatio, showSpread, spreadOf } from './figures.ts';

/** What the ratio of a row must be; of a row without a peer, or of `ours` where that is said, the figure itself. */
export type Target = ({ readonly least: number } | { readonly most: number }) & { readonly of?: 'ours' };

export type Row = {
  readonly what: string;
  /** Such as `/s`, `ms`, `bytes a key`. */
  readonly unit: string;
  readonly ours: Spread;
  readonly peer: { readonly name: string; readonly figure: Spread } | null;
  readonly ratio: Spread | null;
  readonly target: Target | null;
};

export type Answer = {
  /** Name of the file. */
  readonly question: string;
  readonly title: string;
  readonly rows: readonly Row[];
  /** What was seen beside the figures, and what could not be measured here. */
  readonly notes: readonly string[];
};

/** A figure that stands alone. */
export function alone(what: string, unit: string, ours: readonly number[], target: Target | null = null): Row {
  return { what, unit, ours: spreadOf(ours), peer: null, ratio: null, target };
}

/** A figure beside a peer's: the nth values of both are of one round. */
export function beside(
  [what, unit]: readonly [what: string, unit: string],
  ours: readonly number[],
  [name, peer]: readonly [name: string, figures: readonly number[]],
  target: Target | null = null,
): Row {
  return {
    what,
    unit,
    ours: spreadOf(ours),
    peer: { name, figure: spreadOf(peer) },
    ratio: ratioOf(ours, peer),
    target,
  };
}

/** Whether a row is what it must be; null: nothing was asked of it. */
export function isMet(row: Row): boolean | null {
  const { ours, ratio, target } = row;
  if (target === null) return null;
  const { median } = isOfRatio(row) ? (ratio as Spread) : ours;
  return 'least' in target ? median >= target.least : median <= target.most;
}

/** One table for all answers, and what was seen beside the figures. */
export function inMarkdown(answers: readonly Answer[]): string {
  const lines = ['| question | ours | peer | ratio | target | met |', '| --- | --- | --- | --- | --- | --- |'];
  for (const { question, title, rows } of answers) {
    lines.push(`| **${title}** (\`${question}\`) | | | | | |`);
    for (const row of rows) lines.push(`| ${cells(row).join(' | ')} |`);
  }
  const notes = answers.flatMap((answer) => answer.notes.map((note) => `* \`${answer.question}\`: ${note}`));
  return [...lines, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}

function cells(row: Row): string[] {
  const { what, unit, ours, peer, ratio } = row;
  const met = isMet(row);
  return [
    what,
    `${showSpread(ours)} ${unit}`,
    peer === null ? '' : `${peer.name}: ${showSpread(peer.figure)}`,
    ratio === null ? '' : showRatio(ratio),
    showTarget(row),
    met === null ? '' : met ? 'yes' : 'no',
  ];
}

function isOfRatio({ ratio, target }: Row): boolean {
  return ratio !== null && target?.of !== 'ours';
}

function showTarget(row: Row): string {
  const { target, unit } = row;
  if (target === null) return '';
  const [sign, value] = 'least' in target ? ['≥', target.least] : ['≤', target.most];
  return isOfRatio(row) ? `${sign} ${value.toFixed(2)}×` : `${sign} ${showNumber(value)} ${unit}`;
}
