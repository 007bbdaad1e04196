/** In which order seeds are played, so that a defect is found soon: those first that have much of what it needs. */
import { kindOf, type Scenario } from '../../src/sim/scenario.ts';
import { drawScenario } from '../../src/sim/swarm.ts';

/** Scenarios that are as long as this count for what they have; shorter ones for more. */
const BASE_MS = 3_000;

/**
 * The seeds, most likely ones first. Tags are kinds of happenings (`power`, `disk full`, `link drop`), and `checkpoints`,
 * `strict`, `lost epochs`. Without tags they keep their order.
 */
export function mostLikelyFirst(seeds: readonly number[], tags: readonly string[]): number[] {
  if (tags.length === 0) return [...seeds];
  return seeds
    .map((seed) => ({ seed, score: scoreOf(scenarioOf(seed), tags) }))
    .sort((a, b) => b.score - a.score)
    .map(({ seed }) => seed);
}

function scoreOf(scenario: Scenario, tags: readonly string[]): number {
  let score = 1;
  for (const tag of tags) score *= countOf(scenario, tag);
  return score / (scenario.durationMs + BASE_MS);
}

function countOf({ config, knobs, happenings }: Scenario, tag: string): number {
  switch (tag) {
    case 'strict':
      return config.deleteMode === 'strict' ? 1 : 0;
    case 'checkpoints':
      return knobs.checkpointBytes <= 8_000 ? 1 : 0;
    case 'lost epochs':
      return happenings.filter(
        ({ kind, ...rest }) => kind === 'blackout' && JSON.stringify(rest).includes('"losesEpochFile":true'),
      ).length;
    default:
      return happenings.filter((happening) => kindOf(happening) === tag).length;
  }
}

const drawn = new Map<number, Scenario>();

function scenarioOf(seed: number): Scenario {
  const known = drawn.get(seed) ?? drawScenario(seed);
  drawn.set(seed, known);
  return known;
}
