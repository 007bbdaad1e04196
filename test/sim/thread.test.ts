import { expect, test } from 'vitest';
import { EventQueue } from '../../src/sim/event-queue.ts';
import { InjectedError, SimulatedThread } from '../../src/sim/thread.ts';

test('a thread that hangs does its work afterwards, in the order in which it was asked for', () => {
  const { queue, thread, done, work } = world();
  work('before');
  thread.hang(100);
  work('first');
  work('second');

  queue.run(50);
  const meanwhile = [...done];
  queue.run(60);

  expect(meanwhile).toEqual(['before']);
  expect(done).toEqual(['before', 'first', 'second']);
});

test('two hangs are over when both are', () => {
  const { thread, done, work } = world();
  const endFirst = thread.hang(null);
  const endSecond = thread.hang(null);
  work('late');

  endFirst();
  const afterFirst = [...done];
  endSecond();

  expect(afterFirst).toEqual([]);
  expect(done).toEqual(['late']);
});

test('a slow thread does one thing after the other, each taking its time', () => {
  const { queue, thread, done, work } = world();
  thread.slow(101);
  for (const name of ['a', 'b', 'c']) work(name);

  queue.run(5);
  const soon = done.length;
  queue.run(10);
  const later = done.length;
  thread.slow(1);

  expect([soon, later, done.length]).toEqual([1, 2, 3]);
});

test('what a turn throws, by itself or by a fault, is handed on, and an ended thread does nothing more', () => {
  const { thread, done, work, thrown } = world();
  thread.throwNext(1);
  work('never');
  work('done');
  thread.end();
  work('too late');

  expect(thrown).toEqual([expect.any(InjectedError)]);
  expect(done).toEqual(['done']);
});

function world() {
  const queue = new EventQueue();
  const thrown: unknown[] = [];
  const done: string[] = [];
  const thread = new SimulatedThread(queue, (error) => thrown.push(error));
  const work = (name: string): void => thread.run(() => void done.push(name));
  return { queue, thread, thrown, done, work };
}
