/**
 * Makes a failing scenario small: no rare behaviour, fewer clients, a shorter run, fewer happenings, as long as it still
 * fails in the same way (delta debugging: Zeller and Hildebrandt, 2002). What makes a play short comes first. What is
 * left out changes what follows, so nothing is certain but what was played.
 */
import { type Part, partOf, WHOLE } from './part.ts';
import { play } from './play.ts';
import type { Scenario } from './scenario.ts';

export type Shrunk = {
  readonly scenario: Scenario;
  /** What is left, of the scenario it came from. */
  readonly part: Part;
  /** What it still shows. */
  readonly violation: string;
  readonly plays: number;
};

export type ShrinkOptions = {
  /** Scenarios that may be played. */
  readonly playsMax: number;
  /** Whether it took long enough. */
  readonly isOver?: () => boolean;
  /** The part that failed; the whole by default. */
  readonly part?: Part;
  /** What a scenario violates. */
  readonly fails?: (scenario: Scenario) => readonly string[];
};

/** Parts of its length that a run is tried with, the shortest first. */
const LENGTHS = [1 / 8, 1 / 4, 1 / 2, 3 / 4];

/** Milliseconds that a run goes on behind its last happening, at least: until what was broken is seen. */
const BEHIND_MS = [200, 1_000];

/** Null when the scenario does not fail. */
export function shrink(
  scenario: Scenario,
  { playsMax, isOver = () => false, part = WHOLE, fails = violationsOf }: ShrinkOptions,
): Shrunk | null {
  const [violation] = fails(partOf(scenario, part));
  if (violation === undefined) return null;
  const wanted = likeness(violation);
  let plays = 1;
  let shown = violation;
  let smallest = part;
  const tries = (candidate: Part): boolean => {
    if (plays >= playsMax || isOver()) return false;
    plays++;
    const found = fails(partOf(scenario, candidate)).find((each) => likeness(each) === wanted);
    if (found === undefined) return false;
    shown = found;
    smallest = candidate;
    return true;
  };
  tries({ ...smallest, plain: true });
  fewerClients(scenario, () => smallest, tries);
  LENGTHS.some((length) => tries({ ...smallest, forMs: Math.ceil(partOf(scenario, smallest).durationMs * length) }));
  fewerHappenings(scenario, () => smallest, tries);
  fewerClients(scenario, () => smallest, tries);
  const lastMs = partOf(scenario, smallest).happenings.reduce(
    (last, { kind, atMs }) => (kind === 'calm' ? last : Math.max(last, atMs)),
    0,
  );
  BEHIND_MS.some((ms) => {
    const forMs = Math.ceil(lastMs + ms);
    return forMs < partOf(scenario, smallest).durationMs && tries({ ...smallest, forMs });
  });
  return { scenario: partOf(scenario, smallest), part: smallest, violation: shown, plays };
}

function fewerClients(scenario: Scenario, now: () => Part, tries: (candidate: Part) => boolean): void {
  for (let clients = 1; clients < partOf(scenario, now()).workload.clients; clients *= 2) {
    if (tries({ ...now(), clients })) return;
  }
}

/** Leaves out ever smaller runs of happenings, until none can be. */
function fewerHappenings(scenario: Scenario, now: () => Part, tries: (candidate: Part) => boolean): void {
  // Without a calm, damage on two servers could meet: that would be another scenario's failure.
  const inPart = new Set(partOf(scenario, now()).happenings);
  let kept = scenario.happenings.flatMap((happening, place) =>
    happening.kind !== 'calm' && inPart.has(happening) ? [place] : [],
  );
  if (tries({ ...now(), only: [] })) return;
  for (let size = Math.ceil(kept.length / 2); size >= 1; ) {
    const before = kept.length;
    for (let from = 0; from < kept.length; ) {
      const only = [...kept.slice(0, from), ...kept.slice(from + size)];
      if (tries({ ...now(), only })) kept = only;
      else from += size;
    }
    if (size === 1 && kept.length === before) return;
    size = size === 1 ? 1 : Math.ceil(size / 2);
  }
}

function violationsOf(scenario: Scenario): readonly string[] {
  return play(scenario).violations;
}

/** Two violations are alike when they say the same of some key, server and moment. */
function likeness(violation: string): string {
  return (violation.split('\n')[0] as string)
    .replace(/\d[\d.]*/g, '#')
    .replace(/\b[rfx]#/g, 'k#')
    .slice(0, 40);
}
