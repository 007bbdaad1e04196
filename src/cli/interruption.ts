/** Ctrl-C while a command works: it ends early, in order, with the exit code of the signal. */
import { EXIT_SIGINT, EXIT_SIGTERM } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** The exit code of the first signal that comes; until it stops listening, no signal ends the program itself. */
export function interruption(terminal: Terminal): { exitCode: Promise<number>; stopListening: () => void } {
  let stopListening: () => void = () => undefined;
  const exitCode = new Promise<number>((resolve) => {
    stopListening = terminal.onSignal((signal) => resolve(signal === 'SIGINT' ? EXIT_SIGINT : EXIT_SIGTERM));
  });
  return { exitCode, stopListening };
}
