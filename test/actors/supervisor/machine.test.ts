import { describe, expect, test } from 'vitest';
import { createActor, type SnapshotFrom } from 'xstate';
import { type SupervisorEvent, supervisorMachine } from '../../../actors/supervisor/machine.ts';
import { RESTARTS_MAX, RESTARTS_WINDOW_MS } from '../../../src/lib/restart-policy.ts';
import { stepsOf, walk } from '../machine-walk.ts';

const START: SupervisorEvent = { type: 'START', incarnation: 1 };
const ONLINE: SupervisorEvent = { type: 'ONLINE' };
const END: SupervisorEvent = { type: 'END', reason: 'put out', asked: false };
const STOP: SupervisorEvent = { type: 'STOP', reason: 'crashed' };
const EXITED: SupervisorEvent = { type: 'EXITED', reason: 'threw', atMs: 0 };
const OVERDUE: SupervisorEvent = { type: 'OVERDUE' };
const EVENTS: Record<string, SupervisorEvent> = {
  START,
  ONLINE,
  END,
  RESTART: { type: 'END', reason: 'restarted', asked: true },
  STOP,
  EXITED,
  OVERDUE,
  PARDON: { type: 'PARDON' },
};

const DEATHS = Array.from({ length: RESTARTS_MAX }, () => [START, EXITED]).flat();

/** Where the events that a state knows lead; states are named with the deaths within the window. */
const STATES: Record<string, Record<string, string>> = {
  idle: { START: 'starting 0' },
  givenUp: { START: 'starting 0', STOP: 'stopped' },
  stopped: { START: 'starting 0' },
  'ending, unwanted': {
    STOP: 'ending, unwanted',
    EXITED: 'stopped',
    OVERDUE: 'stuck, unwanted',
  },
  'stuck, unwanted': { STOP: 'stuck, unwanted', EXITED: 'stopped' },
};
for (let deaths = 0; deaths < RESTARTS_MAX; deaths++) {
  const exited = deaths + 1 === RESTARTS_MAX ? 'givenUp' : `backingOff ${deaths + 1}`;
  const runs = {
    END: `ending ${deaths}`,
    RESTART: `ending, asked ${deaths}`,
    STOP: 'ending, unwanted',
    EXITED: exited,
  };
  STATES[`starting ${deaths}`] = { ...runs, ONLINE: `running ${deaths}` };
  STATES[`running ${deaths}`] = runs;
  STATES[`ending ${deaths}`] = { STOP: 'ending, unwanted', EXITED: exited, OVERDUE: `stuck ${deaths}` };
  STATES[`stuck ${deaths}`] = { STOP: 'stuck, unwanted', EXITED: exited };
  // A death that was asked for is not counted.
  const asked = { STOP: 'ending, unwanted', EXITED: `backingOff ${deaths}`, OVERDUE: `stuck, asked ${deaths}` };
  STATES[`ending, asked ${deaths}`] = asked;
  STATES[`stuck, asked ${deaths}`] = { STOP: 'stuck, unwanted', EXITED: `backingOff ${deaths}` };
  STATES[`backingOff ${deaths}`] = { START: `starting ${deaths}`, STOP: 'stopped' };
}

// Everywhere the deaths are forgotten, and nothing else changes.
for (const [name, leads] of Object.entries(STATES)) Object.assign(leads, { PARDON: name.replace(/\d+$/, '0') });

function nameOf({ value, context }: SnapshotFrom<typeof supervisorMachine>): string {
  const { isWanted, asked, deathsMs } = context;
  if (['idle', 'givenUp', 'stopped'].includes(value)) return value;
  const isEnding = value === 'ending' || value === 'stuck';
  if (isEnding && !isWanted) return `${value}, unwanted`;
  return `${value}${isEnding && asked ? ', asked' : ''} ${deathsMs.length}`;
}

function inState(path: readonly SupervisorEvent[]) {
  const actor = createActor(supervisorMachine).start();
  for (const event of path) actor.send(event);
  return actor;
}

describe('the supervision of a server', () => {
  test('takes the events that a state knows, ignores the others, and counts them', () => {
    const steps = walk(supervisorMachine, { events: EVENTS, nameOf });

    expect(new Set(steps)).toEqual(new Set(stepsOf(STATES, EVENTS)));
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
