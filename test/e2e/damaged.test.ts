/** J-05 for a whole host: what nobody has undamaged is named, and nothing answers in its place. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandLine, run, startedProgram, temporaryDirectory, Terminal } from './program.ts';

const SHAPES = [
  { title: 'one server', words: ['start', '--empty', '--port', '0', '--mode', 'single'], servers: 1 },
  { title: 'three servers', words: ['start', '--empty', '--port', '0'], servers: 3 },
  { title: 'a server by itself', words: ['kvServer', '-a', '127.0.0.1', '-p', '0'], servers: 1 },
];

/** One bit in the middle of what the first segment of a server holds. */
function flipBit(directory: string, server: number): void {
  const folder = join(directory, `s${server}`);
  const segment = readdirSync(folder).find((name) => name.startsWith('wal-')) as string;
  const bytes = readFileSync(join(folder, segment));
  bytes[600] = (bytes[600] as number) ^ 1;
  writeFileSync(join(folder, segment), bytes);
}

test.each(SHAPES)('$title with nothing but damage says where and does not start', async ({ words, servers }) => {
  const directory = temporaryDirectory();
  const args = [...words, '--dir', directory, '--quiet'];
  const [file, list] = commandLine(args);
  const first = await startedProgram(spawn(file, list, { stdio: ['ignore', 'pipe', 'pipe'] }), directory);
  const terminal = await Terminal.open(first.text);
  for (let i = 0; i < 50; i++) await terminal.ask(`SET key${i} "value ${i}"`);
  terminal.close();
  await first.kill();
  for (let server = 1; server <= servers; server++) flipBit(directory, server);
  const damaged = join(directory, 's1');
  const before = readdirSync(damaged);

  const refused = await run(args);

  expect(refused.code).toBe(1);
  expect(refused.stdout).toBe('');
  expect(refused.stderr).toMatch(
    /^coppice: every copy is damaged, and nothing was changed: s1: \S+wal-0000000001: offset \d+: /,
  );
  expect(refused.stderr.split('\n')).toHaveLength(2);
  expect(readdirSync(damaged)).toEqual(before);
});
