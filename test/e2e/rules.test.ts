/** What a host does when it was told to do less than it could: rows D-09, R-12, F-03, CFG-a. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freePorts, run, startProgram, Terminal, temporaryDirectory } from './program.ts';

const JOHN = 'person1 -> [ "name" -> "John" | "age" -> 22 ]';
const SENTENCE = '2 or more servers are down (2 of 3), correct output cannot be guaranteed';

async function startWith(...flags: string[]) {
  const program = await startProgram(['--enable-faults', '--quiet', ...flags]);
  onTestFinished(() => void program.process.kill('SIGKILL'));
  const terminal = await Terminal.open(program.text);
  return { program, terminal };
}

/** The arguments of a broker over three servers of its own, with one record to load. */
async function brokerOf(...flags: string[]): Promise<string[]> {
  const directory = temporaryDirectory();
  const ports = await freePorts(3);
  writeFileSync(join(directory, 'servers'), ports.map((port) => `127.0.0.1 ${port}\n`).join(''));
  writeFileSync(join(directory, 'data'), '"person1" -> [ "name" -> "John" | "age" -> 22 ]\n');
  const files = ['-s', join(directory, 'servers'), '-i', join(directory, 'data')];
  return ['kvBroker', ...files, '-k', '2', '--dir', join(directory, 'd'), '--enable-faults', '--quiet', ...flags];
}

test('R-12: reads are refused while 2 of 3 servers are down, and answered again afterwards', async () => {
  const { program, terminal } = await startWith('--on-k-down', 'refuse');
  await terminal.ask('FAULT crash s2');
  expect(await terminal.ask('GET person1')).toEqual([JOHN]);

  await terminal.ask('FAULT crash s3');
  expect(await terminal.ask('GET person1')).toEqual([`ERROR UNAVAILABLE ${SENTENCE}`]);
  expect(await terminal.ask('KEYS')).toEqual([`ERROR UNAVAILABLE ${SENTENCE}`]);
  await terminal.ask('FAULT heal');

  expect(await terminal.until('GET person1', (answer) => !answer.startsWith('ERROR'))).toBe(JOHN);
  expect(await program.stop()).toBe(0);
});

test('R-12: a read with 2 of 3 servers down is refused and ends the host in order, with exit code 1', async () => {
  const { program, terminal } = await startWith('--on-k-down', 'exit');
  await terminal.ask('FAULT crash s2');
  await terminal.ask('FAULT crash s3');

  const answer = await terminal.ask('QUERY person1.age');

  expect(answer).toEqual([`ERROR UNAVAILABLE ${SENTENCE}`]);
  expect(await program.exited).toBe(1);
});

test('F-03: the host ends by itself as soon as 2 of 3 servers are down, with exit code 1', async () => {
  const { program, terminal } = await startWith('--exit-when=k-down');
  await terminal.ask('FAULT crash s2');
  expect(await terminal.ask('GET person1')).toEqual([JOHN]);

  await terminal.ask('FAULT crash s1');

  expect(await program.exited).toBe(1);
});

test('F-03: a broker ends when 2 of its 3 servers are down, whatever it is still asked', async () => {
  const args = await brokerOf('--on-k-down=exit');

  const input = ['FAULT crash s1', 'GET person1', 'FAULT crash s2', 'GET person1', ''].join('\n');
  const ended = await run(args, { input });

  expect(ended.stdout.split('\n')).toContain(JOHN);
  expect(ended.stdout).toContain(`ERROR UNAVAILABLE ${SENTENCE}\n`);
  expect(ended.stderr).toContain('as --on-k-down exit asks');
  expect(ended.code).toBe(1);
});

test('D-09: after indexing, a broker that is told so refuses PUT and goes on with reads and deletes', async () => {
  const args = await brokerOf('--read-only-after-index');
  const refused = 'ERROR NOPERM PUT requests are not supported after server indexing';

  const input = ['PUT "a" -> []', 'SET a 1', 'GET person1', 'DELETE person1', 'EXIT', ''].join('\n');
  const session = await run(args, { input });

  expect(session.stdout.split('\n').slice(0, 4)).toEqual([refused, refused, JOHN, 'person1 -> OK']);
  expect(session.code).toBe(0);
});

test('D-09: without the flag PUT goes on after indexing', async () => {
  const args = await brokerOf('--json', '--exec', 'PUT "a" -> []', '--exec', 'QUERY person1.age');

  const session = await run(args);

  expect(session.code).toBe(0);
  expect(
    session.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{ ok: true }, { ok: true, value: 22 }]);
});

test('a data file that cannot be loaded is named once, with its line, before anything is ready', async () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'bad'), '"a" -> []\n"b" -> oops\n');
  mkdirSync(join(directory, 'folder'));
  const start = (file: string) =>
    run(['start', '--dir', join(directory, 'd'), '--port', '0', '--quiet', '--load', file], { cwd: directory });

  expect(await start('bad')).toEqual({
    code: 2,
    stdout: '',
    stderr: "coppice: bad:2: found oops, expected '[' at column 8\n",
  });
  expect(await start('none')).toEqual({ code: 2, stdout: '', stderr: 'coppice: none: no such file or folder\n' });
  expect(await start('folder')).toEqual({ code: 2, stdout: '', stderr: 'coppice: folder: is a folder\n' });
});
