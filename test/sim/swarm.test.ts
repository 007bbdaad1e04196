import { describe, expect, test } from 'vitest';
import type { FaultAction } from '../../src/faults/action.ts';
import { PAIR_KINDS } from '../../src/sim/fault-pairs.ts';
import { kindOf, type Scenario } from '../../src/sim/scenario.ts';
import { CALM_PERCENT, drawScenario, KINDS_MIN } from '../../src/sim/swarm.ts';

const SCENARIOS = Array.from({ length: 1_000 }, (_, seed) => drawScenario(seed));

const DAMAGING: readonly string[] = ['damage flip', 'damage truncate', 'disk lose-write', 'disk misdirect', 'wipe'];

describe('the swarm', () => {
  test('draws the same scenario for the same seed', () => {
    expect(SCENARIOS.slice(0, 50).map(({ seed }) => drawScenario(seed))).toEqual(SCENARIOS.slice(0, 50));
  });

  test('leaves one copy of every key alone between two calms, where the budget is damage', () => {
    const damaged = SCENARIOS.filter(({ budget }) => budget === 'damage');

    for (const { seed, config, happenings } of damaged) {
      let touched = new Set<number>();
      for (const happening of happenings) {
        if (happening.kind === 'calm') touched = new Set();
        if (happening.kind === 'fault') for (const server of serversOf(happening.action)) touched.add(server);
        expect(touched.size, `seed ${seed}`).toBeLessThan(config.replicas);
      }
      expect(happenings.at(-1)?.kind, `seed ${seed}`).toBe('calm');
    }
    expect(damaged.length).toBeGreaterThan(100);
  });

  test('damages no disk where the budget is crashes', () => {
    const kinds = SCENARIOS.filter(({ budget }) => budget === 'crashes').flatMap(({ happenings }) =>
      happenings.map(kindOf),
    );

    expect(kinds.filter((kind) => DAMAGING.includes(kind))).toEqual([]);
  });

  test('has every kind in some seeds and most of them missing in others', () => {
    const drawn = SCENARIOS.map(kindsOf);
    const all = new Set(drawn.flatMap((kinds) => [...kinds]));

    expect([...all].sort()).toEqual([...PAIR_KINDS].sort());
    expect(drawn.filter((kinds) => kinds.size <= 8).length).toBeGreaterThan(100);
    expect(drawn.filter((kinds) => kinds.size >= 12).length).toBeGreaterThan(100);
  });

  test(`has ${KINDS_MIN} kinds of faults and more in every seed but the calm ones, about ${CALM_PERCENT} of a hundred`, () => {
    const counts = SCENARIOS.map((scenario) => kindsOf(scenario).size);

    expect(counts.filter((count) => count > 0 && count < KINDS_MIN)).toEqual([]);
    expect(counts.filter((count) => count === 0).length).toBeGreaterThan(0);
    expect(counts.filter((count) => count === 0).length).toBeLessThan(2 * CALM_PERCENT * 10);
  });
});

/** Kinds of the faults of a scenario. */
function kindsOf({ happenings }: Scenario): ReadonlySet<string> {
  return new Set(happenings.filter(({ kind }) => kind !== 'calm').map(kindOf));
}

/** Servers that a fault touches; the broker, and who is at the other end of a link, are none. */
function serversOf(action: FaultAction): readonly number[] {
  return 'servers' in action ? action.servers : [];
}
