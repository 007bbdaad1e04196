import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Connection, CONNECTION_LIMITS, type ConnectionSocket } from '../../../actors/gateway/connection.ts';
import { RespPort } from '../../../actors/gateway/resp-port.ts';
import { Turns } from '../../../actors/gateway/turns.ts';
import { Prng } from '../../../src/lib/prng.ts';
import { OUTPUT_BYTES_SOFT_MAX, UNTRUSTED_BYTES_MAX } from '../../../src/model/limits.ts';
import { nodeDisk } from '../../../src/node/disk.ts';
import { RespSession } from '../../../src/protocol/resp/session.ts';
import { NaiveAdministration } from '../../protocol/naive-store.ts';
import { newHost, request } from '../../protocol/resp/client.ts';
import { MemoryStore } from '../../protocol/resp/memory-store.ts';
import { dial, openTextPort, readAll, until } from './text-port.ts';

type Limits = Partial<ConstructorParameters<typeof RespPort>[0]>;

async function openPort(store = new MemoryStore(), limits: Limits = {}) {
  const resp = new RespPort({
    host: '127.0.0.1',
    port: 0,
    store,
    administration: new NaiveAdministration(),
    requestsInFlight: () => 0,
    putMode: 'upsert',
    version: '0.1.0',
    directory: '/data',
    ...limits,
  });
  const { port } = await resp.open();
  return { resp, port, store, [Symbol.asyncDispose]: () => resp.drain(0) };
}

test('commands in one packet and in one-byte pieces get the same replies', async () => {
  await using opened = await openPort();
  const script = '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$4\r\n1\r\n2\r\nGET a\r\nHGETALL h\nNONSENSE\r\n*1\r\n$4\r\nQUIT\r\n';
  const whole = await dial(opened.port);
  const pieces = await dial(opened.port);
  const [all, alone] = [readAll(whole), readAll(pieces)];

  whole.write(script);
  for (const byte of Buffer.from(script)) {
    pieces.write(Uint8Array.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }

  expect(await all).toBe(
    "+OK\r\n$4\r\n1\r\n2\r\n*0\r\n-ERR unknown command 'NONSENSE', with args beginning with: \r\n+OK\r\n",
  );
  expect(await alone).toBe(await all);
});

test('users that ACL SAVE kept are durable when it answers, their name too', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'coppice-users-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const synced = vi.spyOn(nodeDisk, 'syncDirectory');
  onTestFinished(() => synced.mockRestore());
  await using opened = await openPort(new MemoryStore(), { directory, isKept: true });
  const client = await dial(opened.port);

  client.write('ACL SAVE\r\n');
  const answer = String((await once(client, 'data'))[0]);
  client.destroy();

  expect(answer).toBe('+OK\r\n');
  expect(readdirSync(directory)).toEqual(['users.acl']);
  expect(synced.mock.calls).toEqual([[directory]]);
});

test('one connection too many is told so, and the others stay', async () => {
  await using opened = await openPort(new MemoryStore(), { connectionsMax: 1 });
  const first = await dial(opened.port);
  const second = await dial(opened.port);

  expect(await readAll(second)).toBe('-ERR max number of clients reached\r\n');

  first.write('INFO stats\r\n');
  expect(String((await once(first, 'data'))[0])).toContain('rejected_connections:1');
  first.destroy();
});

test('after large writes few reads of a pipeline are under way at once, however many wait, and all are answered', async () => {
  await using opened = await openPort(new MemoryStore('later'));
  const { store } = opened;
  const socket = await dial(opened.port);
  let received = 0;
  socket.on('data', (bytes) => {
    received += bytes.length;
  });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const sets = 20;
  const gets = 100;
  const value = 'v'.repeat(400_000);
  for (let i = 0; i < sets; i++) socket.write(request('SET', 'big', value));
  for (; received < sets * '+OK\r\n'.length; await turn()) store.answer(new Prng(1));

  socket.write('GET big\r\n'.repeat(gets));
  for (let i = 0; i < 200; i++) await turn();

  expect(store.waiting).toBeLessThan(gets / 2);
  const whole = sets * '+OK\r\n'.length + gets * `$${value.length}\r\n${value}\r\n`.length;
  for (; received < whole; await turn()) store.answer(new Prng(1));
  socket.destroy();
});

test('a reader that does not read stops being read, and gets every reply when it reads again', async () => {
  const limits = { outputSoftMax: 64 * 1024, outputHardMax: 16 * 1024 * 1024 };
  await using opened = await openPort(new MemoryStore(), { limits });
  const writer = await dial(opened.port);
  writer.write(`SET big ${'v'.repeat(20_000)}\r\n`);
  await once(writer, 'data');
  const socket = await dial(opened.port);
  socket.pause();
  const sent = 2_000;
  socket.write('GET big\r\n'.repeat(sent));

  for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve));

  writer.write('INFO stats\r\n');
  const info = String((await once(writer, 'data'))[0]);
  expect(Number(/total_commands_processed:(\d+)/.exec(info)?.[1])).toBeLessThan(sent / 2);
  const all = readAll(socket);
  socket.resume();
  socket.end();
  expect((await all).length).toBe(sent * 20_010);
  writer.destroy();
});

/** A socket whose other side takes nothing. */
class DeafSocket extends EventEmitter implements ConnectionSocket {
  destroyed = false;
  writableLength = 0;
  #isPaused = false;

  write(bytes: Uint8Array): boolean {
    this.writableLength += bytes.length;
    return false;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  isPaused(): boolean {
    return this.#isPaused;
  }

  end(): void {}
  destroySoon(): void {}
  destroy(): void {
    this.destroyed = true;
  }

  setNoDelay(): void {}
  setTimeout(): void {}
}

test('nobody unknown makes unread replies pile up', async () => {
  const unread: number[] = [];
  for (const password of ['', 'secret']) {
    const { host } = newHost();
    host.users.requirePassword(Buffer.from(password));
    const socket = new DeafSocket();
    const turns = new Turns();
    const connection = new Connection(
      socket,
      (wake, peer) => new RespSession(host, peer, wake),
      CONNECTION_LIMITS,
      turns,
    );
    for (let i = 0; i < 1_000; i++) {
      if (!socket.isPaused()) socket.emit('data', Buffer.from('PING x\r\n'.repeat(500)));
      await new Promise((resolve) => setImmediate(resolve));
    }
    unread.push(socket.writableLength);
    connection.destroy();
  }

  expect(unread[0]).toBeGreaterThan(OUTPUT_BYTES_SOFT_MAX / 2);
  expect(unread[1]).toBeLessThan(4 * UNTRUSTED_BYTES_MAX);
});

/** A socket whose other side takes everything at once. */
class EagerSocket extends DeafSocket {
  taken = '';

  override write(bytes: Uint8Array): boolean {
    this.taken += Buffer.from(bytes).toString();
    return true;
  }
}

test('what has to wait for a command that must be alone stays with its client', async () => {
  const store = new MemoryStore('later');
  const { host } = newHost(store);
  const socket = new EagerSocket();
  const sessions: RespSession[] = [];
  const open = (wake: () => void, peer: { address: string; localAddress: string }): RespSession => {
    const session = new RespSession(host, peer, wake);
    sessions.push(session);
    return session;
  };
  const connection = new Connection(socket, open, CONNECTION_LIMITS, new Turns());
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 300; i++) {
    if (!socket.isPaused()) socket.emit('data', Buffer.from('PING\r\n'.repeat(500)));
    await turn();
  }
  while (socket.isPaused()) await turn();
  socket.taken = '';

  socket.emit('data', Buffer.from('WATCH a\r\n'));
  let sent = 0;
  for (let i = 0; i < 300; i++) {
    if (socket.isPaused()) break;
    socket.emit('data', Buffer.from(request('SET', 'k', 'v'.repeat(10_000))));
    sent++;
    for (let j = 0; j < 10; j++) await turn();
  }
  const held = sessions[0]?.inFlight;
  for (let i = 0; i < 100; i++) {
    store.answer(new Prng(1));
    await turn();
  }

  expect(held).toBeLessThan(10);
  expect(socket.taken).toBe('+OK\r\n'.repeat(1 + sent));
  connection.destroy();
});

test('a drain answers what is in flight', async () => {
  const opened = await openPort(new MemoryStore('later'));
  const socket = await dial(opened.port);
  const all = readAll(socket);
  socket.write('SET a 1\r\nGET a\r\n');
  await until(() => opened.store.waiting === 2);

  const drained = opened.resp.drain(5_000);
  opened.store.answer(new Prng(1));

  await drained;
  expect(await all).toMatch(/^\+OK\r\n(\$1\r\n1|\$-1)\r\n$/);
});

test('CLIENT KILL ends the socket of another, and a broken request one own', async () => {
  await using opened = await openPort();
  const [killer, killed, broken] = [await dial(opened.port), await dial(opened.port), await dial(opened.port)];
  const [end, rest] = [readAll(killed), readAll(broken)];
  killed.write('CLIENT SETNAME victim\r\n');
  await until(() => opened.resp.connections === 3);

  killer.write(`CLIENT KILL ADDR ${killed.localAddress}:${killed.localPort}\r\n`);
  broken.write('*1\r\n$-7\r\n');

  expect(await end).toBe('+OK\r\n');
  expect(await rest).toBe('-ERR Protocol error: invalid bulk length\r\n');
  killer.destroy();
});

test('who asks for much takes turns with those of the other ports, who asks for one thing does not', async () => {
  const turns = new Turns(1);
  await using text = await openTextPort({ turns });
  await using opened = await openPort(new MemoryStore(), { turns });
  text.cluster.hold();
  const flood = await dial(text.port);
  flood.write('GET a\n');
  await until(() => text.cluster.commands.length === 1);
  const [much, one] = [await dial(opened.port), await dial(opened.port)];
  const answers = readAll(much);

  much.end('PING\r\n'.repeat(100));
  one.write('PING\r\n');
  await once(one, 'data');
  const read = much.bytesRead;
  text.cluster.release();

  expect(read).toBe(0);
  expect(await answers).toBe('+PONG\r\n'.repeat(100));
  for (const socket of [flood, one]) socket.destroy();
});
