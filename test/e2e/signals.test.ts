/** How the real program ends by signals. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startProgram, Terminal } from './program.ts';

async function start() {
  const program = await startProgram(['--quiet', '--enable-faults']);
  onTestFinished(() => void program.process.kill('SIGKILL'));
  return program;
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s that comes twice at once, as from a launcher, ends it in order',
  async (signal) => {
    const program = await start();

    program.process.kill(signal);
    program.process.kill(signal);

    expect(await program.exited).toBe(0);
    expect(existsSync(join(program.directory, '.lock'))).toBe(false);
  },
);

test('a connection that is open and asks nothing does not keep it from ending', async () => {
  const program = await start();
  const terminal = await Terminal.open(program.text);
  expect(await terminal.final('PING')).toBe('PONG');

  program.process.kill('SIGTERM');

  expect(await program.exited).toBe(0);
  terminal.close();
});
