import { expect, test } from 'vitest';
import { createActor } from 'xstate';
import { type GatewayEvent, gatewayMachine } from '../../../actors/gateway/machine.ts';

const ALL: GatewayEvent['type'][] = ['LISTENING', 'DRAIN', 'EMPTY'];

test.each([
  [[], 'closed', ['LISTENING']],
  [['LISTENING'], 'listening', ['DRAIN']],
  [['LISTENING', 'DRAIN'], 'draining', ['EMPTY']],
  [['LISTENING', 'DRAIN', 'EMPTY'], 'closed', ['LISTENING']],
] as [GatewayEvent['type'][], string, GatewayEvent['type'][]][])(
  'after %j it is %s and takes %j only',
  (events, state, taken) => {
    const gateway = createActor(gatewayMachine).start();
    for (const type of events) gateway.send({ type });

    const snapshot = gateway.getSnapshot();

    expect(snapshot.value).toBe(state);
    expect(ALL.filter((type) => snapshot.can({ type }))).toEqual(taken);
  },
);
