/**
 * Negative controls: the simulator must see what is put into the product on purpose. Five of the mutants that are found
 * soon a day, others the next day; all of them with `npm run bench -- mutants`.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Prng } from '../../src/lib/prng.ts';
import { readFound } from './found.ts';
import { hunt } from './hunt.ts';
import { mostLikelyFirst } from './likely.ts';
import { MUTANTS } from './list.ts';
import { edited, editsOf } from './mutant.ts';

const MUTANTS_A_DAY = 5;
const DAY_MS = 86_400_000;

/**
 * Those that were found within so many seeds of the first thousand are found soon, and then within so many also when seeds
 * mean others.
 */
const SOON = 10;
const FIRST_SEEDS = 1_000;
const SEEDS_MAX = 100;

/** How many defects there must be at least, and how many of them must be found soon: these take turns. */
const MUTANTS_MIN = 40;
const SOON_MIN = 25;

const AGAIN = 'npm run bench -- mutants --write';

const found = readFound();
const soon = new Prng(1).shuffle(
  MUTANTS.filter(({ name }) => {
    const { seed, played, kind } = found.get(name) ?? { seed: 0, played: Number.POSITIVE_INFINITY, kind: null };
    // That a run does not end is known only after minutes.
    return played <= SOON && seed <= FIRST_SEEDS && kind !== 'endless';
  }),
);

test.each(MUTANTS)('what is to be replaced is there exactly once: $name', (mutant) => {
  const sources = new Map<string, string>();
  for (const edit of editsOf(mutant)) {
    const source = sources.get(edit.file) ?? readFileSync(new URL(`../../src/${edit.file}`, import.meta.url), 'utf8');

    const changed = edited(source, edit);

    expect(changed, `src/${edit.file} does not have exactly once: ${edit.find}`).not.toBe(null);
    sources.set(edit.file, changed ?? source);
  }
});

test('mutants have names of their own, and enough of them are found soon', () => {
  const names = new Set(MUTANTS.map(({ name }) => name));

  expect(names.size).toBe(MUTANTS.length);
  expect(MUTANTS.length).toBeGreaterThanOrEqual(MUTANTS_MIN);
  expect(
    [...found.keys()].filter((name) => !names.has(name)),
    `gone: ${AGAIN}`,
  ).toEqual([]);
  expect(soon.length).toBeGreaterThanOrEqual(SOON_MIN);
});

describe('the simulator sees', () => {
  const day = Math.floor(Date.now() / DAY_MS);
  const today = Array.from({ length: MUTANTS_A_DAY }, (_, i) => soon[(day * MUTANTS_A_DAY + i) % soon.length]).filter(
    (mutant) => mutant !== undefined,
  );

  test.each(today)(`on day ${day}: $name`, { timeout: 120_000 }, async (mutant) => {
    const all = Array.from({ length: SEEDS_MAX }, (_, i) => i + 1);
    const known = found.get(mutant.name)?.seed ?? 1;
    const seeds = [known, ...mostLikelyFirst(all, mutant.likely ?? [])];

    const hunted = await hunt({ mutant, seeds });

    expect(hunted.found, `not found in ${hunted.played} seeds; when seeds mean others than before: ${AGAIN}`).not.toBe(
      null,
    );
  });

  test('nothing where nothing was put in', { timeout: 120_000 }, async () => {
    const seeds = [...new Set(today.map(({ name }) => found.get(name)?.seed ?? 1))];

    const hunted = await hunt({ mutant: null, seeds });

    expect(hunted.violation).toBe('');
    expect(hunted.played).toBe(seeds.length);
  });
});
