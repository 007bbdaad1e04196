import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AFTER, type Exchange, mismatch, ONE_DOWN, READS, TWO_DOWN, WRITES } from './golden.ts';
import { allUp, commandLine, freePorts, startProgram, Terminal, temporaryDirectory } from './program.ts';

async function play(terminal: Terminal, exchanges: readonly Exchange[]): Promise<void> {
  for (const [request, expected] of exchanges) {
    expect(mismatch(await terminal.ask(request), expected), request).toBeNull();
  }
}

test('the golden transcript holds on threads, through crashes of one and of two servers', {
  timeout: 120_000,
}, async () => {
  const program = await startProgram(['--enable-faults']);
  const terminal = await Terminal.open(program.text);

  await play(terminal, WRITES);
  await play(terminal, READS);
  await play(terminal, ONE_DOWN);
  await play(terminal, TWO_DOWN);
  await allUp(program.text);
  await play(terminal, AFTER);

  terminal.close();
  expect(await program.stop()).toBe(0);
});

test('what the golden transcript stored is there again after a restart', { timeout: 120_000 }, async () => {
  const first = await startProgram();
  const before = await Terminal.open(first.text);
  await play(before, WRITES);
  before.close();
  expect(await first.stop()).toBe(0);

  const second = await startProgram([], first.directory);
  const after = await Terminal.open(second.text);
  await play(after, READS);
  after.close();

  expect(await second.stop()).toBe(0);
});

test('the golden transcript holds when it is asked of a broker that was given a file of servers', {
  timeout: 120_000,
}, async () => {
  const directory = temporaryDirectory();
  const serverFile = join(directory, 'serverFile.txt');
  writeFileSync(serverFile, (await freePorts(3)).map((port) => `127.0.0.1 ${port}\n`).join(''));
  const args = ['broker', '-s', serverFile, '-k', '2', '--enable-faults', '--quiet', '--dir', join(directory, 'data')];
  const [file, list] = commandLine(args);
  const broker = spawn(file, list, { stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(broker, 'exit');
  const terminal = new Terminal(broker.stdin, broker.stdout);

  await play(terminal, WRITES);
  await play(terminal, READS);
  await play(terminal, ONE_DOWN);
  await play(terminal, TWO_DOWN);
  await terminal.until('STATUS', (answer) => (answer.match(/ up owner /g) ?? []).length === 3);
  await play(terminal, AFTER);
  await terminal.ask('EXIT');

  expect((await exited)[0]).toBe(0);
});
