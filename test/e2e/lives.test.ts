import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { allUp, run, startProgram, temporaryDirectory, Terminal } from './program.ts';

type Server = { readonly id: string; readonly state: string };

const REQUESTS = 1_000;
const QUIET = ['--empty', '--quiet'];

async function stateOf(terminal: Terminal, server: string): Promise<string> {
  const { servers } = JSON.parse(await terminal.final('STATUS')) as { servers: Server[] };
  return servers.find(({ id }) => id === server)?.state ?? 'unknown';
}

function start(directory: string, ...args: string[]): ReturnType<typeof run> {
  return run([
    'start',
    '--dir',
    directory,
    '--port',
    '0',
    '--resp-port',
    'off',
    '--http-port',
    'off',
    ...QUIET,
    ...args,
  ]);
}

// F-05
test('a server that hangs is noticed within a second, answers go on, and it comes back by itself', async () => {
  const program = await startProgram(['--enable-faults', ...QUIET]);
  const [operator, reader] = await Promise.all([Terminal.open(program.text), Terminal.open(program.text)]);
  const keys = Array.from({ length: 30 }, (_, i) => `key${i}`);
  await reader.ask(`BULKSET ${JSON.stringify(keys.map((key) => [key, 1]))}`);
  await operator.ask('FORMAT json');

  await operator.ask('FAULT hang s1');
  const hung = performance.now();
  const reading = reader.askAll(keys.map((key) => `GET ${key}`));
  while ((await stateOf(operator, 's1')) === 'up') expect(performance.now() - hung).toBeLessThan(5_000);
  const noticedMs = performance.now() - hung;
  const answers = await reading;
  const answeredMs = performance.now() - hung;
  const written = await reader.ask('SET key0 2');
  await allUp(program.text);
  const after = await reader.ask('GET key0');
  for (const terminal of [operator, reader]) terminal.close();
  const code = await program.stop();

  expect(noticedMs).toBeLessThan(1_000);
  expect(answers).toEqual(keys.map((key) => [`${key} -> 1`]));
  expect(answeredMs).toBeLessThan(2_000);
  expect(written.at(-1)).toBe('OK');
  expect(after).toEqual(['key0 -> 2']);
  expect(code).toBe(0);
});

// S-03
test('a worker that is killed with a thousand requests in flight leaves one answer to each', async () => {
  const program = await startProgram(['--enable-faults', ...QUIET]);
  const [terminal, operator] = await Promise.all([Terminal.open(program.text), Terminal.open(program.text)]);
  const numbers = Array.from({ length: REQUESTS }, (_, i) => i);

  const writing = terminal.askAll([...numbers.map((i) => `SET key${i} ${i}`), 'PING']);
  const crashed = await operator.ask('FAULT crash s2');
  const written = await writing;
  await operator.ask('FAULT heal');
  await allUp(program.text);
  const reading = terminal.askAll([...numbers.map((i) => `GET key${i}`), 'PING']);
  await operator.ask('FAULT crash s1');
  const read = await reading;
  terminal.close();
  operator.close();
  await program.stop();

  expect(crashed[0]).toMatch(/^OK/);
  // With one of two copies left nothing fails: what is not yet on the other disk is waited for.
  expect(written.map((answer) => answer.at(-1))).toEqual([...numbers.map(() => 'OK'), 'PONG']);
  expect(read).toEqual([...numbers.map((i) => [`key${i} -> ${i}`]), ['PONG']]);
});

test('one host has a data directory; it is let go by SIGTERM within 2 seconds, and by SIGKILL too', async () => {
  const first = await startProgram(QUIET);
  const second = await start(first.directory);
  const asked = performance.now();
  const code = await first.stop();
  const stoppedMs = performance.now() - asked;
  const isLocked = existsSync(join(first.directory, '.lock'));
  const third = await startProgram(QUIET, first.directory);
  await third.kill();
  const fourth = await startProgram(QUIET, first.directory);
  const lastCode = await fourth.stop();

  expect(second).toMatchObject({ code: 1, stdout: '' });
  expect(second.stderr).toContain(`pid ${first.process.pid}`);
  expect(second.stderr.trim().split('\n')).toHaveLength(1);
  expect(code).toBe(0);
  expect(stoppedMs).toBeLessThan(2_000);
  expect(isLocked).toBe(false);
  expect(lastCode).toBe(0);
});

test('a data directory of another shape is refused with what it was made for, and not touched', async () => {
  const directory = temporaryDirectory();
  const program = await startProgram(QUIET, directory);
  const terminal = await Terminal.open(program.text);
  await terminal.ask('SET key 1');
  terminal.close();
  await program.stop();

  const servers = await start(directory, '--servers', '4');
  const replicas = await start(directory, '--replicas', '3');
  const mode = await start(directory, '--mode', 'single');
  const again = await startProgram(QUIET, directory);
  const reader = await Terminal.open(again.text);
  const kept = await reader.ask('GET key');
  reader.close();
  await again.stop();

  for (const refused of [servers, replicas, mode]) {
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('start with mode replicated, servers 3, replicas 2');
  }
  expect(servers.stderr).toContain('data of servers 3, not 4');
  expect(replicas.stderr).toContain('data of replicas 2, not 3');
  expect(kept).toEqual(['key -> 1']);
});
