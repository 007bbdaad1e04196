import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { text } from '../../../src/lib/bytes.ts';
import { GATEWAY_COMMAND_BYTES, GATEWAY_COMMANDS_MAX } from '../../../src/model/limits.ts';
import { dial, openTextPort, type PortOptions, readAll, until } from './text-port.ts';

describe.each([0, 2])('with its sockets on %i other threads', (threads) => {
  const openPort = (options: PortOptions = {}) => openTextPort({ ...options, threads });

  test('ten thousand commands in one packet and in one-byte pieces get the same answers', async () => {
    await using port = await openPort();
    const script =
      'PUT a -> [ "x" -> 1 ]\nGET a\nGET \u03b1\r\nQUERY a.x\n\nNONSENSE\nCOMPUTE 1+x WHERE x = QUERY a.x\n';
    const socket = await dial(port.port);
    const whole = readAll(socket);
    socket.end(script.repeat(2_000));

    const answers = await whole;

    const pieces = await dial(port.port);
    const single = readAll(pieces);
    for (const byte of Buffer.from(script)) {
      pieces.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    pieces.end();
    const alone = await single;
    expect(alone.split('\n')).toHaveLength(7);
    expect(alone).toContain('OK\na -> [ "x" -> 1 ]\n\u03b1 -> NOT FOUND\na.x -> 1\nERROR UNKNOWN');
    expect(answers).toBe(alone.repeat(2_000));
  });

  test('a client that ends its side after its commands still gets every answer', async () => {
    await using port = await openPort();
    port.cluster.hold();
    const socket = await dial(port.port);
    const all = readAll(socket);
    socket.end('GET a\nGET b');

    await until(() => port.cluster.commands.length === 2);
    port.cluster.release();

    expect(await all).toBe('a -> NOT FOUND\nb -> NOT FOUND\n');
  });

  test('EXIT is answered after what was asked before it, and then the connection ends', async () => {
    await using port = await openPort();
    const socket = await dial(port.port);
    const all = readAll(socket);

    socket.write('PING\nGET a\nEXIT\nGET b\n');

    const answers = await all;
    expect(answers.startsWith('PONG\na -> NOT FOUND\nOK')).toBe(true);
    expect(answers).not.toContain('b ->');
  });

  test('a reader that does not read stops being read, and costs no more than the limits', async () => {
    await using port = await openPort({ limits: { outputSoftMax: 64 * 1024, outputHardMax: 16 * 1024 * 1024 } });
    const writer = await dial(port.port);
    writer.write(`SET big ${JSON.stringify('v'.repeat(20_000))}\n`);
    await once(writer, 'data');
    const socket = await dial(port.port);
    socket.pause();
    const sent = 2_000;
    socket.write('GET big\n'.repeat(sent));

    await until(() => port.cluster.commands.length > 10);
    for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve));

    const asked = port.cluster.commands.length - 1;
    expect(asked).toBeLessThan(sent / 2);
    const all = readAll(socket);
    socket.resume();
    socket.end();
    expect((await all).split('\n')).toHaveLength(sent + 1);
    writer.destroy();
  });

  test('answers beyond the hard limit that nobody reads end the connection', async () => {
    await using port = await openPort({
      limits: { outputSoftMax: 16 * 1024 * 1024, outputHardMax: 8 * 1024 * 1024 },
    });
    const writer = await dial(port.port);
    writer.write(`SET big ${JSON.stringify('v'.repeat(1_000_000))}\n`);
    await once(writer, 'data');
    const socket = await dial(port.port);
    socket.pause();
    socket.on('error', () => undefined);

    for (let i = 0; i < 1_000 && port.gateway.connections === 2; i++) {
      socket.write('GET big\n');
      await new Promise((resolve) => setImmediate(resolve));
    }

    await until(() => port.gateway.connections === 1);
    expect(writer.destroyed).toBe(false);
    writer.destroy();
  });

  test('connections that are reset in the middle of everything leave the gateway serving', async () => {
    await using port = await openPort();
    for (let i = 0; i < 50; i++) {
      const socket = await dial(port.port);
      socket.on('error', () => undefined);
      socket.write('GET a\n'.repeat(100).slice(0, 600 - (i % 7)));
      socket.resetAndDestroy();
    }

    const socket = await dial(port.port);
    const all = readAll(socket);
    socket.end('PING\n');

    expect(await all).toBe('PONG\n');
    await until(() => port.gateway.connections === 0);
  });

  test('a connection over the limit is told so and ended', async () => {
    await using port = await openPort({ connectionsMax: 1 });
    const first = await dial(port.port);
    await until(() => port.gateway.connections === 1);

    const second = await dial(port.port);

    expect(await readAll(second)).toBe('ERROR BUSY 1 connections are open, which is the limit CONNECTIONS_MAX\n');
    first.destroy();
  });

  test('silence in the middle of a request ends a connection, silence between requests does not', async () => {
    await using port = await openPort({ limits: { requestTimeoutMs: 20 } });
    const idle = await dial(port.port);
    const half = await dial(port.port);

    half.write('GET per');

    expect(await readAll(half)).toBe('');
    await until(() => port.gateway.connections === 1);
    expect(idle.destroyed).toBe(false);
    idle.destroy();
  });

  test('a request that only trickles in ends its connection, a slow stream of whole requests does not', async () => {
    await using port = await openPort({ limits: { requestTimeoutMs: 60 } });
    const trickling = await dial(port.port);
    const slow = await dial(port.port);
    const [cut, answered] = [readAll(trickling), readAll(slow)];

    trickling.write('GET ');
    const drip = setInterval(() => {
      trickling.write('k');
      slow.write('PING\nPI');
      slow.write('NG\n');
    }, 5);
    const said = await cut;
    clearInterval(drip);
    slow.end();

    expect(said).toBe('');
    expect(await answered).toMatch(/^(PONG\n){2,}$/);
  });

  test('who goes on sending when all is answered and over is cut off', async () => {
    await using port = await openPort({ limits: { requestTimeoutMs: 60 } });
    const socket = await dial(port.port);
    let said = '';
    socket.on('data', (chunk) => {
      said += String(chunk);
    });
    socket.on('error', () => undefined);

    socket.write('EXIT\n');
    const drip = setInterval(() => socket.write('more'), 5);
    await new Promise((resolve) => socket.on('close', resolve));
    clearInterval(drip);

    expect(said).toBe('OK\n');
    expect(port.gateway.connections).toBe(0);
  });

  test('answers that nobody takes for long end the connection', async () => {
    await using port = await openPort({ limits: { outputTimeoutMs: 50 } });
    const writer = await dial(port.port);
    writer.write(`SET big ${JSON.stringify('v'.repeat(1_000_000))}\n`);
    await once(writer, 'data');
    const socket = await dial(port.port);
    socket.on('error', () => undefined);
    socket.pause();

    socket.write('GET big\n'.repeat(100));

    await until(() => port.gateway.connections === 2);
    await until(() => port.gateway.connections === 1);
    expect(writer.destroyed).toBe(false);
    expect(port.cluster.commands.length).toBeLessThan(50);
    writer.destroy();
  });

  test('an idle limit ends a connection that says nothing', async () => {
    await using port = await openPort({ limits: { idleTimeoutMs: 20 } });

    const socket = await dial(port.port);

    expect(await readAll(socket)).toBe('');
  });

  test('draining finishes what is in flight, takes nothing new and then is closed', async () => {
    await using port = await openPort();
    port.cluster.hold();
    const socket = await dial(port.port);
    const all = readAll(socket);
    socket.write('GET a\n');
    await until(() => port.cluster.commands.length === 1);

    const drained = port.gateway.drain(5_000);
    expect(port.gateway.state).toBe('draining');
    // Another thread hears of it a moment later, and until then sends away or resets who comes.
    await expect(untilRefused(port.port)).rejects.toThrow('ECONNREFUSED');
    port.cluster.release();

    expect(await all).toBe('a -> NOT FOUND\n');
    await drained;
    expect(port.gateway.state).toBe('closed');
  });

  test('draining cuts off what does not finish in time', async () => {
    await using port = await openPort();
    port.cluster.hold();
    const socket = await dial(port.port);
    const all = readAll(socket);
    socket.write('GET a\n');
    await until(() => port.cluster.commands.length === 1);

    await port.gateway.drain(10);

    expect(await all).toBe('');
    expect(port.gateway.connections).toBe(0);
  });

  test('a thousand idle and a hundred busy connections are all served', async () => {
    await using port = await openPort();
    const idle = await Promise.all(Array.from({ length: 1_000 }, () => dial(port.port)));

    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const socket = await dial(port.port);
        const all = readAll(socket);
        socket.end(`SET k${i} ${i}\nGET k${i}\n`.repeat(20));
        return await all;
      }),
    );

    expect(answers.every((answer, i) => answer === `OK\nk${i} -> ${i}\n`.repeat(20))).toBe(true);
    for (const socket of idle) socket.destroy();
  });

  test("a storage server's own port says NOTFOUND", async () => {
    await using port = await openPort({ role: 'server' });
    const socket = await dial(port.port);
    const all = readAll(socket);

    socket.end('GET a\nQUERY a.b\n');

    expect(await all).toBe('NOTFOUND\nNOTFOUND\n');
  });

  test('one thing asked is asked at once, though others have asked for more than may be under way', async () => {
    await using port = await openPort();
    const floods = await Promise.all(Array.from({ length: 10 }, () => dial(port.port)));
    const quiet = await dial(port.port);
    port.cluster.hold();
    for (const socket of floods) socket.write('SET a 1\n'.repeat(10_000));
    await until(() => (port.cluster.held?.length ?? 0) >= GATEWAY_COMMANDS_MAX);

    quiet.write('GET b\n');
    await until(() => port.cluster.commands.some((command) => command.kind === 'get' && text(command.key) === 'b'));

    const ahead = port.cluster.held?.length ?? 0;
    for (const socket of [...floods, quiet]) socket.destroy();
    expect(ahead).toBeLessThan(2 * GATEWAY_COMMANDS_MAX);
  });

  test('of large requests fewer are under way, though those before them were small, and all are answered', async () => {
    await using port = await openPort();
    const socket = await dial(port.port);
    const all = readAll(socket);
    const [small, large] = [100, 100];
    const bytes = 200_000;
    port.cluster.hold();

    socket.end('SET a 1\n'.repeat(small) + `SET a "${'v'.repeat(bytes)}"\n`.repeat(large));
    await until(() => (port.cluster.held?.length ?? 0) > small + 30);
    for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
    const underWay = (port.cluster.held?.length ?? 0) - small;
    port.cluster.release();

    expect(underWay * bytes).toBeLessThanOrEqual(GATEWAY_COMMANDS_MAX * GATEWAY_COMMAND_BYTES + bytes);
    expect(await all).toBe('OK\n'.repeat(small + large));
  });

  test('who has had no answer for long is not counted, so that the others go on', async () => {
    await using port = await openPort({ limits: { requestTimeoutMs: 20 } });
    const stuck = await dial(port.port);
    port.cluster.hold();
    stuck.write('SET stuck 1\n'.repeat(10_000));
    await until(() => (port.cluster.held?.length ?? 0) >= GATEWAY_COMMANDS_MAX);
    port.cluster.held = null;
    const other = await dial(port.port);
    const all = readAll(other);

    other.end('GET other\n'.repeat(500));

    expect(await all).toBe('other -> NOT FOUND\n'.repeat(500));
    stuck.destroy();
  });
});

async function untilRefused(port: number): Promise<never> {
  for (;;) {
    const socket = await dial(port);
    expect(await readAll(socket)).toMatch(/^(ERROR BUSY.*\n)?$/);
  }
}
