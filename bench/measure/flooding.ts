/**
 * A thread that floods a port: so many connections, each with a pipeline of so many commands under way and the next one as
 * soon as it is answered, until the thread is ended. What is answered does not matter, `BUSY` neither: a PING at the end of
 * each pipeline tells when it was.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { parentPort, Worker, workerData } from 'node:worker_threads';

export type Flood = {
  readonly port: number;
  readonly connections: number;
  /** The commands of a pipeline, with a PING as the last. */
  readonly pipeline: string;
  /** What the answer to the PING ends with. */
  readonly pong: string;
};

/** Starts the thread; settles when every connection was answered something. Answers how it is ended. */
export async function startFlood(flood: Flood): Promise<() => Promise<unknown>> {
  const worker = new Worker(new URL(import.meta.url), { workerData: flood });
  await once(worker, 'message');
  return () => worker.terminate();
}

if (parentPort !== null) {
  const { port, connections, pipeline, pong } = workerData as Flood;
  const bytes = Buffer.from(pipeline, 'latin1');
  let answered = 0;
  for (let i = 0; i < connections; i++) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    let tail = '';
    socket.once('data', () => {
      if (++answered === connections) parentPort?.postMessage('flooding');
    });
    socket.on('data', (chunk: Buffer) => {
      tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - pong.length))).slice(-pong.length);
      if (tail === pong) socket.write(bytes);
    });
    socket.write(bytes);
  }
}
