/** The figures of one day beside those of another. */
import type { Answer, Row } from './answer.ts';
import { showNumber, showRatio, type Spread } from './figures.ts';
import { type Machine, showMachine } from './machine.ts';

/** What `npm run bench -- --json` prints. */
export type Session = {
  readonly machine: Machine;
  readonly began: string;
  readonly seconds: number;
  readonly flags: readonly string[];
  readonly answers: readonly Answer[];
  /** Questions that ended without an answer. */
  readonly failed: readonly string[];
};

/**
 * A table of the rows that both have. A ratio to a peer is worth more than a figure, because the peer had the same machine
 * in the same minute; a change is one when the spreads do not touch.
 */
export function comparison(earlier: Session, now: Session): string {
  const before = new Map(rowsOf(earlier));
  const lines = rowsOf(now).flatMap(([name, row]) => {
    const old = before.get(name);
    return old === undefined ? [] : [`| ${[name, ...cells(old, row)].join(' | ')} |`];
  });
  return [
    `Beside ${earlier.began}, on ${showMachine(earlier.machine)}:`,
    '',
    '| | before | now | | ratio before | ratio now | |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

function rowsOf({ answers }: Session): (readonly [string, Row])[] {
  return answers.flatMap(({ question, rows }) =>
    rows.map((row) => [`\`${question}\` ${row.what}${row.peer === null ? '' : `, ${row.peer.name}`}`, row] as const),
  );
}

function cells(old: Row, row: Row): string[] {
  const ratios =
    old.ratio === null || row.ratio === null
      ? ['', '', '']
      : [showRatio(old.ratio), showRatio(row.ratio), change(old.ratio, row.ratio)];
  return [
    showNumber(old.ours.median),
    `${showNumber(row.ours.median)} ${row.unit}`,
    change(old.ours, row.ours),
    ...ratios,
  ];
}

/** `+12%`, in brackets when it may be chance. */
function change(before: Spread, now: Spread): string {
  const percent = (now.median / before.median - 1) * 100;
  const shown = `${percent < 0 ? '' : '+'}${percent.toFixed(0)}%`;
  const touch = now.min <= before.max && before.min <= now.max;
  return touch ? `(${shown})` : shown;
}
