import { describe, expect, test } from 'vitest';
import { createActor } from 'xstate';
import { type StorageServerEvent, storageServerMachine } from '../../../actors/storage-server/machine.ts';

const EVENTS: readonly StorageServerEvent[] = [
  { type: 'START' },
  { type: 'REPLAY' },
  { type: 'RECOVERED' },
  { type: 'CAUGHT_UP' },
  { type: 'FELL_BEHIND' },
  { type: 'SILENT' },
  { type: 'HEARD' },
  { type: 'DRAIN' },
  { type: 'FAIL', reason: 'why' },
];

/** How to come to each state, and where the events that it knows lead. */
const STATES: Record<string, { path: readonly StorageServerEvent['type'][]; next: Record<string, string> }> = {
  down: { path: [], next: { START: 'recovering.loading' } },
  'recovering.loading': { path: ['START'], next: { REPLAY: 'recovering.replaying', DRAIN: 'draining', FAIL: 'down' } },
  'recovering.replaying': {
    path: ['START', 'REPLAY'],
    next: { RECOVERED: 'recovering.catchingUp', DRAIN: 'draining', FAIL: 'down' },
  },
  'recovering.catchingUp': {
    path: ['START', 'REPLAY', 'RECOVERED'],
    next: { CAUGHT_UP: 'up', FELL_BEHIND: 'recovering.catchingUp', DRAIN: 'draining', FAIL: 'down' },
  },
  up: {
    path: ['START', 'REPLAY', 'RECOVERED', 'CAUGHT_UP'],
    next: {
      CAUGHT_UP: 'up',
      FELL_BEHIND: 'recovering.catchingUp',
      SILENT: 'suspect',
      DRAIN: 'draining',
      FAIL: 'down',
    },
  },
  suspect: {
    path: ['START', 'REPLAY', 'RECOVERED', 'CAUGHT_UP', 'SILENT'],
    next: { FELL_BEHIND: 'recovering.catchingUp', HEARD: 'up', DRAIN: 'draining', FAIL: 'down' },
  },
  draining: { path: ['START', 'DRAIN'], next: { FAIL: 'down' } },
};

function inState(path: readonly StorageServerEvent['type'][]) {
  const actor = createActor(storageServerMachine).start();
  for (const type of path) actor.send(EVENTS.find((event) => event.type === type) as StorageServerEvent);
  return actor;
}

function stateOf(actor: ReturnType<typeof inState>): string {
  const { value } = actor.getSnapshot();
  return typeof value === 'string' ? value : `recovering.${value.recovering}`;
}

const PAIRS = Object.entries(STATES).flatMap(([state, { path, next }]) =>
  EVENTS.map((event) => ({ state, path, event, next: next[event.type] })),
);

describe('the life of a storage server', () => {
  test.each(PAIRS.filter(({ next }) => next !== undefined))('goes from $state by $event.type to $next', (pair) => {
    const actor = inState(pair.path);

    actor.send(pair.event);

    expect(stateOf(actor)).toBe(pair.next);
    expect(actor.getSnapshot().context.illegalEvents).toBe(0);
  });

  test.each(PAIRS.filter(({ next }) => next === undefined))('stays $state at $event.type, and counts it', (pair) => {
    const actor = inState(pair.path);

    actor.send(pair.event);

    expect(stateOf(actor)).toBe(pair.state);
    expect(actor.getSnapshot().context.illegalEvents).toBe(1);
  });

  test('remembers why it failed until it starts again', () => {
    const actor = inState(['START', 'FAIL']);
    const { reason } = actor.getSnapshot().context;

    actor.send({ type: 'START' });

    expect([reason, actor.getSnapshot().context.reason]).toEqual(['why', '']);
  });
});
