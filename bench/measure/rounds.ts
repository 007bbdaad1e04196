/** Rounds in which every side has its turn (A B A B …), because a machine is never the same from one minute to the next. */
import { progress, settings } from './settings.ts';

/** What each side measured, one figure a round. */
export type Figures<Name extends string> = Readonly<Record<Name, readonly number[]>>;

/** One round to warm up, which does not count, and then as many as asked for. */
export async function interleaved<Name extends string>(
  sides: Readonly<Record<Name, () => number | Promise<number>>>,
  options: { readonly warmUp?: boolean; readonly rounds?: number } = {},
): Promise<Figures<Name>> {
  const { warmUp = true, rounds = settings.rounds } = options;
  const names = Object.keys(sides) as Name[];
  const figures = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = warmUp ? 0 : 1; round <= rounds; round++) {
    for (const name of names) {
      const figure = await sides[name]();
      const shown = figure.toLocaleString('en', { maximumFractionDigits: 2 });
      progress(`${round === 0 ? 'warm-up' : `round ${round} of ${rounds}`}: ${name} ${shown}`);
      if (round > 0) figures[name].push(figure);
    }
  }
  return figures;
}
