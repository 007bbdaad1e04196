/**
 * Whether a storage server may work now. Facts of its life only; frames never touch it.
 *
 *   down ──START──► recovering: loading ──REPLAY──► replaying ──RECOVERED──► catchingUp ──CAUGHT_UP──► up
 *   up ◄──FELL_BEHIND/CAUGHT_UP──► catchingUp      up ◄──HEARD/SILENT──► suspect (nobody heard of for too long)
 *   any running state ──DRAIN──► draining          any state ──FAIL──► down
 *
 * What a state does not know is ignored and counted.
 */
import { assign, setup } from 'xstate';

export type StorageServerEvent =
  | { readonly type: 'START' }
  /** The broker said what is agreed: the directory is read into memory. */
  | { readonly type: 'REPLAY' }
  /** Memory holds what the directory holds. */
  | { readonly type: 'RECOVERED' }
  /** In sync with every placement group it owns. */
  | { readonly type: 'CAUGHT_UP' }
  /** Out of sync with one. */
  | { readonly type: 'FELL_BEHIND' }
  /** The broker was not heard for so long that it may have put this server out. */
  | { readonly type: 'SILENT' }
  | { readonly type: 'HEARD' }
  /** No more frames; what was taken is made durable. */
  | { readonly type: 'DRAIN' }
  | { readonly type: 'FAIL'; readonly reason: string };

export const storageServerMachine = setup({
  types: { events: {} as StorageServerEvent, context: {} as { illegalEvents: number; reason: string } },
  actions: {
    countIllegal: assign({ illegalEvents: ({ context }) => context.illegalEvents + 1 }),
    keepReason: assign({ reason: ({ event }) => (event.type === 'FAIL' ? event.reason : '') }),
  },
}).createMachine({
  id: 'storage-server',
  context: { illegalEvents: 0, reason: '' },
  initial: 'down',
  on: { '*': { actions: 'countIllegal' } },
  states: {
    down: { on: { START: { target: 'recovering', actions: 'keepReason' } } },
    recovering: {
      initial: 'loading',
      on: { DRAIN: 'draining', FAIL: { target: 'down', actions: 'keepReason' } },
      states: {
        loading: { on: { REPLAY: 'replaying' } },
        replaying: { on: { RECOVERED: 'catchingUp' } },
        catchingUp: { on: { CAUGHT_UP: '#storage-server.up', FELL_BEHIND: {} } },
      },
    },
    up: {
      on: {
        CAUGHT_UP: {},
        FELL_BEHIND: 'recovering.catchingUp',
        SILENT: 'suspect',
        DRAIN: 'draining',
        FAIL: { target: 'down', actions: 'keepReason' },
      },
    },
    suspect: {
      on: {
        HEARD: 'up',
        FELL_BEHIND: 'recovering.catchingUp',
        DRAIN: 'draining',
        FAIL: { target: 'down', actions: 'keepReason' },
      },
    },
    draining: { on: { FAIL: { target: 'down', actions: 'keepReason' } } },
  },
});
