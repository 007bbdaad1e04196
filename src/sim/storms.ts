/** Scenarios of one kind of trouble, in the place of some of those in which faults are drawn one by one. */
import { Prng } from '../lib/prng.ts';
import { asFire } from './fire-storm.ts';
import { asHeld } from './held-storm.ts';
import { asLosses } from './loss-storm.ts';
import type { Scenario } from './scenario.ts';

/** Each of a source of its own: what else a seed means stays as it was. */
const STORMS = [
  { name: 'held', source: 4, probability: 0.1, draw: asHeld },
  { name: 'fire', source: 5, probability: 0.1, draw: asFire },
  { name: 'losses', source: 6, probability: 0.1, draw: asLosses },
] as const;

export type StormName = (typeof STORMS)[number]['name'];

/** The scenario of a seed, or the storm that stands in its place. */
export function asStorm(scenario: Scenario): Scenario {
  const storm = stormOf(scenario.seed);
  return storm === null ? scenario : storm.draw(scenario, storm.prng);
}

/** The name of the storm that a seed is, or null. */
export function stormName(seed: number): StormName | null {
  return stormOf(seed)?.name ?? null;
}

function stormOf(seed: number): ((typeof STORMS)[number] & { readonly prng: Prng }) | null {
  for (const storm of STORMS) {
    const prng = new Prng(seed).fork(storm.source);
    if (prng.chance(storm.probability)) return { ...storm, prng };
  }
  return null;
}
