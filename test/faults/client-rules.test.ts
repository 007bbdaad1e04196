import { expect, test } from 'vitest';
import { clientRules, NO_CLIENT_RULES } from '../../src/faults/client-rules.ts';

test('faults of clients act together, and of two that count bytes the fewer count', () => {
  expect(clientRules([])).toBe(NO_CLIENT_RULES);
  expect(
    clientRules([
      { act: 'slice', bytes: 5 },
      { act: 'stall' },
      { act: 'slice', bytes: 3 },
      { act: 'close-after', bytes: 9 },
    ]),
  ).toEqual({ resets: false, stalls: true, sliceBytes: 3, closeAfterBytes: 9 });
});
