/**
 * Whether the broker may work now. Facts of its life only; data messages never touch it.
 *
 *   starting ──RECONCILED──► serving ──DRAIN──► draining ──DRAINED──► stopped
 */
import { setup } from 'xstate';

export type BrokerEvent =
  /** What the servers remember was made the same everywhere. */
  | { readonly type: 'RECONCILED' }
  /** No new commands; what is in flight is finished. */
  | { readonly type: 'DRAIN' }
  | { readonly type: 'DRAINED' };

export const brokerMachine = setup({ types: { events: {} as BrokerEvent } }).createMachine({
  id: 'broker',
  initial: 'starting',
  states: {
    starting: { on: { RECONCILED: 'serving', DRAIN: 'draining' } },
    serving: { on: { DRAIN: 'draining' } },
    draining: { on: { DRAINED: 'stopped' } },
    stopped: { type: 'final' },
  },
});
