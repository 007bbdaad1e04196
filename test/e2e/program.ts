/**
 * The real program as a child process: what a user starts. COPPICE_BINARY runs the same suite against the single
 * executable instead of the checkout.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectSocket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const ENTRY = resolve(import.meta.dirname, '../../actors/coppice.ts');
const START_LIMIT_MS = 60_000;

export type Program = {
  readonly process: ChildProcess;
  readonly directory: string;
  readonly text: number;
  readonly ready: string;
  /** Its exit code, once it ended; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** SIGTERM, and its exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL: a dead machine as far as the program is concerned. */
  kill(): Promise<void>;
};

/** The command line that runs `coppice ...args`. */
export function commandLine(args: readonly string[]): [string, string[]] {
  const binary = process.env['COPPICE_BINARY'];
  return binary === undefined ? [process.execPath, [ENTRY, ...args]] : [resolve(binary), [...args]];
}

/** Runs one command to its end. */
export async function run(
  args: readonly string[],
  { input = '', cwd }: { input?: string; cwd?: string } = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [file, list] = commandLine(args);
  const child = spawn(file, list, { stdio: ['pipe', 'pipe', 'pipe'], cwd });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** Starts a host on free ports and settles when it said that it is ready. */
export async function startProgram(args: readonly string[] = [], directory = temporaryDirectory()): Promise<Program> {
  return startedProgram(spawnProgram(args, directory), directory);
}

/** The process of `coppice start` on free ports, from its first moment on. */
export function spawnProgram(args: readonly string[], directory: string): ChildProcess {
  const ports = ['--port', '0', '--resp-port', 'off', '--http-port', 'off'];
  const [file, list] = commandLine(['start', '--dir', directory, ...ports, ...args]);
  return spawn(file, list, { stdio: ['ignore', 'pipe', 'pipe'], cwd: directory });
}

export async function startedProgram(child: ChildProcess, directory: string): Promise<Program> {
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    errors = (errors + chunk).slice(-4_000);
  });
  const ready = await new Promise<string>((settle, reject) => {
    let output = '';
    const timer = setTimeout(() => reject(new Error(`not ready in ${START_LIMIT_MS} ms: ${errors}`)), START_LIMIT_MS);
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      const line = /^coppice ready .*$/m.exec(output);
      if (line === null) return;
      clearTimeout(timer);
      settle(line[0]);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`ended with ${code ?? signal} before it was ready: ${errors}`));
    });
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  return {
    process: child,
    directory,
    ready,
    exited,
    text: Number(/text=\S+:(\d+)/.exec(ready)?.[1] ?? 0),
    async stop() {
      child.kill('SIGTERM');
      return exited;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

const temporary: string[] = [];

/** An empty directory, which is gone when this process is. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'coppice-test-'));
  if (temporary.length === 0) {
    process.once('exit', () => {
      for (const made of temporary) rmSync(made, { recursive: true, force: true });
    });
  }
  temporary.push(directory);
  return directory;
}

/** A person at the text port: one line out, and what comes back up to the final line. */
export class Terminal {
  readonly #input: Writable;
  readonly #waiting: { settle(line: string): void; reject(error: Error): void }[] = [];
  readonly #lines: string[] = [];
  #buffer = '';
  #isOver = false;

  /** Whatever answers lines: a socket, or a program over its standard input and output. */
  constructor(input: Writable, output: Readable) {
    this.#input = input;
    output.setEncoding('utf8');
    output.on('data', (chunk: string) => this.#onData(chunk));
    output.on('error', () => {});
    output.on('close', () => {
      this.#isOver = true;
      for (const waiting of this.#waiting.splice(0)) waiting.reject(new Error('the connection is closed'));
    });
  }

  static async open(port: number): Promise<Terminal> {
    const socket = connectSocket(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Terminal(socket, socket);
  }

  #onData(chunk: string): void {
    const lines = (this.#buffer + chunk).split('\n');
    this.#buffer = lines.pop() ?? '';
    for (const line of lines) {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#lines.push(line);
      else waiting.settle(line);
    }
  }

  #line(): Promise<string> {
    const line = this.#lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    if (this.#isOver) return Promise.reject(new Error('the connection is closed'));
    return new Promise((settle, reject) => this.#waiting.push({ settle, reject }));
  }

  /** The whole answer: warnings and the final line. */
  async ask(request: string): Promise<string[]> {
    void this.send(`${request}\n`);
    return this.answer();
  }

  /** The answers to requests that are all sent before the first is read; nothing else may be asked meanwhile. */
  async askAll(requests: readonly string[]): Promise<string[][]> {
    void this.send(requests.map((request) => `${request}\n`).join(''));
    const answers: string[][] = [];
    for (let i = 0; i < requests.length; i++) answers.push(await this.answer());
    return answers;
  }

  /** Bytes as they are; settles when the socket wants more. */
  async send(bytes: string | Uint8Array): Promise<void> {
    const input = this.#input;
    if (input.write(bytes) || this.#isOver) return;
    await new Promise<void>((settle) => {
      const onReady = (): void => {
        input.off('drain', onReady).off('close', onReady);
        settle();
      };
      input.on('drain', onReady).on('close', onReady);
    });
  }

  /** The next answer: warnings and the final line. */
  async answer(): Promise<string[]> {
    const answer: string[] = [];
    for (;;) {
      const line = await this.#line();
      answer.push(line);
      if (!line.startsWith('WARNING:')) return answer;
    }
  }

  /** The final line alone. */
  async final(request: string): Promise<string> {
    return (await this.ask(request)).at(-1) as string;
  }

  /** Asks again until the answer is as wished. */
  async until(request: string, isWished: (answer: string) => boolean, limitMs = 30_000): Promise<string> {
    const end = Date.now() + limitMs;
    for (;;) {
      const answer = await this.final(request);
      if (isWished(answer)) return answer;
      if (Date.now() > end) throw new Error(`${request}: still ${answer} after ${limitMs} ms`);
      await new Promise((settle) => setTimeout(settle, 20));
    }
  }

  close(): void {
    this.#input.destroy();
  }
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** Waits until every server is up; throws when they are not within `limitMs`. */
export async function allUp(port: number, limitMs = 30_000): Promise<void> {
  const terminal = await Terminal.open(port);
  await terminal.ask('FORMAT json');
  await terminal.until(
    'STATUS',
    (answer) => (JSON.parse(answer) as { servers: { state: string }[] }).servers.every(({ state }) => state === 'up'),
    limitMs,
  );
  terminal.close();
}
