import { expect, test } from 'vitest';
import { crashStates } from './crash-states.ts';

/** `npm run bench -- crash-states --states 5000000` looks at more. */
const STATES = 50_000;

test('nothing acknowledged is lost and nothing is half there, whatever a power loss leaves at any disk call', {
  timeout: 120_000,
}, () => {
  const report = crashStates(STATES, 1);

  expect(report.failures).toEqual([]);
  expect(report.states).toBeGreaterThanOrEqual(STATES);
});
