/**
 * Where a command reads and prints: data on stdout, everything else on stderr. Given to every command, so that a test
 * runs the very same code on streams of its own. Colour and progress appear on a terminal only.
 */
import type { Readable, Writable } from 'node:stream';
import { EXIT_FAILED } from './exit-codes.ts';
import { reasonOf } from './files.ts';
import type { Environment } from './flags.ts';

export type Terminal = {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Environment;
  /** Calls back at SIGINT and SIGTERM; answers how to stop listening. */
  onSignal(handler: (signal: 'SIGINT' | 'SIGTERM') => void): () => void;
};

/**
 * Signals this soon after another are the same one: Ctrl-C comes from the terminal, and again from a launcher or npm
 * that passes on what it got itself.
 */
const SIGNAL_REPEATS_MS = 300;

/** The terminal of this process. A reader that went away (`coppice export | head -1`) ends the program without a word. */
export function processTerminal(): Terminal {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // With the code of a command that has come to one, else 0.
      if (error.code === 'EPIPE') process.exit();
      process.stderr.write(`coppice: cannot write: ${reasonOf(error)}\n`);
      process.exit(EXIT_FAILED);
    });
  }
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    onSignal: (handler) => {
      let lastMs = Number.NEGATIVE_INFINITY;
      const once = (signal: 'SIGINT' | 'SIGTERM'): void => {
        const now = performance.now();
        if (now - lastMs >= SIGNAL_REPEATS_MS) handler(signal);
        lastMs = now;
      };
      const onInterrupt = (): void => once('SIGINT');
      const onTerminate = (): void => once('SIGTERM');
      process.on('SIGINT', onInterrupt);
      process.on('SIGTERM', onTerminate);
      return () => {
        process.removeListener('SIGINT', onInterrupt);
        process.removeListener('SIGTERM', onTerminate);
      };
    },
  };
}

/** One line of data. */
export function print(terminal: Terminal, line: string): void {
  terminal.stdout.write(`${line}\n`);
}

/** One line about what happens. */
export function tell(terminal: Terminal, line: string): void {
  terminal.stderr.write(`${line}\n`);
}

/** Whether colours may be used on stdout: NO_COLOR beats FORCE_COLOR beats what the terminal is. */
export function hasColour(terminal: Terminal): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = terminal.env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0') return true;
  return terminal.stdout.isTTY === true && TERM !== 'dumb';
}

/** Settles when everything written has left the process. */
export async function flushed({ stdout, stderr }: Terminal): Promise<void> {
  for (const stream of [stdout, stderr]) await new Promise<void>((resolve) => stream.write('', () => resolve()));
}
