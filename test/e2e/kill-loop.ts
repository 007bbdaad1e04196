/**
 * The kill loop: writers on several connections, SIGKILL of the whole process at a drawn moment, a restart, and a look
 * at everything. What a writer was told before the kill must be there, deletes must stay deleted, and of a bulk there
 * must be all or nothing. The test runs three rounds, `npm run bench -- kill-loop` as many as one likes.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Prng } from '../../src/lib/prng.ts';
import { type Operation, Register } from './kill-loop-register.ts';
import { spawnProgram, startProgram, Terminal } from './program.ts';

export type KillLoopOptions = {
  readonly rounds: number;
  readonly seed: number;
  readonly directory: string;
  /** Told after each round and of each finding: one line. */
  readonly onLine: (line: string) => void;
};

export type KillLoopReport = { acknowledged: number; kills: number; lost: number; partial: number };

const WRITERS = 4;
const SINGLE_KEYS = 40;
const FAMILIES = 4;
const FAMILY_KEYS = 7;
/** Commands that one writer has in flight. */
const WINDOW = 24;
const PADDING_BYTES_MAX = 1_500;
const WRITING_MS_MAX = 500;
/** Every so often a start is killed too, in the middle of its recovery. */
const KILLED_START_PROBABILITY = 0.3;
const STARTING_MS_MAX = 1_500;
const SERVER_CRASH_PROBABILITY = 0.3;
const SNAPSHOT_PROBABILITY = 0.002;
const SERVERS = ['s1', 's2', 's3'];
const ARGUMENTS = ['--enable-faults', '--empty', '--quiet'];

/** Runs the loop over one data directory; the report says how it went, nothing is thrown for what was lost. */
export async function killLoop({ rounds, seed, directory, onLine }: KillLoopOptions): Promise<KillLoopReport> {
  const prng = new Prng(seed);
  const report: KillLoopReport = { acknowledged: 0, kills: 0, lost: 0, partial: 0 };
  const registers = [
    ...Array.from({ length: SINGLE_KEYS }, (_, i) => new Register([`key${i}`])),
    ...Array.from(
      { length: FAMILIES },
      (_, family) => new Register(Array.from({ length: FAMILY_KEYS }, (_, i) => `family${family}:${i}`)),
    ),
  ];
  for (let round = 1; round <= rounds; round++) {
    const program = await startProgram(ARGUMENTS, directory);
    await check(program.text, registers, report, onLine);
    const writers = await Promise.all(
      Array.from({ length: WRITERS }, (_, writer) =>
        Writer.open(program.text, `r${round}w${writer}`, prng.fork(writer)),
      ),
    );
    for (const writer of writers) writer.write(registers);
    const writingMs = prng.float() * WRITING_MS_MAX;
    if (prng.chance(SERVER_CRASH_PROBABILITY)) {
      await pause(writingMs / 2);
      await crashServer(program.text, prng.pick(SERVERS));
    }
    await pause(writingMs);
    await program.kill();
    report.kills++;
    const acknowledged = writers.reduce((sum, writer) => sum + writer.acknowledged, 0);
    const unanswered = writers.reduce((sum, writer) => sum + writer.inFlight, 0);
    await Promise.all(writers.map((writer) => writer.closed()));
    report.acknowledged += acknowledged;
    if (prng.chance(KILLED_START_PROBABILITY)) {
      await killStart(directory, prng.float() * STARTING_MS_MAX);
      report.kills++;
    }
    onLine(
      `round ${round}: killed after ${Math.round(writingMs)} ms, ${acknowledged} acknowledged, ${unanswered} in flight`,
    );
  }
  const program = await startProgram(ARGUMENTS, directory);
  await check(program.text, registers, report, onLine);
  await program.stop();
  return report;
}

/** The last line of every run. */
export function killLoopSummary({ acknowledged, kills, lost, partial }: KillLoopReport): string {
  return `Acknowledged: ${acknowledged}, Kills: ${kills}, Lost after restart: ${lost}, Partial bulks: ${partial}`;
}

/** Reads every key at one moment and begins anew from what is there. */
async function check(
  port: number,
  registers: readonly Register[],
  report: KillLoopReport,
  onLine: (line: string) => void,
): Promise<void> {
  const terminal = await Terminal.open(port);
  await terminal.ask('FORMAT json');
  for (const register of registers) {
    const found = await valuesOf(terminal, register.keys);
    if (new Set(found).size > 1) {
      report.partial++;
      onLine(`PARTIAL ${register.keys.map((key, i) => `${key}=${brief(found[i] ?? null)}`).join(' ')}`);
    }
    for (const value of new Set(found)) {
      const wrong = register.wrong(value);
      if (wrong === null) continue;
      report.lost++;
      onLine(`LOST ${register.keys[0]}: found ${brief(value)}, ${wrong}`);
    }
    register.restart(found[0] ?? null);
  }
  terminal.close();
}

/** What the keys hold; asked again while the answer is not certain. */
async function valuesOf(terminal: Terminal, keys: readonly string[]): Promise<(string | null)[]> {
  const values: (string | null)[] = [];
  for (const key of keys) {
    const line = await terminal.until(
      `GET ${key}`,
      (answer) => answer.startsWith('{"ok":true') && !isUncertain(answer),
    );
    const { value } = JSON.parse(line) as { value: { v: string } | null };
    values.push(value?.v ?? null);
  }
  return values;
}

function isUncertain(answer: string): boolean {
  return (JSON.parse(answer) as { uncertain?: boolean }).uncertain === true;
}

async function crashServer(port: number, server: string): Promise<void> {
  const terminal = await Terminal.open(port);
  await terminal.ask(`FAULT crash ${server}`);
  terminal.close();
}

/** A host that dies before, while or after it recovers. */
async function killStart(directory: string, afterMs: number): Promise<void> {
  const child = spawnProgram(ARGUMENTS, directory);
  child.stdout?.resume();
  child.stderr?.resume();
  await pause(afterMs);
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** One connection that writes without waiting for single answers, and knows which of its operations were acknowledged. */
class Writer {
  readonly #socket: Socket;
  readonly #name: string;
  readonly #prng: Prng;
  /** Oldest first; null for a command that stores nothing. */
  readonly #inFlight: ({ register: Register; operation: Operation } | null)[] = [];
  readonly #closed: Promise<unknown>;
  #registers: readonly Register[] = [];
  #buffer = '';
  #written = 0;
  acknowledged = 0;

  private constructor(socket: Socket, name: string, prng: Prng) {
    this.#socket = socket;
    this.#name = name;
    this.#prng = prng;
    this.#closed = new Promise((settle) => socket.once('close', settle));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => this.#onData(chunk));
    socket.on('error', () => socket.destroy());
  }

  static async open(port: number, name: string, prng: Prng): Promise<Writer> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new Writer(socket, name, prng);
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  /** Writes until the connection ends. */
  write(registers: readonly Register[]): void {
    this.#registers = registers;
    this.#fill();
  }

  async closed(): Promise<void> {
    await this.#closed;
  }

  #fill(): void {
    let lines = '';
    while (this.#inFlight.length < WINDOW) lines += `${this.#next()}\n`;
    if (lines !== '') this.#socket.write(lines);
  }

  #next(): string {
    if (this.#prng.chance(SNAPSHOT_PROBABILITY)) {
      this.#inFlight.push(null);
      return 'SNAPSHOT';
    }
    const register = this.#prng.pick(this.#registers);
    const [key] = register.keys;
    const isDelete = register.keys.length === 1 && this.#prng.chance(0.2);
    const padding = 'x'.repeat(this.#prng.below(PADDING_BYTES_MAX));
    const value = isDelete ? null : `${this.#name}n${this.#written++}-${padding}`;
    this.#inFlight.push({ register, operation: register.begin(this.#name, value) });
    if (value === null) return `DELETE ${key}`;
    if (register.keys.length > 1) return `BULKSET ${JSON.stringify(register.keys.map((name) => [name, { v: value }]))}`;
    return this.#prng.chance(0.5) ? `SET ${key} {"v":"${value}"}` : `PUT "${key}" -> [ "v" -> "${value}" ]`;
  }

  #onData(chunk: string): void {
    const lines = (this.#buffer + chunk).split('\n');
    this.#buffer = lines.pop() ?? '';
    for (const line of lines) if (!line.startsWith('WARNING:')) this.#onAnswer(line);
    if (!this.#socket.destroyed) this.#fill();
  }

  #onAnswer(line: string): void {
    const asked = this.#inFlight.shift();
    if (asked === null || asked === undefined) return;
    const { register, operation } = asked;
    if (!line.startsWith('ERROR ')) {
      this.acknowledged++;
      register.acknowledge(operation);
    } else if (!line.startsWith('ERROR TIMEOUT')) {
      register.refuse(operation);
    }
  }
}

function brief(value: string | null): string {
  return value === null ? 'nothing' : value.slice(0, value.indexOf('-') + 1) + value.length;
}

function pause(ms: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, ms));
}
