import { expect, test } from 'vitest';
import { type GatewayEvent, gatewayMachine } from '../../../actors/gateway/machine.ts';
import { stepsOf, walk } from '../machine-walk.ts';

const EVENTS: Record<GatewayEvent['type'], GatewayEvent> = {
  LISTENING: { type: 'LISTENING' },
  DRAIN: { type: 'DRAIN' },
  EMPTY: { type: 'EMPTY' },
};

const STATES = {
  closed: { LISTENING: 'listening' },
  listening: { DRAIN: 'draining' },
  draining: { EMPTY: 'closed' },
};

test('every state takes the events it knows, ignores the others, and counts them', () => {
  const steps = walk(gatewayMachine, { events: EVENTS });

  expect(new Set(steps)).toEqual(new Set(stepsOf(STATES, EVENTS)));
});
