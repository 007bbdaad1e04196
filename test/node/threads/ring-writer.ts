/** Writes seeded pieces into a ring as fast as there is room, and sleeps when there is none. */
import { type MessagePort, workerData } from 'node:worker_threads';
import { Prng } from '../../../src/lib/prng.ts';
import { RingWriter } from '../../../src/node/ring.ts';

const { memory, port, seed, pieces } = workerData as {
  memory: SharedArrayBuffer;
  port: MessagePort;
  seed: number;
  pieces: number;
};
const prng = new Prng(seed);
const writer = new RingWriter(memory);
const piece = new Uint8Array(256);
let written = 0;
let next = prng.below(256);
let batch = prng.between(1, 64);

function write(): void {
  for (;;) {
    while (written < pieces) {
      piece[0] = next & 0xff;
      piece[Math.max(0, next - 1)] = written & 0xff;
      if (!writer.write(0, written, piece, 0, next)) break;
      written++;
      next = prng.below(256);
      if (--batch > 0) continue;
      batch = prng.between(1, 64);
      if (writer.publish()) port.postMessage(null);
    }
    if (writer.publish()) port.postMessage(null);
    if (written === pieces || writer.waitForRoom()) break;
  }
  if (written === pieces) port.close();
}

port.on('message', write);
write();
