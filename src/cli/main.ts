/** The program in a process of its own: words in, and at the end of the command the end of the process with its code. */
import { openPool } from '../node/pool.ts';
import type { StartHost } from './host.ts';
import { runCommand } from './run-command.ts';
import { flushed, processTerminal } from './terminal.ts';
import { VERSION } from './version.ts';

/**
 * Runs one command line and ends the process when its output has left. What is still open then (a terminal that was
 * read from, the servers of a host that was ended by force) must not keep it alive.
 */
export async function runProgram(words: readonly string[], startHost: StartHost): Promise<void> {
  const terminal = processTerminal();
  process.exitCode = await runCommand(words, { terminal, startHost, openPool: () => openPool(), version: VERSION });
  await flushed(terminal);
  process.exit();
}
