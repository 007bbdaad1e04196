/** Much at once through the RESP port of the real program: large values, large transactions, pipelines that depend on themselves. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Program, startProgram } from './program.ts';

const MEBIBYTE = 1024 * 1024;

let program: Program;
let port: number;
let client: Redis;

beforeAll(async () => {
  program = await startProgram(['--resp-port', '0', '--durability', 'os']);
  port = Number(/resp=\S+:(\d+)/.exec(program.ready)?.[1]);
  client = new Redis({ port });
}, 60_000);

afterAll(async () => {
  client.disconnect();
  await program.stop();
});

test('a transaction of more bytes than a change may have is refused whole, and everybody lives on', async () => {
  const transaction = client.multi();
  for (let i = 0; i < 9; i++) transaction.setrange(`large${i}`, 16 * MEBIBYTE - 1_000, 'x');

  await expect(transaction.exec()).rejects.toThrow(/EXEC_BYTES_MAX|CHANGE_BYTES_MAX/);

  expect(await client.exists(...Array.from({ length: 9 }, (_, i) => `large${i}`))).toBe(0);
  expect(await client.ping()).toBe('PONG');
});

test('hundreds of large values that are asked at once are all answered, and no server is lost', {
  timeout: 60_000,
}, async () => {
  const value = 'v'.repeat(MEBIBYTE);
  await client.set('mebibyte', value);
  // Small answers first: they make the window of the connection grow.
  await Promise.all(Array.from({ length: 5_000 }, () => client.ping()));

  const answers = await Promise.all(Array.from({ length: 300 }, () => client.get('mebibyte')));

  expect(answers.filter((answer) => answer !== value)).toEqual([]);
  const { servers } = JSON.parse(String(await client.call('STATUS'))) as { servers: { incarnation: number }[] };
  expect(servers.map(({ incarnation }) => incarnation)).toEqual([1, 1, 1]);
});

test('a thousand small values and then hundreds of large ones, asked in one burst, all reach a client that reads on and on', {
  timeout: 60_000,
}, async () => {
  const [small, large] = [1_000, 200];
  const value = 'v'.repeat(MEBIBYTE);
  await client.set('small', 's');
  await client.set('large', value);
  const wanted = small * '$1\r\ns\r\n'.length + large * `$${MEBIBYTE}\r\n${value}\r\n`.length;
  const socket = connect(port);
  await once(socket, 'connect');

  socket.write('GET small\r\n'.repeat(small) + 'GET large\r\n'.repeat(large));
  const received = await readSlowly(socket, wanted);

  expect(received).toBe(wanted);
});

test('hundreds of large values that are stored at once are all acknowledged, and no server is lost', {
  timeout: 60_000,
}, async () => {
  const value = 'v'.repeat(MEBIBYTE);

  const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => client.set(`stored${i}`, value)));

  expect(answers.filter((answer) => answer !== 'OK')).toEqual([]);
  const { servers } = JSON.parse(String(await client.call('STATUS'))) as { servers: { incarnation: number }[] };
  expect(servers.map(({ incarnation }) => incarnation)).toEqual([1, 1, 1]);
});

test('what looks at all keys sees what was asked before it on its connection', async () => {
  const unseen: number[] = [];

  for (let i = 0; i < 200; i++) {
    const [, keys] = await Promise.all([client.incr(`new${i}`), client.keys(`new${i}`)]);
    if (keys.length !== 1) unseen.push(i);
  }

  expect(unseen).toEqual([]);
});

test('EXEC sees that its own connection changed a watched key before it', async () => {
  const executed: number[] = [];

  for (let i = 0; i < 200; i++) {
    const key = `watched${i}`;
    void client.set(key, 1);
    void client.watch(key);
    void client.incr(key);
    const [, , result] = await Promise.all([client.call('MULTI'), client.call('SET', 'other', 1), client.call('EXEC')]);
    if (result !== null) executed.push(i);
  }

  expect(executed).toEqual([]);
});

/** Reads so many bytes, less than a hundred mebibytes of them a second; answers how many came before the other side ended. */
async function readSlowly(socket: Socket, wanted: number): Promise<number> {
  let received = 0;
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received >= wanted) socket.destroy();
    socket.pause();
    setTimeout(() => socket.resume(), chunk.length / (MEBIBYTE / 10));
  });
  await once(socket, 'close');
  return received;
}
