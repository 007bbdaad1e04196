import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONNECTIONS_MAX } from '../../src/model/limits.ts';
import { figuresOf, forgetPeak, HAS_FIGURES, peakMiBOf } from './process-figures.ts';
import { type Program, startProgram, Terminal } from './program.ts';

const MIB = 1024 * 1024;
const BUSY = 100;
/** Sockets that are asked for at a time: more would overrun the backlog. */
const DIALS = 500;

let program: Program;
let other: Terminal;
beforeAll(async () => {
  program = await startProgram(['--empty', '--quiet']);
  other = await Terminal.open(program.text);
  await other.ask(`SET big ${JSON.stringify('v'.repeat(MIB))}`);
  await other.ask('SET small 1');
  // What any client costs at first is not what the ones below cost.
  for (let i = 0; i < 50; i++) await other.askAll(['GET big', 'GET small']);
});
afterAll(async () => {
  other.close();
  await program.stop();
});

// SEC-3
test.runIf(HAS_FIGURES)('a client that asks for two thousand large values and reads none costs little', async () => {
  const base = await settled();
  forgetPeak(program.process.pid as number);
  const socket = await dial();
  socket.pause();

  socket.write('GET big\n'.repeat(2_000));
  const waits = await roundTrips(300);
  const peak = peakMiBOf(program.process.pid as number);
  socket.destroy();

  expect(peak - base.rssMiB).toBeLessThan(80);
  expect(quantile(waits, 0.99)).toBeLessThan(100);
});

// SEC-3, after it has shown that it reads well
test.runIf(HAS_FIGURES)('a client that stops reading in the middle of much harms nobody but itself', async () => {
  const socket = await dial();
  let received = 0;
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  socket.write('PING\n'.repeat(20_000));
  while (received < 'PONG\n'.length * 20_000) await other.ask('GET small');

  socket.pause();
  socket.write('GET big\n'.repeat(500));
  const waits = await roundTrips(300);
  const state = await other.ask('STATUS');
  socket.destroy();

  expect(quantile(waits, 0.99)).toBeLessThan(500);
  expect(state.join('\n')).not.toMatch(/down|recovering|suspect/);
});

// SEC-4
test.runIf(HAS_FIGURES)('sixty-four large lines that never end cost what was really sent', async () => {
  const base = await settled();
  const sentMiB = 64 / 4;
  const sockets = await Promise.all(Array.from({ length: 64 }, () => dial()));

  for (const socket of sockets) socket.write(`PUT "key" -> [ "a" -> "${'x'.repeat(MIB / 4)}`);
  await Promise.all(sockets.map((socket) => drained(socket)));
  await roundTrips(50);
  const { rssMiB } = figuresOf(program.process.pid as number);
  for (const socket of sockets) socket.destroy();

  expect(rssMiB - base.rssMiB).toBeLessThan(8 + 3 * sentMiB);
});

// SEC-14
test.runIf(HAS_FIGURES && openFilesMax() > CONNECTIONS_MAX + 500)(
  'ten thousand idle connections leave room for a hundred busy ones; one more is refused',
  { timeout: 60_000 },
  async () => {
    const base = await settled();
    const idle: Socket[] = [];
    const limit = CONNECTIONS_MAX - 1;

    await dialInto(idle, limit - BUSY);
    const busy = await Promise.all(Array.from({ length: BUSY }, () => Terminal.open(program.text)));
    const answers = await Promise.all(
      busy.map((terminal, i) => terminal.askAll(Array.from({ length: 20 }, () => `SET busy${i} ${i}`))),
    );
    const { rssMiB } = figuresOf(program.process.pid as number);
    const refused = await dial();
    const [words] = (await once(refused, 'data')) as [Buffer];
    for (const terminal of busy) terminal.close();
    for (const socket of idle) socket.destroy();
    refused.destroy();
    const after = await settled((figures) => figures.files <= base.files + 1);

    expect(answers.flat(2).every((answer) => answer === 'OK')).toBe(true);
    expect(rssMiB - base.rssMiB).toBeLessThan(200);
    expect(words.toString()).toMatch(/^ERROR BUSY 10000 connections are open/);
    expect(after.files).toBeLessThanOrEqual(base.files + 1);
  },
);

async function dial(): Promise<Socket> {
  const socket = connect({ port: program.text, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function dialInto(sockets: Socket[], count: number): Promise<void> {
  while (sockets.length < count) {
    const wanted = Math.min(DIALS, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: wanted }, () => dial()))));
  }
}

async function drained(socket: Socket): Promise<void> {
  if (socket.writableLength > 0) await once(socket, 'drain');
}

/** Milliseconds of each of so many requests, one after the other. */
async function roundTrips(count: number): Promise<number[]> {
  const waits: number[] = [];
  for (let i = 0; i < count; i++) {
    const asked = performance.now();
    await other.ask('GET small');
    waits.push(performance.now() - asked);
  }
  return waits;
}

/** The figures of the host once the connections of earlier tests are gone, or `isSettled` says so. */
async function settled(
  isSettled: (figures: ReturnType<typeof figuresOf>) => boolean = ({ files }) => files < 100,
): Promise<ReturnType<typeof figuresOf>> {
  for (;;) {
    await roundTrips(10);
    const figures = figuresOf(program.process.pid as number);
    if (isSettled(figures)) return figures;
  }
}

function quantile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] as number;
}

function openFilesMax(): number {
  if (!HAS_FIGURES) return 0;
  return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
}
