/** The program as a process and lean clients of its text port, for the benchmarks that measure the whole way. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ENTRY = resolve(import.meta.dirname, '../actors/launch.mjs');
const LINE_FEED = 10;

export type Running = { readonly port: number; readonly child: ChildProcess; stop(): Promise<void> };

/** A host on a free port over `directory`; settles when it is ready. */
export async function startHost(directory: string, args: readonly string[] = []): Promise<Running> {
  const ports = ['--port', '0', '--resp-port', 'off', '--http-port', 'off', '--empty', '--quiet'];
  const child = spawn(process.execPath, [ENTRY, 'start', '--dir', directory, ...ports, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(/text=\S+:(\d+)/.exec(line.toString())?.[1]);
  return {
    port,
    child,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** Runs one `coppice` command to its end; its standard output. */
export async function coppice(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [ENTRY, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`coppice ${args.join(' ')} ended with ${code}`);
  return output;
}

export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'coppice-bench-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/**
 * Sends `total` requests over `connections`, each with `depth` in flight; the seconds until the last answer. `request`
 * makes the nth line. Answers are counted, not read.
 */
export async function drive(
  port: number,
  { connections, depth, total }: { connections: number; depth: number; total: number },
  request: (n: number) => string,
): Promise<number> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => openSocket(port)));
  const each = Math.floor(total / connections);
  const begin = performance.now();
  await Promise.all(sockets.map((socket, index) => lane(socket, index * each, each, depth, request)));
  const seconds = (performance.now() - begin) / 1_000;
  for (const socket of sockets) socket.destroy();
  return seconds;
}

function lane(
  socket: Socket,
  first: number,
  count: number,
  depth: number,
  request: (n: number) => string,
): Promise<void> {
  return new Promise((settle) => {
    let sent = 0;
    let answered = 0;
    const send = (): void => {
      let lines = '';
      for (; sent < count && sent - answered < depth; sent++) lines += `${request(first + sent)}\n`;
      if (lines !== '') socket.write(lines);
    };
    socket.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, at + 1)) answered++;
      if (answered >= count) settle();
      else send();
    });
    send();
  });
}

async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}

export type Spread = { readonly median: number; readonly min: number; readonly max: number };

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    median: sorted[Math.floor(sorted.length / 2)] as number,
    min: sorted[0] as number,
    max: sorted.at(-1) as number,
  };
}

/** `123,456 (120,000 … 130,000)` */
export function show({ median, min, max }: Spread, digits = 0): string {
  const number = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: digits });
  return `${number(median)} (${number(min)} … ${number(max)})`;
}

/** A table for people, or one JSON object with `--json`. */
export function report(question: string, rows: Readonly<Record<string, Spread | number>>): void {
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ question, rows }));
    return;
  }
  console.log(question);
  for (const [name, value] of Object.entries(rows)) {
    console.log(`  ${name.padEnd(44)} ${typeof value === 'number' ? value.toLocaleString('en') : show(value, 2)}`);
  }
}
