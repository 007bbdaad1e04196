import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { FrameSocket } from '../../src/node/frame-socket.ts';
import type { Neighbour } from '../../src/faults/action.ts';
import type { ServerIndex } from '../../src/model/ids.ts';

type Envelope = readonly [peer: Neighbour, frame: readonly number[]];

/** Two ends of one TCP connection. */
async function pair(): Promise<[Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const here = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [there] = (await once(server, 'connection')) as [Socket];
  server.close();
  onTestFinished(() => {
    here.destroy();
    there.destroy();
  });
  return [here, there];
}

/** What arrives, and a promise of the end. */
function received(socket: FrameSocket): { envelopes: Envelope[]; closed: Promise<string> } {
  const envelopes: Envelope[] = [];
  const closed = new Promise<string>((resolve) =>
    socket.listen({
      onFrame: (peer, bytes, start, end) => envelopes.push([peer, [...bytes.subarray(start, end)]]),
      onBatchEnd: () => undefined,
      onClosed: resolve,
    }),
  );
  return { envelopes, closed };
}

const PEERS: readonly Neighbour[] = ['broker', 0 as ServerIndex, 15 as ServerIndex];

test('frames arrive whole, in order and with their peers, whatever pieces TCP makes of them', async () => {
  const frame = fc.array(fc.nat(255), { minLength: 1, maxLength: 300 });
  const envelope = fc.tuple(fc.constantFrom(...PEERS), frame);
  await fc.assert(
    fc.asyncProperty(
      fc.array(envelope, { maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 50 })),
      async (sent, cuts) => {
        const bytes = sent.flatMap(([peer, content]) => {
          const length = content.length + 1;
          return [length & 255, length >> 8, 0, 0, peer === 'broker' ? 255 : peer, ...content];
        });
        const [here, there] = await pair();
        const first = bytes.slice(0, cuts[0] ?? 0);
        const { envelopes, closed } = received(new FrameSocket(there, Uint8Array.from(first)));
        for (let at = first.length, i = 1; at < bytes.length; i++) {
          const end = at + (cuts[i] ?? 1_000);
          here.write(Uint8Array.from(bytes.slice(at, end)));
          at = end;
          await new Promise((resolve) => setImmediate(resolve));
        }
        here.end();
        await closed;

        expect(envelopes).toEqual(sent);
      },
    ),
    { numRuns: 30 },
  );
});

test('what was sent before the end arrives, frames larger than any chunk too', async () => {
  const [here, there] = await pair();
  const sender = new FrameSocket(here);
  const { envelopes, closed } = received(new FrameSocket(there));
  const large = new Uint8Array(3_000_000).fill(7);

  sender.send('broker', Uint8Array.of(1, 2, 3), 1);
  sender.send(2 as ServerIndex, large);
  sender.end();
  await closed;

  expect(envelopes[0]).toEqual(['broker', [2, 3]]);
  expect(envelopes[1]?.[1]).toHaveLength(large.length);
});

test('a large frame leaves no memory behind', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const [here, there] = await pair();
  const sender = new FrameSocket(here);
  let bytes = 0;
  const socket = new FrameSocket(there);
  socket.listen({
    onFrame: (_peer, _bytes, start, end) => void (bytes += end - start),
    onBatchEnd: () => undefined,
    onClosed: () => undefined,
  });
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;

  sender.send('broker', new Uint8Array(64 * 1024 * 1024));
  await vi.waitFor(() => expect(bytes).toBe(64 * 1024 * 1024), { timeout: 10_000 });
  // Memory of a typed array is let go in the background.
  await vi.waitFor(
    () => {
      collectGarbage();
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
    },
    { timeout: 5_000, interval: 100 },
  );
  expect(socket.backlogBytes).toBe(0);
});

test('bytes that are no envelope close the socket', async () => {
  const [here, there] = await pair();
  const { closed } = received(new FrameSocket(there));

  here.write('GET person1\n');

  expect(await closed).toContain('does not speak this protocol');
});

test('a socket that was closed before it was listened to says so', async () => {
  const [here, there] = await pair();
  const socket = new FrameSocket(there);
  here.resetAndDestroy();
  await new Promise((resolve) => there.once('close', resolve));

  expect(await received(socket).closed).not.toBe('');
});
