import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Program, startProgram, Terminal } from './program.ts';

let program: Program;
beforeAll(async () => {
  program = await startProgram(['--empty', '--quiet', '--resp-port', '0', '--socket-threads', '2']);
});
afterAll(() => program.stop());

const respPort = () => Number(/resp=\S+:(\d+)/.exec(program.ready)?.[1]);

test('clients of both ports find one store behind sockets on other threads', async () => {
  const clients = Array.from({ length: 20 }, () => new Redis({ port: respPort() }));
  const value = 'v'.repeat(300_000);

  await Promise.all(clients.map((client, i) => client.set(`k${i}`, `${value}${i}`)));
  const seen = await Promise.all(clients.map((client, i) => client.get(`k${(i + 7) % 20}`)));
  const terminal = await Terminal.open(program.text);
  const told = await terminal.final('GET k3');
  terminal.close();
  for (const client of clients) client.disconnect();

  expect(seen).toEqual(clients.map((_, i) => `${value}${(i + 7) % 20}`));
  expect(told).toBe(`k3 -> ${value}3`);
});

test('a port that is in use is told, though threads could share it', async () => {
  const taken = startProgram(['--empty', '--quiet', '--socket-threads', '1', '--port', String(program.text)]);

  await expect(taken).rejects.toThrow(/cannot listen on .* it is in use/);
});
