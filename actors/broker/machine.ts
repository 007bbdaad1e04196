/**
 * Whether the broker may work now. Facts of its life only; data messages never touch it.
 *
 *   starting ──RECONCILED──► serving ──DRAIN──► draining ──DRAINED──► stopped
 *
 * What a state does not know is ignored and counted.
 */
import { assign, setup } from 'xstate';

export type BrokerEvent =
  /** What the servers remember was made the same everywhere. */
  | { readonly type: 'RECONCILED' }
  /** No new commands; what is in flight is finished. */
  | { readonly type: 'DRAIN' }
  | { readonly type: 'DRAINED' };

export const brokerMachine = setup({
  types: { events: {} as BrokerEvent, context: {} as { illegalEvents: number } },
  actions: {
    countIllegal: assign({ illegalEvents: ({ context }) => context.illegalEvents + 1 }),
  },
}).createMachine({
  id: 'broker',
  context: { illegalEvents: 0 },
  initial: 'starting',
  on: { '*': { actions: 'countIllegal' } },
  states: {
    starting: { on: { RECONCILED: 'serving', DRAIN: 'draining' } },
    serving: { on: { DRAIN: 'draining' } },
    draining: { on: { DRAINED: 'stopped' } },
    stopped: {},
  },
});
