import { MessageChannel, Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ControlClient } from '../../src/node/control.ts';
import type { methods } from './threads/control-target.ts';

describe('the control plane', () => {
  let worker: Worker;
  let control: ControlClient<typeof methods>;
  const options = { timeoutMs: 5_000 };

  beforeEach(() => {
    const { port1, port2 } = new MessageChannel();
    const thread = new URL('./threads/control-target.ts', import.meta.url);
    worker = new Worker(thread, { workerData: { port: port2 }, transferList: [port2] });
    worker.once('exit', (code) => control.end(`the thread ended with ${code}`));
    control = new ControlClient(port1);
  });

  afterEach(async () => {
    await worker.terminate();
  });

  test('answers calls, also those that answer later', async () => {
    const answers = await Promise.all([control.call('add', [1, 2], options), control.call('later', ['x'], options)]);

    expect(answers).toEqual([3, 'x']);
    expect(control.pending).toBe(0);
  });

  test('keeps name, message, code and detail of an error', async () => {
    const error = await control.call('fails', [], options).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'RangeError',
      message: 'no room',
      code: 'DISK',
      detail: { path: 'wal', offset: 7 },
    });
  });

  test('keeps an error that is plain data as it is', async () => {
    const error = await control.call('rejects', [], options).catch((thrown: unknown) => thrown);

    expect(error).toEqual({ code: 'BUSY', message: 'mailbox is full' });
  });

  test('rejects a call that is pending when the thread ends', async () => {
    const calls = [control.call('never', [], options), control.call('exits', [], options)];

    const outcomes = await Promise.allSettled(calls);

    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'DEAD' } });
    expect(control.pending).toBe(0);
  });

  test('rejects a call to a thread that is known to be dead', async () => {
    await worker.terminate();

    await expect(control.call('add', [1, 2], options)).rejects.toMatchObject({ name: 'ControlError', code: 'DEAD' });
  });

  test('rejects a call that is not answered by its deadline', async () => {
    const call = control.call('never', [], { timeoutMs: 20 });

    await expect(call).rejects.toMatchObject({ code: 'TIMEOUT', message: 'never: no answer within 20 ms' });
  });

  test('hands a port over', async () => {
    const { port1, port2 } = new MessageChannel();
    const said = new Promise((resolve) => port1.once('message', resolve));

    await control.call('usesPort', [{ port: port2 }], { ...options, transfer: [port2] });

    expect(await said).toBe('through the port');
  });
});
