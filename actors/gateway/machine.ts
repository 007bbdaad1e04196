/**
 * Whether a gateway may take connections and commands now. Facts of its life only; bytes never touch it.
 *
 *   closed ──LISTENING──► listening ──DRAIN──► draining ──EMPTY──► closed
 *
 * What a state does not know is ignored and counted.
 */
import { assign, setup } from 'xstate';

export type GatewayEvent =
  /** The port is bound. */
  | { readonly type: 'LISTENING' }
  /** No new connections and no new commands; what is in flight is finished. */
  | { readonly type: 'DRAIN' }
  /** The last connection is gone. */
  | { readonly type: 'EMPTY' };

export const gatewayMachine = setup({
  types: { events: {} as GatewayEvent, context: {} as { illegalEvents: number } },
  actions: {
    countIllegal: assign({ illegalEvents: ({ context }) => context.illegalEvents + 1 }),
  },
}).createMachine({
  id: 'gateway',
  context: { illegalEvents: 0 },
  initial: 'closed',
  on: { '*': { actions: 'countIllegal' } },
  states: {
    closed: { on: { LISTENING: 'listening' } },
    listening: { on: { DRAIN: 'draining' } },
    draining: { on: { EMPTY: 'closed' } },
  },
});
