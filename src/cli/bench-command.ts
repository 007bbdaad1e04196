/** `coppice bench …`: the benchmarks of a checkout, as `npm run bench` asks them. */
import { spawn } from 'node:child_process';
import { benchFile } from '../node/spawn.ts';
import { EXIT_FAILED } from './exit-codes.ts';
import { CommandFailed } from './text-socket.ts';

/** Resolves with the exit code. `words`: questions and flags, as they came. */
export function runBench(words: readonly string[]): Promise<number> {
  const file = benchFile();
  if (file === null) {
    throw new CommandFailed('bench needs a checkout of the sources: clone it, npm ci, npx coppice bench', EXIT_FAILED);
  }
  const child = spawn(process.execPath, [file, ...words], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? EXIT_FAILED));
  });
}
