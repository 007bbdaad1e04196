import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { connect } from '../../src/client/connect.ts';
import { CoppiceError } from '../../src/client/error.ts';
import { openTextPort, until } from '../actors/gateway/text-port.ts';

test('a thousand calls at a time are each answered with their own value', async () => {
  await using port = await openTextPort();
  await using db = await connect(port.url);
  const numbers = Array.from({ length: 1_000 }, (_, i) => i);

  await Promise.all(numbers.map((i) => db.set(`k${i}`, { i })));
  const values = await Promise.all(numbers.map((i) => db.query(`k${i}.i`)));

  expect(values).toEqual(numbers);
});

test('a call that takes too long says whether it may have happened', async () => {
  await using port = await openTextPort();
  await using db = await connect(port.url);
  port.cluster.hold();

  const write = await failure(db.set('a', 1, { timeoutMs: 20 }));
  const read = await failure(db.get('a', { timeoutMs: 20 }));

  expect(write).toMatchObject({ code: 'TIMEOUT', outcome: 'indefinite', retryable: false });
  expect(read).toMatchObject({ code: 'TIMEOUT', outcome: 'definite', retryable: true });
  port.cluster.release();
  expect(await db.get('a')).toBe(1);
});

test('an aborted call is indefinite once it was sent, and definite before', async () => {
  await using port = await openTextPort();
  await using db = await connect(port.url);
  port.cluster.hold();
  const late = new AbortController();
  const early = new AbortController();
  const sent = failure(db.set('a', 1, { signal: late.signal }));
  await until(() => port.cluster.commands.length === 1);
  const unsent = failure(db.set('b', 1, { signal: early.signal }));

  early.abort();
  late.abort();

  expect(await unsent).toMatchObject({ code: 'ABORTED', outcome: 'definite' });
  expect(await sent).toMatchObject({ code: 'ABORTED', outcome: 'indefinite' });
  expect(await failure(db.get('a', { signal: AbortSignal.abort() }))).toMatchObject({ code: 'ABORTED' });
  port.cluster.release();
  expect(await db.get('b')).toBe(null);
});

test('a write whose answer was lost is never sent again, a read is', async () => {
  const first = await openTextPort();
  await using second = await openTextPort();
  await using db = await connect([first.url, second.url]);
  first.cluster.hold();
  const write = failure(db.set('a', 1));
  const read = db.get('a');
  await until(() => first.cluster.commands.length === 2);

  await first.gateway.destroy();

  expect(await write).toMatchObject({ code: 'DISCONNECTED', outcome: 'indefinite', retryable: false });
  expect(await read).toBe(null);
  expect(second.cluster.commands.map(({ kind }) => kind)).toEqual(['get']);
});

test('a client finds its cluster again when it comes back', async () => {
  const first = await openTextPort();
  await using db = await connect(first.url);
  await db.set('a', 1);
  await first.gateway.destroy();

  const waiting = db.get('a');
  await using again = await openTextPort({ port: first.port });

  expect(await waiting).toBe(null);
  await db.set('b', 2);
  expect(again.cluster.stored.size).toBe(1);
});

test('calls without a cluster are refused as definite when nobody answers in time', async () => {
  const port = await openTextPort();
  await using db = await connect(port.url, { patienceMs: 0 });
  await port.gateway.destroy();

  const read = await failure(db.get('a'));
  const write = await failure(db.set('a', 1));

  expect(read).toMatchObject({ code: 'DISCONNECTED', outcome: 'definite', retryable: true });
  expect(write).toMatchObject({ code: 'DISCONNECTED', outcome: 'definite', retryable: true });
  expect(await failure(connect(port.url, { patienceMs: 0 }))).toMatchObject({ code: 'DISCONNECTED' });
});

test('a queue that is full refuses with BUSY, and nothing is lost of what it took', async () => {
  await using port = await openTextPort();
  await using db = await connect(port.url, { queueMax: 10, inFlightMax: 1 });
  const calls = Array.from({ length: 30 }, (_, i) => db.set(`k${i}`, i));

  const results = await Promise.allSettled(calls);

  const refused = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason as CoppiceError);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.every(({ code, outcome }) => code === 'BUSY' && outcome === 'definite')).toBe(true);
  expect(port.cluster.stored.size).toBe(30 - refused.length);
});

test.each([
  ['no JSON', 'OK\n'],
  ['half an object', '{"ok":true,"items"\n'],
  ['an object of another kind', '{"status":200}\n'],
  ['a value that is none', '{"ok":true,"key":"a","value":tru,"warnings":[]}\n'],
  ['an answer too many', '{"ok":true,"key":"a","value":1,"warnings":[]}\n{"ok":true}\n'.repeat(2)],
])('%s instead of an answer ends the connection, not the process', async (_, garbage) => {
  await using server = await garbageServer(garbage);
  await using db = await connect(server.url, { patienceMs: 0 });

  const call = await Promise.allSettled([db.get('a')]);

  const [result] = call;
  const isRefused = result?.status === 'rejected' && (result.reason as CoppiceError).code === 'DISCONNECTED';
  expect(isRefused || (result?.status === 'fulfilled' && result.value === 1)).toBe(true);
  await until(() => server.sockets.size === 0);
});

test('closing answers open calls, and the client refuses later ones', async () => {
  await using port = await openTextPort();
  const db = await connect(port.url);
  port.cluster.hold();
  const write = failure(db.set('a', 1));
  await until(() => port.cluster.commands.length === 1);

  await db.close();

  expect(await write).toMatchObject({ code: 'CLOSED', outcome: 'indefinite' });
  expect(await failure(db.get('a'))).toMatchObject({ code: 'CLOSED', outcome: 'definite' });
  await db.close();
});

test('a gateway that takes nobody in is named as the reason', async () => {
  await using port = await openTextPort({ connectionsMax: 0 });

  const refused = await failure(connect(port.url, { patienceMs: 0 }));

  expect(refused.message).toContain('ERROR BUSY');
});

async function failure(call: Promise<unknown>): Promise<CoppiceError> {
  const error = await call.then(
    (value) => value,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CoppiceError);
  return error as CoppiceError;
}

/** Shakes hands like a gateway and says the same to every request. */
async function garbageServer(garbage: string) {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    let greeted = false;
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\n').slice(0, -1)) {
        const isHandshake = !greeted || line === 'PING';
        greeted = true;
        socket.write(isHandshake ? '{"ok":true,"message":"PONG","warnings":[]}\n' : garbage);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `coppice://127.0.0.1:${port}`,
    sockets,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
