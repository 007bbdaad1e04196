/**
 * Whether one storage server's thread should run, runs, or why it does not. One machine a server; facts only: the
 * handlers start threads, set timers and tell the time.
 *
 *   idle ──START──► starting ──ONLINE──► running ──END──► ending ──EXITED──► backingOff ──START──► starting …
 *   starting, running ──EXITED──► backingOff, or givenUp after RESTARTS_MAX deaths in RESTARTS_WINDOW_MS
 *   STOP: an operator's or a fault's wish that it stays down; ends in stopped, until START
 *   ending ──OVERDUE──► stuck: the thread does not end; it stays down, since nobody else may open its directory
 *
 * What a state does not know is ignored and counted.
 */
import { assign, setup } from 'xstate';
import { diesTooOften, recentDeaths, RESTARTS_WINDOW_MS } from '../../src/lib/restart-policy.ts';

export type SupervisorEvent =
  /** A new incarnation is started now. */
  | { readonly type: 'START'; readonly incarnation: number }
  /** Its code runs. */
  | { readonly type: 'ONLINE' }
  /** Its thread was told to end, for this reason; it is to be started again. `asked`: the death is nobody's fault. */
  | { readonly type: 'END'; readonly reason: string; readonly asked: boolean }
  /** The same, and it is to stay down. */
  | { readonly type: 'STOP'; readonly reason: string }
  /** Its thread is gone, at this time of a monotonic clock. */
  | { readonly type: 'EXITED'; readonly reason: string; readonly atMs: number }
  /** Its thread was told to end and did not. */
  | { readonly type: 'OVERDUE' }
  /** Earlier deaths had causes that are gone. */
  | { readonly type: 'PARDON' };

export type SupervisorContext = {
  readonly incarnation: number;
  /** Why it is not running, or was not last time. */
  readonly reason: string;
  /** The thread was ended on purpose, so its exit says nothing about it. */
  readonly asked: boolean;
  readonly isWanted: boolean;
  /** When it died by itself, within the window. */
  readonly deathsMs: readonly number[];
  readonly illegalEvents: number;
};

export const supervisorMachine = setup({
  types: { events: {} as SupervisorEvent, context: {} as SupervisorContext },
  actions: {
    countIllegal: assign({ illegalEvents: ({ context }) => context.illegalEvents + 1 }),
    begin: assign(({ event }) =>
      event.type === 'START' ? { incarnation: event.incarnation, asked: false, isWanted: true } : {},
    ),
    /** What an operator starts again, and what is healed, begins with a clean record. */
    pardon: assign({ deathsMs: [] }),
    keepEnd: assign(({ event }) => {
      if (event.type === 'END') return { reason: event.reason, asked: event.asked };
      return event.type === 'STOP' ? { reason: event.reason, asked: true, isWanted: false } : {};
    }),
    keepExit: assign(({ event, context }) => {
      if (event.type !== 'EXITED') return {};
      return { reason: event.reason, deathsMs: recentDeaths(context.deathsMs, event.atMs, context) };
    }),
    sayStuck: assign({ reason: ({ context }) => `stuck: its thread does not end (${context.reason})` }),
    sayGivenUp: assign({
      reason: ({ context }) =>
        `given up after ${context.deathsMs.length} deaths in ${RESTARTS_WINDOW_MS / 1000} s; the last: ${context.reason}`,
    }),
  },
  guards: {
    isUnwanted: ({ context }) => !context.isWanted,
    diesTooOften: ({ context }) => diesTooOften(context.deathsMs),
  },
}).createMachine({
  id: 'supervisor',
  context: { incarnation: 0, reason: '', asked: false, isWanted: true, deathsMs: [], illegalEvents: 0 },
  initial: 'idle',
  on: { PARDON: { actions: 'pardon' }, '*': { actions: 'countIllegal' } },
  states: {
    idle: { on: { START: { target: 'starting', actions: 'begin' } } },
    starting: {
      on: {
        ONLINE: 'running',
        END: { target: 'ending', actions: 'keepEnd' },
        STOP: { target: 'ending', actions: 'keepEnd' },
        EXITED: { target: 'exited', actions: 'keepExit' },
      },
    },
    running: {
      on: {
        END: { target: 'ending', actions: 'keepEnd' },
        STOP: { target: 'ending', actions: 'keepEnd' },
        EXITED: { target: 'exited', actions: 'keepExit' },
      },
    },
    ending: {
      on: {
        STOP: { actions: 'keepEnd' },
        EXITED: { target: 'exited', actions: 'keepExit' },
        OVERDUE: { target: 'stuck', actions: 'sayStuck' },
      },
    },
    stuck: {
      on: {
        STOP: { actions: 'keepEnd' },
        EXITED: { target: 'exited', actions: 'keepExit' },
      },
    },
    exited: {
      always: [
        { guard: 'isUnwanted', target: 'stopped' },
        { guard: 'diesTooOften', target: 'givenUp', actions: 'sayGivenUp' },
        { target: 'backingOff' },
      ],
    },
    backingOff: {
      on: {
        START: { target: 'starting', actions: 'begin' },
        STOP: { target: 'stopped', actions: 'keepEnd' },
      },
    },
    givenUp: {
      on: {
        START: { target: 'starting', actions: ['begin', 'pardon'] },
        STOP: { target: 'stopped', actions: 'keepEnd' },
      },
    },
    stopped: { on: { START: { target: 'starting', actions: ['begin', 'pardon'] } } },
  },
});
