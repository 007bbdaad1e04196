import { EventEmitter } from 'node:events';
import { MessageChannel, type Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createActor } from 'xstate';
import { type SupervisorEvent, supervisorMachine } from '../../../actors/supervisor/machine.ts';
import { EXIT_TIMEOUT_MS, Supervised } from '../../../actors/supervisor/supervised.ts';
import { Prng } from '../../../src/lib/prng.ts';
import type { Incarnation, ServerIndex } from '../../../src/model/ids.ts';
import { ControlClient } from '../../../src/node/control.ts';
import { pathsOf } from '../machine-walk.ts';

const EVENTS: Record<string, SupervisorEvent> = {
  START: { type: 'START', incarnation: 1 },
  ONLINE: { type: 'ONLINE' },
  END: { type: 'END', reason: 'put out', asked: false },
  STOP: { type: 'STOP', reason: 'crashed' },
  EXITED: { type: 'EXITED', reason: 'threw', atMs: 0 },
  OVERDUE: { type: 'OVERDUE' },
  PARDON: { type: 'PARDON' },
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('what happens to a thread moves its supervisor as its machine says, in every state', () => {
  const paths = pathsOf(supervisorMachine, {
    events: EVENTS,
    nameOf: ({ value, context }) => `${value} ${context.isWanted} ${context.deathsMs.length}`,
  });
  const wrong: string[] = [];

  for (const path of paths) {
    for (const [name, last] of Object.entries(EVENTS)) {
      const machine = createActor(supervisorMachine).start();
      const thread = new ScriptedServer();
      for (const event of path) {
        machine.send(event);
        thread.happen(event.type);
      }
      const before = machine.getSnapshot().value;
      // There the clock restarts the server, which is an event of its own.
      if (before === 'backingOff' && name === 'OVERDUE') continue;
      machine.send(last);
      thread.happen(last.type);
      const [expected, found] = [machine.getSnapshot().value, thread.supervised.state];
      if (expected !== found) wrong.push(`${before} by ${name} after ${path.length} events: ${found}, not ${expected}`);
      thread.close();
    }
  }

  expect(paths.length).toBeGreaterThan(50);
  expect(wrong).toEqual([]);
});

/** A supervised server whose thread does what the test says. */
class ScriptedServer {
  readonly supervised: Supervised;
  readonly #controls: ControlClient<never>[] = [];
  #worker: EventEmitter | null = null;

  constructor() {
    this.supervised = new Supervised(0 as ServerIndex, {
      prng: new Prng(1),
      begin: (index, incarnation) => {
        const worker = Object.assign(new EventEmitter(), {
          threadId: 1,
          terminate: () => new Promise(() => undefined),
        });
        this.#worker = worker;
        const control = new ControlClient<never>(new MessageChannel().port1);
        this.#controls.push(control);
        const gate = new Int32Array(1);
        return { index, incarnation, worker: worker as unknown as Worker, control, gate };
      },
      nextIncarnation: () => 1 as Incarnation,
      onExited: () => undefined,
      onState: () => undefined,
      onReport: () => undefined,
    });
  }

  happen(event: SupervisorEvent['type']): void {
    switch (event) {
      case 'START':
        this.supervised.start();
        return;
      case 'ONLINE':
        this.#worker?.emit('message', { kind: 'online' });
        return;
      case 'END':
        void this.supervised.end('put out', { asked: false });
        return;
      case 'STOP':
        void this.supervised.stop('crashed');
        return;
      case 'EXITED':
        this.#worker?.emit('exit', 1);
        return;
      case 'OVERDUE':
        vi.advanceTimersByTime(EXIT_TIMEOUT_MS);
        return;
      case 'PARDON':
        this.supervised.pardon();
        return;
      default:
        event satisfies never;
    }
  }

  close(): void {
    void this.supervised.stop('the test is over');
    this.#worker?.emit('exit', 0);
    for (const control of this.#controls) control.end('the test is over');
  }
}
