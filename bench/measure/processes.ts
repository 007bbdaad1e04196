/**
 * Processes that a question starts: each in a folder that goes away with it, killed with everything below it whatever
 * way the question ends.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const EXIT_INTERRUPTED = 130;

/** What has not ended, and how it is ended when this process does. */
const running = new Map<ChildProcess, () => void>();
const folders: string[] = [];

process.once('exit', () => {
  for (const stop of running.values()) stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => process.exit(EXIT_INTERRUPTED));

/** Starts a program in a group of its own: what it starts ends with it. Its standard output is piped. */
export function start(command: readonly string[]): ChildProcess {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  whileRunning(child, () => kill(child, 'SIGKILL'));
  return child;
}

/** Does `stop` if this process ends before that child. */
export function whileRunning(child: ChildProcess, stop: () => void): void {
  running.set(child, stop);
  child.once('exit', () => running.delete(child));
}

/** Ends a program that `start` began, by SIGTERM unless said otherwise; settles when it is gone. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  kill(child, signal);
  await gone;
}

/** Runs a command to its end; its standard output. Throws when it fails. */
export async function run(command: readonly string[], input = ''): Promise<string> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  whileRunning(child, () => child.kill('SIGKILL'));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  // A command that does not read its input may be gone before.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${output}`);
  return output;
}

export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

/** A folder below the temporary one (TMPDIR), removed at the end. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'coppice-bench-'));
  folders.push(folder);
  return folder;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-(child.pid as number), signal);
  } catch {
    // It is gone.
  }
}
