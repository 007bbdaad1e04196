/** A thread with a control port: fails, hangs and ends on demand. */
import { type MessagePort, workerData } from 'node:worker_threads';
import { serveControl } from '../../../src/node/control.ts';

export const methods = {
  add: (a: number, b: number): number => a + b,
  later: async (text: string): Promise<string> => text,
  fails: (): never => {
    throw Object.assign(new RangeError('no room'), { code: 'DISK', detail: { path: 'wal', offset: 7 } });
  },
  rejects: (): Promise<never> => Promise.reject({ code: 'BUSY', message: 'mailbox is full' }),
  never: (): Promise<never> => new Promise(() => undefined),
  exits: (): never => process.exit(3),
  usesPort: ({ port }: { port: MessagePort }): void => {
    port.postMessage('through the port');
    port.close();
  },
};

if (workerData !== null) serveControl((workerData as { port: MessagePort }).port, methods);
