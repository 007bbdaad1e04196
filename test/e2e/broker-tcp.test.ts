/** The sources' own session: storage servers as processes of their own, and a broker that joins them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { type Exchange, mismatch, READS, WRITES } from './golden.ts';
import { commandLine, type Program, run, startedProgram, Terminal, temporaryDirectory } from './program.ts';

const DATA = WRITES.slice(0, 4).map(([request]) => request.replace(/^PUT /, ''));
const JOHN = 'person1 -> [ "name" -> "John" | "age" -> 22 ]';

async function startServer(directory: string, port = 0): Promise<Program> {
  mkdirSync(directory, { recursive: true });
  const [file, list] = commandLine(['server', '-a', '127.0.0.1', '-p', String(port), '--dir', directory]);
  const server = await startedProgram(
    spawn(file, list, { stdio: ['ignore', 'pipe', 'pipe'], cwd: directory }),
    directory,
  );
  onTestFinished(() => void server.process.kill('SIGKILL'));
  return server;
}

/** So many servers that run, addresses where none does, and a folder with a file of all of them and a file of data. */
async function startServers(count: number, absent = 0): Promise<{ directory: string; servers: Program[] }> {
  const directory = temporaryDirectory();
  const servers = await Promise.all(
    Array.from({ length: count }, (_, i) => startServer(join(directory, `server${i + 1}`))),
  );
  const ports = servers.map(({ text }) => text);
  for (let i = 0; i < absent; i++) ports.push(await freePort());
  writeFileSync(join(directory, 'serverFile.txt'), ports.map((port) => `127.0.0.1 ${port}\n`).join(''));
  writeFileSync(join(directory, 'dataToIndex.txt'), `${DATA.join('\n')}\n`);
  return { directory, servers };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function brokerArguments(directory: string, data: string, ...more: string[]): string[] {
  return ['broker', '-s', join(directory, 'serverFile.txt'), '-k', '2', '--dir', join(directory, data), ...more];
}

/** A broker that asks what it is told to ask. */
function openBroker(args: readonly string[]): { terminal: Terminal; process: ChildProcess } {
  const [file, list] = commandLine(args);
  const child = spawn(file, list, { stdio: ['pipe', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { terminal: new Terminal(child.stdin as Writable, child.stdout as Readable), process: child };
}

async function play(terminal: Terminal, exchanges: readonly Exchange[]): Promise<void> {
  for (const [request, expected] of exchanges) {
    expect(mismatch(await terminal.ask(request), expected), request).toBeNull();
  }
}

async function leave({ terminal, process }: ReturnType<typeof openBroker>): Promise<number | null> {
  const exited = once(process, 'exit') as Promise<[number | null]>;
  await terminal.ask('EXIT');
  return (await exited)[0];
}

test('a broker joins three servers, loads data, and answers right while one is killed and comes back, and gives way to another broker', {
  timeout: 60_000,
}, async () => {
  const { directory, servers } = await startServers(3);
  const broker = openBroker(brokerArguments(directory, 'broker', '-i', join(directory, 'dataToIndex.txt')));
  await play(broker.terminal, READS);

  const second = await run(brokerArguments(directory, 'second'));
  expect(second).toMatchObject({ code: 3, stdout: '' });
  expect(second.stderr).toMatch(/s\d 127\.0\.0\.1:\d+ does not join: CONFLICT a broker has it since /);

  const killed = servers[1] as Program;
  await killed.kill();
  await play(broker.terminal, READS);
  await broker.terminal.until('STATUS', (answer) => / s2 \S+ down /.test(answer));
  await play(broker.terminal, [
    ['DELETE person3', /^ERROR UNRELIABLE .* 1 of 3 servers is down \(s2 /],
    ...Array.from({ length: 9 }, (_, i): Exchange => [`PUT late${i} {"n":${i}}`, 'OK']),
  ]);

  await startServer(killed.directory, killed.text);
  await broker.terminal.until('STATUS', (answer) => / s2 \S+ up /.test(answer));
  await play(broker.terminal, [...READS, ['DELETE person4', 'person4 -> OK']]);
  const own = await Terminal.open(killed.text);
  // Two of three servers own each key: of nine, the chance that s2 owns none is (1/3)^9, and the keys are always the same.
  expect(await own.final('KEYS late')).toMatch(/late\d/);
  expect(await own.final('PUT late1 {"n":2}')).toMatch(/^ERROR NOTLEADER /);
  own.close();
  expect(await leave(broker)).toBe(0);

  // Somewhere else, so this one knows only what the servers know.
  const next = openBroker(brokerArguments(directory, 'next'));
  await play(next.terminal, [
    ['GET person1', JOHN],
    ['QUERY late8.n', 'late8.n -> 8'],
    ['GET person4', 'person4 -> NOT FOUND'],
  ]);
  expect(await leave(next)).toBe(0);
  const replaced = await run(brokerArguments(directory, 'broker'), { input: 'GET person1\n' });
  expect(replaced).toMatchObject({ code: 3, stdout: '' });
  expect(replaced.stderr).toMatch(/CONFLICT a newer broker had it: it knows epoch/);
});

test('servers that answer are joined, the others are started, and both make one cluster', {
  timeout: 60_000,
}, async () => {
  const { directory, servers } = await startServers(2, 1);
  const broker = openBroker(
    brokerArguments(directory, 'broker', '-i', join(directory, 'dataToIndex.txt'), '--enable-faults'),
  );

  await play(broker.terminal, [
    ...READS,
    ['FAULT crash s1', /^ERROR BADFAULT s1 is a process of its own/],
    ['FAULT crash s3', /^OK/],
    ...READS,
    ['PUT more {"a":1}', 'OK'],
    ['FAULT restart s3', /^OK/],
  ]);
  await broker.terminal.until('STATUS', (answer) => / s3 \S+ up /.test(answer));
  await (servers[0] as Program).kill();
  await play(broker.terminal, [...READS, ['GET more', 'more -> [ "a" -> 1 ]']]);

  expect(await leave(broker)).toBe(0);
});

test('faults of messages act on the sockets of joined servers too, and nothing is lost', {
  timeout: 60_000,
}, async () => {
  const { directory } = await startServers(2, 1);
  const broker = openBroker(
    brokerArguments(directory, 'broker', '-i', join(directory, 'dataToIndex.txt'), '--enable-faults'),
  );
  const { terminal } = broker;
  const puts = (n: number): [string, string][] =>
    Array.from({ length: 9 }, (_, i) => [`PUT faulty${i} {"n":${n}}`, 'OK']);

  await play(terminal, [...READS, ['FAULT delay * 40ms', /^OK/]]);
  const began = performance.now();
  await play(terminal, puts(1));
  const tookMs = performance.now() - began;
  await play(terminal, [
    ['FAULT heal', 'OK healed 1'],
    ['FAULT drop * 20%', /^OK/],
    ['FAULT dup * 20%', /^OK/],
    ['FAULT reorder * 20%', /^OK/],
    ...puts(2),
    ['FAULT heal', 'OK healed 3'],
    ['FAULT isolate s1', /^OK/],
  ]);
  await terminal.until('STATUS', (answer) => !/ s1 \S+ up /.test(answer));
  await play(terminal, [...puts(3), ['FAULT heal', 'OK healed 1']]);
  await terminal.until('STATUS', (answer) => [1, 2, 3].every((n) => new RegExp(` s${n} \\S+ up `).test(answer)));

  expect(tookMs).toBeGreaterThan(9 * 40);
  await play(terminal, [
    ...READS,
    ...puts(3).map((_, i): [string, string] => [`GET faulty${i}`, `faulty${i} -> [ "n" -> 3 ]`]),
  ]);
  expect(await leave(broker)).toBe(0);
});

test('--connect-only starts no server: one that is down is named and nothing is loaded', {
  timeout: 60_000,
}, async () => {
  const { directory, servers } = await startServers(1, 1);
  const data = ['-i', join(directory, 'dataToIndex.txt')];

  const refused = await run(brokerArguments(directory, 'broker', '--connect-only', ...data));
  const degraded = await run(brokerArguments(directory, 'broker', '--connect-only', '--allow-degraded', ...data), {
    input: 'GET person1\n',
  });
  await (servers[0] as Program).kill();
  const alone = await run(brokerArguments(directory, 'broker', '--connect-only', ...data));

  expect(refused).toMatchObject({ code: 3, stdout: '' });
  expect(refused.stderr).toMatch(/IS UP!.*IS DOWN!.*1 of 2 servers are down \(s2 /s);
  expect(degraded).toMatchObject({ code: 0, stdout: `${JOHN}\n` });
  expect(alone).toMatchObject({ code: 3, stdout: '' });
  expect(alone.stderr).toContain('all 2 servers are down');
});
