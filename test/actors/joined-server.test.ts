/** A joined server on its real thread and disk, and a broker that says what the test wants. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { JoinedServer } from '../../actors/joined-server.ts';
import { ByteWriter } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import { FRAME } from '../../src/model/frames.ts';
import type { ServerIndex } from '../../src/model/ids.ts';
import { FrameSocket } from '../../src/node/frame-socket.ts';
import { joinRequest, parseJoined } from '../../src/node/join.ts';

const HOST = '127.0.0.1';
const JOIN = joinRequest({ index: 0 as ServerIndex, servers: 2, replicas: 1, epoch: 1 }).replace(/^JOIN /, '');

function openServer(): { server: JoinedServer; directory: string } {
  const directory = mkdtempSync(join(tmpdir(), 'coppice-joined-'));
  const server = new JoinedServer({
    host: HOST,
    directory,
    config: {
      servers: 1,
      replicas: 1,
      mode: 'replicated',
      durability: 'fsync',
      putMode: 'upsert',
      deleteMode: 'available',
    },
    prng: new Prng(1),
    log: () => undefined,
  });
  onTestFinished(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  return { server, directory };
}

/** Joins as a broker does. */
async function joined(server: JoinedServer): Promise<Socket> {
  const words = parseJoined(`OK ${await server.join(JOIN, () => Promise.resolve())}`);
  if (!words.ok) throw new Error(words.error.message);
  const socket = connect({ host: HOST, port: words.value.port });
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write(`${words.value.token}\n`);
  return socket;
}

function epochFrame(epoch: number): Uint8Array {
  const frame = new ByteWriter();
  frame.u8(FRAME.epoch);
  frame.f64(epoch);
  return frame.copy();
}

test('a joined server whose disk refuses to remember an epoch lets its broker go, and is joined again when the disk is well', async () => {
  const { server, directory } = openServer();
  const socket = await joined(server);
  const broker = new FrameSocket(socket);
  const spare = join(directory, 'membership.spare');
  rmSync(spare);
  mkdirSync(spare);

  const closed = once(socket.resume(), 'close');
  broker.send('broker', epochFrame(7));
  await closed;
  const refused = await server.join(JOIN, () => Promise.resolve()).catch((error: unknown) => error);
  rmdirSync(spare);
  await joined(server);

  expect(refused).toMatchObject({ code: 'DISK' });
  expect(server.membership?.epoch).toBe(1);
});

test('a joined server gives up a broker whose machine is gone before its first heartbeat, and is joined again', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const { server } = openServer();
  const socket = await joined(server);
  await vi.waitFor(() => expect(server.status('').reason).toBeNull());
  await new Promise((resolve) => socket.once('data', resolve));

  vi.advanceTimersByTime(10 * 60_000);
  const again = await server.join(JOIN, () => Promise.resolve()).catch((error: unknown) => error);

  expect(again).toMatch(/^joined port=/);
});
