import { describe, expect, test } from 'vitest';
import { createActor } from 'xstate';
import {
  RESTARTS_MAX,
  RESTARTS_WINDOW_MS,
  type SupervisorEvent,
  supervisorMachine,
} from '../../../actors/supervisor/machine.ts';

const START: SupervisorEvent = { type: 'START', incarnation: 1 };
const ONLINE: SupervisorEvent = { type: 'ONLINE' };
const END: SupervisorEvent = { type: 'END', reason: 'put out', asked: false };
const STOP: SupervisorEvent = { type: 'STOP', reason: 'crashed' };
const EXITED: SupervisorEvent = { type: 'EXITED', reason: 'threw', atMs: 0 };
const OVERDUE: SupervisorEvent = { type: 'OVERDUE' };
const EVENTS = [START, ONLINE, END, STOP, EXITED, OVERDUE];

const DEATHS = Array.from({ length: RESTARTS_MAX }, () => [START, EXITED]).flat();

/** How to come to each state, and where the events that it knows lead. */
const STATES: Record<string, { path: readonly SupervisorEvent[]; next: Record<string, string> }> = {
  idle: { path: [], next: { START: 'starting' } },
  starting: { path: [START], next: { ONLINE: 'running', END: 'ending', STOP: 'ending', EXITED: 'backingOff' } },
  running: { path: [START, ONLINE], next: { END: 'ending', STOP: 'ending', EXITED: 'backingOff' } },
  ending: { path: [START, ONLINE, END], next: { STOP: 'ending', EXITED: 'backingOff', OVERDUE: 'stuck' } },
  stuck: { path: [START, END, OVERDUE], next: { STOP: 'stuck', EXITED: 'backingOff' } },
  backingOff: { path: [START, EXITED], next: { START: 'starting', STOP: 'stopped' } },
  givenUp: { path: DEATHS, next: { START: 'starting', STOP: 'stopped' } },
  stopped: { path: [START, STOP, EXITED], next: { START: 'starting' } },
};

function inState(path: readonly SupervisorEvent[]) {
  const actor = createActor(supervisorMachine).start();
  for (const event of path) actor.send(event);
  return actor;
}

const PAIRS = Object.entries(STATES).flatMap(([state, { path, next }]) =>
  EVENTS.map((event) => ({ state, path, event, next: next[event.type] })),
);

describe('the supervision of a server', () => {
  test.each(PAIRS.filter(({ next }) => next !== undefined))('goes from $state by $event.type to $next', (pair) => {
    const actor = inState(pair.path);

    actor.send(pair.event);

    expect(actor.getSnapshot().value).toBe(pair.next);
    expect(actor.getSnapshot().context.illegalEvents).toBe(0);
  });

  test.each(PAIRS.filter(({ next }) => next === undefined))('stays $state at $event.type, and counts it', (pair) => {
    const actor = inState(pair.path);

    actor.send(pair.event);

    expect(actor.getSnapshot().value).toBe(pair.state);
    expect(actor.getSnapshot().context.illegalEvents).toBe(1);
  });

  test('stays down when it was told to stop while it ended', () => {
    const actor = inState([START, ONLINE, END, STOP, EXITED]);

    expect(actor.getSnapshot().value).toBe('stopped');
  });

  test('stays down when it was told to stop while it was stuck, and ends after all', () => {
    const actor = inState([START, END, OVERDUE, STOP, EXITED]);

    expect(actor.getSnapshot().value).toBe('stopped');
  });

  test('gives up with the last reason and the number of deaths', () => {
    const actor = inState(DEATHS);

    expect(actor.getSnapshot().context.reason).toBe('given up after 10 deaths in 60 s; the last: threw');
  });

  test('does not give up over deaths that lie further apart', () => {
    const actor = inState([]);
    for (let i = 0; i < 3 * RESTARTS_MAX; i++) {
      actor.send(START);
      actor.send({ type: 'EXITED', reason: 'threw', atMs: (i * 2 * RESTARTS_WINDOW_MS) / RESTARTS_MAX });
    }

    expect(actor.getSnapshot().value).toBe('backingOff');
  });

  test('does not count deaths that were asked for', () => {
    const asked: SupervisorEvent = { type: 'END', reason: 'restarted', asked: true };
    const actor = inState(Array.from({ length: 2 * RESTARTS_MAX }, () => [START, asked, EXITED]).flat());

    expect(actor.getSnapshot().value).toBe('backingOff');
    expect(actor.getSnapshot().context.deathsMs).toEqual([]);
  });

  test('begins with a clean record when it is started after it was given up', () => {
    const actor = inState([...DEATHS, START, EXITED]);

    expect(actor.getSnapshot().value).toBe('backingOff');
  });
});
