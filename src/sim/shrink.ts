/**
 * Makes a failing scenario small: fewer happenings, then fewer clients, as long as it still fails in the same way
 * (delta debugging: Zeller and Hildebrandt, 2002). What is left out changes what follows, so nothing is certain but
 * what was played.
 */
import { play } from './play.ts';
import type { Happening, Scenario } from './scenario.ts';

export type Shrunk = {
  readonly scenario: Scenario;
  /** Places of the happenings that are left, in the scenario it came from. */
  readonly kept: readonly number[];
  /** What it still shows. */
  readonly violation: string;
  readonly plays: number;
};

export type ShrinkOptions = {
  /** Scenarios that may be played. */
  readonly playsMax: number;
  /** Whether it took long enough. */
  readonly isOver?: () => boolean;
  /** Whether a scenario fails, and how: the first violation, or null. */
  readonly fails?: (scenario: Scenario) => string | null;
};

/** Null when the scenario does not fail. */
export function shrink(
  scenario: Scenario,
  { playsMax, isOver = () => false, fails = firstViolation }: ShrinkOptions,
): Shrunk | null {
  const violation = fails(scenario);
  if (violation === null) return null;
  const wanted = likeness(violation);
  let plays = 1;
  let shown = violation;
  const still = (candidate: Scenario): boolean => {
    if (plays >= playsMax || isOver()) return false;
    plays++;
    const found = fails(candidate);
    if (found === null || likeness(found) !== wanted) return false;
    shown = found;
    return true;
  };
  const with_ = (kept: readonly number[]): Scenario => ({
    ...scenario,
    happenings: kept.map((place) => scenario.happenings[place] as Happening),
  });
  // Without a calm, damage on two servers could meet: that would be another scenario's failure.
  const places = scenario.happenings.map((_, place) => place);
  const isCalm = (place: number): boolean => scenario.happenings[place]?.kind === 'calm';
  const and = (candidate: readonly number[]): number[] =>
    places.filter((place) => isCalm(place) || candidate.includes(place));
  const kept = and(
    minimize(
      places.filter((place) => !isCalm(place)),
      (candidate) => still(with_(and(candidate))),
    ),
  );
  let smallest = with_(kept);
  for (let clients = 1; clients < smallest.workload.clients; clients *= 2) {
    const fewer = { ...smallest, workload: { ...smallest.workload, clients } };
    if (!still(fewer)) continue;
    smallest = fewer;
    break;
  }
  return { scenario: smallest, kept, violation: shown, plays };
}

/** A sublist that still fails and of which no tried part does. */
function minimize(list: readonly number[], fails: (candidate: readonly number[]) => boolean): readonly number[] {
  let current = list;
  let parts = 2;
  while (current.length > 0) {
    const size = Math.ceil(current.length / parts);
    let isSmaller = false;
    for (let from = 0; from < current.length; from += size) {
      const without = current.filter((_, at) => at < from || at >= from + size);
      if (!fails(without)) continue;
      current = without;
      parts = Math.max(2, parts - 1);
      isSmaller = true;
      break;
    }
    if (isSmaller) continue;
    if (size <= 1) break;
    parts = Math.min(current.length, parts * 2);
  }
  return current;
}

function firstViolation(scenario: Scenario): string | null {
  return play(scenario).violations[0] ?? null;
}

/** Two violations are alike when they say the same of some key, server and moment. */
function likeness(violation: string): string {
  return (violation.split('\n')[0] as string).replace(/\d[\d.]*/g, '#').slice(0, 40);
}
