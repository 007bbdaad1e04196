import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ClientFaults } from '../../../actors/gateway/client-faults.ts';
import { TextGateway } from '../../../actors/gateway/text.ts';
import { TextSession } from '../../../src/protocol/text-session.ts';
import { ADMINISTRATION, ReferenceCluster } from '../../client/reference-cluster.ts';
import { dial, readAll } from './text-port.ts';

/** A gateway whose connections may break. */
async function open() {
  const clients = new ClientFaults();
  const cluster = new ReferenceCluster();
  const options = { role: 'gateway', putMode: 'upsert', strictTypes: false, angle: 'rad' } as const;
  const gateway = new TextGateway({
    host: '127.0.0.1',
    port: 0,
    clients,
    openSession: (wake, { address }) =>
      new TextSession(cluster, clients.sparing({ ...ADMINISTRATION, fault: async () => 'f1' }, address), options, wake),
  });
  const { port } = await gateway.open();
  return { clients, gateway, port, [Symbol.asyncDispose]: () => gateway.destroy() };
}

/** The code of what broke a socket. */
async function broken(socket: Socket): Promise<string> {
  socket.resume();
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  return error.code ?? '';
}

async function answer(socket: Socket, line: string): Promise<string> {
  socket.write(`${line}\n`);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString();
}

describe('connections of clients', () => {
  test('are reset at once and when they are made, until it is healed', async () => {
    await using host = await open();
    const before = await dial(host.port);
    await answer(before, 'PING');

    const heal = host.clients.begin({ act: 'rst' });

    expect(await broken(before)).toBe('ECONNRESET');
    expect(await broken(connect(host.port, '127.0.0.1'))).toBe('ECONNRESET');
    heal();
    expect(await answer(await dial(host.port), 'PING')).toContain('PONG');
  });

  test('say and hear nothing while they stall, and everything afterwards', async () => {
    await using host = await open();
    const [stalled, operator] = [await dial(host.port), await dial(host.port)];
    await answer(operator, 'FAULT list');
    const heal = host.clients.begin({ act: 'stall' });
    let heard = '';
    stalled.on('data', (chunk) => {
      heard += String(chunk);
    });

    stalled.write('SET a 1\nGET a\n');
    for (let i = 0; i < 20; i++) await answer(operator, 'GET a');
    const [during, written] = [heard, await answer(operator, 'GET a')];
    heal();
    while (!heard.includes('a -> 1')) await once(stalled, 'data');

    expect([during, written]).toEqual(['', 'a -> NOT FOUND\n']);
    expect(heard).toBe('OK\na -> 1\n');
  });

  test.each([1, 3])('are answered the same in packets of %d bytes', async (bytes) => {
    await using host = await open();
    const heal = host.clients.begin({ act: 'slice', bytes });
    const socket = await dial(host.port);
    const packets: number[] = [];
    socket.on('data', (chunk) => packets.push(chunk.length));
    const all = readAll(socket);

    socket.end(`SET a "${'x'.repeat(60)}"\nGET a\nPING\n`);

    expect(await all).toBe(`OK\na -> ${'x'.repeat(60)}\nPONG\n`);
    expect(packets.length).toBeGreaterThan(1);
    heal();
  });

  test.each([1, 2, 3, 7, 20])('are closed after %d bytes of answers, wherever that is', async (bytes) => {
    await using host = await open();
    const heal = host.clients.begin({ act: 'close-after', bytes });
    const script = 'SET a 1\nGET a\nGET b\nPING\n';
    const whole = 'OK\na -> 1\nb -> NOT FOUND\nPONG\n';

    for (let again = 0; again < 2; again++) {
      const socket = await dial(host.port);
      const all = readAll(socket);
      socket.write(script);

      expect(await all).toBe(whole.slice(0, bytes));
    }
    heal();
    const socket = await dial(host.port);
    const all = readAll(socket);
    socket.end(script);
    expect(await all).toBe(whole);
  });

  test('of an operator go on, so that somebody can heal', async () => {
    await using host = await open();
    const operator = await dial(host.port);
    const other = await dial(host.port);
    await answer(operator, 'FAULT list');

    const heals = [host.clients.begin({ act: 'stall' }), host.clients.begin({ act: 'rst' })];

    expect(await broken(other)).toBe('ECONNRESET');
    expect(await answer(operator, 'PING')).toContain('PONG');
    for (const heal of heals) heal();
  });

  test('are as they were when all is healed, whatever acted', async () => {
    await using host = await open();
    const socket = await dial(host.port);
    const heals = [
      host.clients.begin({ act: 'slice', bytes: 2 }),
      host.clients.begin({ act: 'stall' }),
      host.clients.begin({ act: 'slice', bytes: 1 }),
    ];
    for (const heal of heals) heal();

    expect(await answer(socket, 'GET nothing')).toBe('nothing -> NOT FOUND\n');
  });
});
