/**
 * The kill loop: writers on several connections, SIGKILL of the whole process at a drawn moment, a restart, and a look
 * at everything. What a writer was told before the kill must be there, deletes must stay deleted, and of a bulk there
 * must be all or nothing. The test runs three rounds, `npm run bench -- kill-loop` as many as one likes.
 */
import { once } from 'node:events';
import { Prng } from '../../src/lib/prng.ts';
import { Register } from './kill-loop-register.ts';
import { Ring } from './kill-loop-ring.ts';
import { Writer } from './kill-loop-writer.ts';
import { spawnProgram, startProgram, Terminal } from './program.ts';

export { Writer };

export type KillLoopOptions = {
  readonly rounds: number;
  readonly seed: number;
  readonly directory: string;
  /** Told after each round and of each finding: one line. */
  readonly onLine: (line: string) => void;
};

export type KillLoopReport = { acknowledged: number; kills: number; lost: number; partial: number };

const WRITERS = 16;
const SINGLE_KEYS = 200;
/** Keys of each family that is only ever written whole, by one bulk. */
const FAMILY_SIZES = [1, 2, 7, 50, 50, 100, 1_000, 5_000];
const RING_KEYS = 200;
/** The bulk that is on its way when everything ends: microseconds from its last byte to the kill. */
const SHOT_MICROSECONDS_MAX = 4_000;
const SHOT_MICROSECONDS_PER_KEY = 2;
/** Keys that are asked for at once. */
const READ_KEYS = 500;
/** Characters of a finding. */
const LINE_MAX = 1_000;
/** What is acknowledged before the moment of the kill is drawn, unless it takes too long. */
const ACKNOWLEDGED_LEAST = 100;
const BEGINNING_MS_MAX = 5_000;
const WRITING_MS_MAX = 500;
/** Every so often a start is killed too, in the middle of its recovery. */
const KILLED_START_PROBABILITY = 0.3;
const STARTING_MS_MAX = 1_500;
const SERVER_CRASH_PROBABILITY = 0.3;
const SERVERS = ['s1', 's2', 's3'];
const ARGUMENTS = ['--enable-faults', '--empty', '--quiet'];

/** Runs the loop over one data directory; the report says how it went, nothing is thrown for what was lost. */
export async function killLoop({ rounds, seed, directory, onLine }: KillLoopOptions): Promise<KillLoopReport> {
  const prng = new Prng(seed);
  const report: KillLoopReport = { acknowledged: 0, kills: 0, lost: 0, partial: 0 };
  const registers = registersOf();
  const ring = new Ring('ring', RING_KEYS);
  for (let round = 1; round <= rounds; round++) {
    const program = await startProgram(ARGUMENTS, directory);
    await check(program.text, registers, report, onLine, ring);
    const writers = await Promise.all(
      Array.from({ length: WRITERS }, (_, writer) =>
        Writer.open(program.text, `r${round}w${writer}`, prng.fork(writer)),
      ),
    );
    for (const writer of writers) writer.write(registers, ring);
    const inTime = performance.now() + BEGINNING_MS_MAX;
    while (acknowledgedBy(writers) < ACKNOWLEDGED_LEAST && performance.now() < inTime) await pause(1);
    const writingMs = prng.float() * WRITING_MS_MAX;
    if (prng.chance(SERVER_CRASH_PROBABILITY)) {
      await pause(writingMs / 2);
      await crashServer(program.text, prng.pick(SERVERS));
    }
    await pause(writingMs);
    const shooter = await Writer.open(program.text, `r${round}shot`, prng.fork(WRITERS));
    const target = registers[SINGLE_KEYS + prng.below(FAMILY_SIZES.length)] as Register;
    const shotMicroseconds = prng.float() * (SHOT_MICROSECONDS_MAX + target.keys.length * SHOT_MICROSECONDS_PER_KEY);
    shooter.writeOnce(target);
    await pause(shotMicroseconds / 1_000);
    await program.kill();
    writers.push(shooter);
    report.kills++;
    const acknowledged = acknowledgedBy(writers);
    const unanswered = writers.reduce((sum, writer) => sum + writer.inFlight, 0);
    await Promise.all(writers.map((writer) => writer.closed()));
    report.acknowledged += acknowledged;
    if (prng.chance(KILLED_START_PROBABILITY)) {
      await killStart(directory, prng.float() * STARTING_MS_MAX);
      report.kills++;
    }
    onLine(
      `round ${round}: killed after ${Math.round(writingMs)} ms, ${acknowledged} acknowledged, ${unanswered} in flight, ` +
        `${Math.round(shotMicroseconds)} µs into a bulk of ${target.keys.length}`,
    );
  }
  const program = await startProgram(ARGUMENTS, directory);
  await check(program.text, registers, report, onLine, ring);
  await program.stop();
  return report;
}

/** The last line of every run. */
export function killLoopSummary({ acknowledged, kills, lost, partial }: KillLoopReport): string {
  return `Acknowledged: ${acknowledged}, Kills: ${kills}, Lost after restart: ${lost}, Partial bulks: ${partial}`;
}

/** Reads every key at one moment and begins anew from what is there. */
export async function check(
  port: number,
  registers: readonly Register[],
  report: Pick<KillLoopReport, 'lost' | 'partial'>,
  onLine: (line: string) => void,
  ring: Ring | null = null,
): Promise<void> {
  const terminal = await Terminal.open(port);
  await terminal.ask('FORMAT json');
  for (const register of registers) {
    const found = await valuesOf(terminal, register.keys);
    if (new Set(found).size > 1) {
      report.partial++;
      onLine(
        `PARTIAL ${register.keys.map((key, i) => `${key}=${brief(found[i] ?? null)}`).join(' ')}`.slice(0, LINE_MAX),
      );
    }
    for (const value of new Set(found)) {
      const wrong = register.wrong(value);
      if (wrong === null) continue;
      report.lost++;
      onLine(`LOST ${register.keys[0]}: found ${brief(value)}, ${wrong}`);
    }
    register.restart(found[0] ?? null);
  }
  if (ring !== null) {
    const found = await valuesOf(terminal, ring.keys);
    const wrong = ring.wrong(found);
    if (wrong !== null) {
      report.partial++;
      onLine(`PARTIAL ${wrong.slice(0, LINE_MAX)}`);
    }
    ring.restart(found);
  }
  terminal.close();
}

/** What the keys hold; asked again while an answer is not certain. */
async function valuesOf(terminal: Terminal, keys: readonly string[]): Promise<(string | null)[]> {
  const values: (string | null)[] = [];
  for (let at = 0; at < keys.length; at += READ_KEYS) {
    const page = keys.slice(at, at + READ_KEYS);
    const answers = await terminal.askAll(page.map((key) => `GET ${key}`));
    for (const [i, key] of page.entries()) {
      const first = answers[i]?.at(-1) as string;
      const line = isCertain(first) ? first : await terminal.until(`GET ${key}`, isCertain);
      const { value } = JSON.parse(line) as { value: { v: string } | null };
      values.push(value?.v ?? null);
    }
  }
  return values;
}

function isCertain(answer: string): boolean {
  return answer.startsWith('{"ok":true') && !isUncertain(answer);
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

/** Registers of single keys, and of families that are only ever written whole. */
export function registersOf(): Register[] {
  return [
    ...Array.from({ length: SINGLE_KEYS }, (_, i) => new Register([`key${i}`])),
    ...FAMILY_SIZES.map((size, family) => new Register(Array.from({ length: size }, (_, i) => `family${family}:${i}`))),
  ];
}

function acknowledgedBy(writers: readonly Writer[]): number {
  return writers.reduce((sum, writer) => sum + writer.acknowledged, 0);
}

function brief(value: string | null): string {
  return value === null ? 'nothing' : value.slice(0, value.indexOf('-') + 1) + value.length;
}

function pause(ms: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, ms));
}
