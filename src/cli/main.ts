/** The program in a process of its own: words in, an exit code set at the end. Nothing else here ends the process. */
import { openPool } from '../node/pool.ts';
import type { StartHost } from './host.ts';
import { runCommand } from './run-command.ts';
import { flushed, processTerminal } from './terminal.ts';
import { VERSION } from './version.ts';

/** Runs one command line; resolves when its output has left. The process ends with its code when nothing is open any more. */
export async function runProgram(words: readonly string[], startHost: StartHost): Promise<void> {
  const terminal = processTerminal();
  process.exitCode = await runCommand(words, { terminal, startHost, openPool: () => openPool(), version: VERSION });
  await flushed(terminal);
  // A terminal that was read from keeps the process alive, though nobody reads it any more.
  process.stdin.unref?.();
}
