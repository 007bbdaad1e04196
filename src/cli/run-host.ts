/** `start` and `server`: a host from start to end, with its ready line and its signals. */
import { EXIT_FAILED, EXIT_OK, EXIT_SIGINT, EXIT_SIGTERM } from './exit-codes.ts';
import { type Host, type HostOptions, readyLine, StartError, type StartHost } from './host.ts';
import { flushed, print, tell, type Terminal } from './terminal.ts';
import { CommandFailed } from './text-socket.ts';

/** Starts a host, or CommandFailed with its one line. */
export async function startOrFail(startHost: StartHost, options: HostOptions): Promise<Host> {
  try {
    return await startHost(options);
  } catch (error) {
    if (error instanceof StartError) throw new CommandFailed(error.message, error.exitCode, { cause: error });
    throw error;
  }
}

/**
 * Runs until a signal or the end of the host: the first signal drains, a second one ends at once with its own code.
 * Resolves with the exit code.
 */
export async function runHost(startHost: StartHost, options: HostOptions, terminal: Terminal): Promise<number> {
  let host: Host | null = null;
  let stopping = false;
  let forced: (code: number) => void = () => undefined;
  const byForce = new Promise<number>((resolve) => {
    forced = resolve;
  });
  const stopListening = terminal.onSignal((signal) => {
    const code = signal === 'SIGINT' ? EXIT_SIGINT : EXIT_SIGTERM;
    if (stopping || host === null) {
      forced(code);
      return;
    }
    stopping = true;
    host.stop().catch((error: unknown) => {
      tell(terminal, `stopping failed: ${error instanceof Error ? error.message : String(error)}`);
      forced(EXIT_FAILED);
    });
  });
  try {
    const starting = startOrFail(startHost, options);
    const started = await Promise.race([starting, byForce]);
    if (typeof started === 'number') {
      starting.catch(() => undefined);
      return started;
    }
    host = started;
    print(terminal, readyLine(host, process.pid));
    await flushed(terminal);
    const code = await Promise.race([host.ended, byForce]);
    return stopping && code === EXIT_OK ? EXIT_OK : code;
  } finally {
    stopListening();
  }
}
