import { expect, test } from 'vitest';
import { AFTER, type Exchange, mismatch, ONE_DOWN, READS, TWO_DOWN, WRITES } from './golden.ts';
import { allUp, startProgram, Terminal } from './program.ts';

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
