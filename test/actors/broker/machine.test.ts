import { expect, test } from 'vitest';
import { type BrokerEvent, brokerMachine } from '../../../actors/broker/machine.ts';
import { stepsOf, walk } from '../machine-walk.ts';

const EVENTS: Record<BrokerEvent['type'], BrokerEvent> = {
  RECONCILED: { type: 'RECONCILED' },
  DRAIN: { type: 'DRAIN' },
  DRAINED: { type: 'DRAINED' },
};

const STATES = {
  starting: { RECONCILED: 'serving', DRAIN: 'draining' },
  serving: { DRAIN: 'draining' },
  draining: { DRAINED: 'stopped' },
  stopped: {},
};

test('every state takes the events it knows, ignores the others, and counts them', () => {
  const steps = walk(brokerMachine, { events: EVENTS });

  expect(new Set(steps)).toEqual(new Set(stepsOf(STATES, EVENTS)));
});
