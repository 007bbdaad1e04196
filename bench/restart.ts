/**
 * How long until a host with a million keys is ready again, and what does a key weigh? 64-byte values, two copies on
 * three servers; restart from a checkpoint, and from the WAL alone. No timing is a test.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { drive, report, scratchDirectory, spreadOf, startHost } from './program.ts';

const KEYS = 1_000_000;
const ROUNDS = 5;

const directory = join(scratchDirectory(), 'data');
const value = 'v'.repeat(64);
let host = await startHost(directory);
const seconds = await drive(host.port, { connections: 4, depth: 5_000, total: KEYS }, (n) => `SET key${n} "${value}"`);

const fromWal = await restart();
await drive(host.port, { connections: 1, depth: 1, total: 1 }, () => 'SNAPSHOT');
await new Promise((settle) => setTimeout(settle, 10_000));
const fromCheckpoint = await restart();
const residentBytes =
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${host.child.pid}/status`, 'utf8'))?.[1]) * 1_024;
await host.stop();

report(`restart with ${KEYS} keys of 64 bytes, k=2, 3 servers`, {
  'SET a second while filling': Math.round(KEYS / seconds),
  'ms to ready after the fill (WAL and checkpoints)': fromWal,
  'ms to ready from a fresh checkpoint': fromCheckpoint,
  'bytes of the whole process a stored copy': Math.round(residentBytes / (2 * KEYS)),
});

async function restart() {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await host.stop();
    const begin = performance.now();
    host = await startHost(directory);
    times.push(performance.now() - begin);
  }
  return spreadOf(times);
}
