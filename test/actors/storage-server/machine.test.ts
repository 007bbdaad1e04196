import { expect, test } from 'vitest';
import { createActor } from 'xstate';
import { type StorageServerEvent, storageServerMachine } from '../../../actors/storage-server/machine.ts';
import { stepsOf, walk } from '../machine-walk.ts';

const EVENTS: Record<StorageServerEvent['type'], StorageServerEvent> = {
  START: { type: 'START' },
  REPLAY: { type: 'REPLAY' },
  RECOVERED: { type: 'RECOVERED' },
  CAUGHT_UP: { type: 'CAUGHT_UP' },
  FELL_BEHIND: { type: 'FELL_BEHIND' },
  SILENT: { type: 'SILENT' },
  HEARD: { type: 'HEARD' },
  DRAIN: { type: 'DRAIN' },
  FAIL: { type: 'FAIL', reason: 'why' },
};

const STATES = {
  down: { START: 'recovering.loading' },
  'recovering.loading': { REPLAY: 'recovering.replaying', DRAIN: 'draining', FAIL: 'down' },
  'recovering.replaying': { RECOVERED: 'recovering.catchingUp', DRAIN: 'draining', FAIL: 'down' },
  draining: { FAIL: 'down' },
  'recovering.catchingUp': {
    CAUGHT_UP: 'up',
    FELL_BEHIND: 'recovering.catchingUp',
    DRAIN: 'draining',
    FAIL: 'down',
  },
  up: { CAUGHT_UP: 'up', FELL_BEHIND: 'recovering.catchingUp', SILENT: 'suspect', DRAIN: 'draining', FAIL: 'down' },
  suspect: { FELL_BEHIND: 'recovering.catchingUp', HEARD: 'up', DRAIN: 'draining', FAIL: 'down' },
};

test('every state takes the events it knows, ignores the others, and counts them', () => {
  const steps = walk(storageServerMachine, { events: EVENTS });

  expect(new Set(steps)).toEqual(new Set(stepsOf(STATES, EVENTS)));
});

test('a server remembers why it failed until it starts again', () => {
  const actor = createActor(storageServerMachine).start();
  actor.send({ type: 'START' });
  actor.send({ type: 'FAIL', reason: 'why' });
  const { reason } = actor.getSnapshot().context;

  actor.send({ type: 'START' });

  expect([reason, actor.getSnapshot().context.reason]).toEqual(['why', '']);
});
