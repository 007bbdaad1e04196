/** In which order seeds are played, so that a defect is found soon: those first that have much of what it needs. */
import { RARE_SITES } from '../../src/lib/rare.ts';
import { kindOf, type Scenario } from '../../src/sim/scenario.ts';
import { stormName } from '../../src/sim/storms.ts';
import { drawScenario } from '../../src/sim/swarm.ts';

/** Shorter scenarios come first among equals, and those in which little else happens: they are played sooner. */
const BASE_MS = 3_000;

/**
 * The seeds, most likely ones first. Tags are kinds of happenings (`power`, `disk full`, `link drop`), sites of
 * rare behaviour (lib/rare.ts), the PROPERTIES, `deaths`, `absent`, `lost epochs`, and storms (`fire storm`); one that is named twice counts more. Without tags they keep their order.
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
  return score / (scenario.durationMs + BASE_MS) / (1 + scenario.happenings.length);
}

function countOf(scenario: Scenario, tag: string): number {
  const { happenings } = scenario;
  const property = PROPERTIES[tag];
  if (property !== undefined) return property(scenario) ? 1 : 0;
  const site = RARE_SITES.find((name) => name === tag);
  if (site !== undefined) return scenario.knobs.rare?.includes(site) === true ? 1 : 0;
  if (tag.endsWith(' storm')) return `${stormName(scenario.seed)} storm` === tag ? 1 : 0;
  if (tag === 'deaths') return happenings.filter((happening) => DEATHS.includes(kindOf(happening))).length;
  if (tag === 'absent') return happenings.filter((each) => each.kind === 'blackout' && each.absent.length > 0).length;
  if (tag === 'lost epochs') {
    return happenings.filter((each) => each.kind === 'blackout' && each.blackout.losesEpochFile).length;
  }
  return happenings.filter((happening) => kindOf(happening) === tag).length;
}

/** Faults that end a server. */
const DEATHS = [
  'crash',
  'oom',
  'restart',
  'flap',
  'power',
  'throw',
  'crash-point disk',
  'crash-point send',
  'hang',
  'blackout',
];

const PROPERTIES: Readonly<Record<string, (scenario: Scenario) => boolean>> = {
  strict: ({ config }) => config.deleteMode === 'strict',
  available: ({ config }) => config.deleteMode === 'available',
  fleeting: ({ workload }) => workload.fleeting > 0,
  updates: ({ workload }) => workload.updates > 0,
  busy: ({ workload }) => workload.thinkMs <= 20 && workload.clients > 2,
  checkpoints: ({ knobs }) => knobs.checkpointBytes <= 8_000,
  groups: ({ config }) => config.servers > config.replicas,
  copies: ({ config }) => config.replicas > 1,
  quiet: ({ workload }) => workload.thinkMs >= 400 || workload.clients <= 2,
  beyond: ({ budget }) => budget === 'beyond',
  batches: ({ knobs }) => knobs.turnMs >= 5,
  'slow links': ({ knobs }) => knobs.linkMs >= 10,
  'slow epochs': ({ knobs }) => (knobs.epochMs ?? 0) >= 300,
  'slow syncs': ({ knobs }) => knobs.syncMs >= 10,
};

const drawn = new Map<number, Scenario>();

function scenarioOf(seed: number): Scenario {
  const known = drawn.get(seed) ?? drawScenario(seed);
  drawn.set(seed, known);
  return known;
}
