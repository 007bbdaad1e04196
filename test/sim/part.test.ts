import { expect, test } from 'vitest';
import { partOf, WHOLE } from '../../src/sim/part.ts';
import { drawScenario } from '../../src/sim/swarm.ts';

test('a seed that is played alone is the scenario that was drawn, with what happens after its clients end', () => {
  // Its last happenings come later than its clients stay.
  for (const seed of [38_699, 1, 2, 3]) expect(partOf(drawScenario(seed), WHOLE)).toEqual(drawScenario(seed));
});

test('a part that ends earlier has nothing that happens after its end', () => {
  const { durationMs, happenings } = partOf(drawScenario(38_699), { ...WHOLE, forMs: 700 });

  expect(durationMs).toBe(700);
  expect(happenings.filter(({ atMs }) => atMs > 700)).toEqual([]);
});
