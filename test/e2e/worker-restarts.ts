/**
 * Storage servers that are killed and started again and again on one host, under a few writes: nothing may be left of
 * a life that is over, neither memory nor threads nor open files, and nothing acknowledged may be gone. The test runs a
 * few rounds, `npm run bench -- worker-restarts` as many as one likes. Needs Linux for its figures.
 */
import { Prng } from '../../src/lib/prng.ts';
import { figuresOf, type ProcessFigures } from './process-figures.ts';
import { allUp, spawnProgram, startedProgram, Terminal } from './program.ts';

export type WorkerRestartsOptions = {
  readonly rounds: number;
  readonly seed: number;
  readonly directory: string;
  readonly onLine: (line: string) => void;
};

export type WorkerRestartsReport = {
  readonly rounds: number;
  readonly before: ProcessFigures;
  readonly after: ProcessFigures;
  readonly rssMiBMax: number;
  /** Writes that the death of one of two owners must not refuse. */
  readonly refused: number;
  readonly wrongValues: number;
  /** What the process said on stderr, where a quiet host says nothing. */
  readonly complaints: string;
};

/** Until the heaps have their usual size and all code is compiled. */
const WARM_UP_ROUNDS = 20;
/** Rounds whose least memory counts: at least so many, and in the end this share of all. */
const RECENT_ROUNDS = 20;
const RECENT_SHARE = 0.1;
const KEYS = 20;
/** Dies again before it has recovered; the others have everything. Then it is another one's turn. */
const ROUNDS_OF_A_VICTIM = 20;
const LINE_EVERY_ROUNDS = 250;
const SERVERS = ['s1', 's2', 's3'];

export async function workerRestarts(options: WorkerRestartsOptions): Promise<WorkerRestartsReport> {
  const { rounds, seed, directory, onLine } = options;
  const prng = new Prng(seed);
  const child = spawnProgram(['--enable-faults', '--empty', '--quiet'], directory);
  let complaints = '';
  child.stderr?.on('data', (chunk: Buffer | string) => {
    complaints += chunk.toString();
  });
  const program = await startedProgram(child, directory);
  const pid = child.pid as number;
  const terminal = await Terminal.open(program.text);
  let refused = 0;
  const newest = new Map<string, number>();
  let victim = prng.pick(SERVERS);
  const round = async (number: number): Promise<void> => {
    if (number % ROUNDS_OF_A_VICTIM === 0) {
      await allUp(program.text);
      victim = prng.pick(SERVERS);
    }
    const key = `key${number % KEYS}`;
    const [restarted, written] = await terminal.askAll([`FAULT restart ${victim}`, `SET ${key} ${number}`]);
    if (written?.at(-1) === 'OK') newest.set(key, number);
    // A machine that is too busy for heartbeats may miss another server meanwhile.
    if (restarted?.at(-1)?.startsWith('OK') && written?.at(-1) === 'OK') return;
    refused++;
    onLine(`round ${number}: ${restarted?.at(-1)} / ${written?.at(-1)}`);
  };
  const recent: ProcessFigures[] = [];
  let rssMiBMax = 0;
  let before: ProcessFigures | null = null;
  const last = WARM_UP_ROUNDS + rounds;
  for (let i = 1; i <= last; i++) {
    await round(i);
    const now = figuresOf(pid);
    recent.push(now);
    if (recent.length > Math.max(RECENT_ROUNDS, i * RECENT_SHARE)) recent.shift();
    if (i === WARM_UP_ROUNDS) {
      await allUp(program.text);
      before = settled(recent, figuresOf(pid));
    }
    rssMiBMax = Math.max(rssMiBMax, now.rssMiB);
    if (i % LINE_EVERY_ROUNDS !== 0) continue;
    const { rssMiB, threads, files } = settled(recent, now);
    onLine(`round ${i}: ${Math.round(rssMiB)} MiB, ${threads} threads, ${files} open files`);
  }
  await allUp(program.text);
  let wrongValues = 0;
  for (const [key, number] of newest) {
    const answer = await terminal.final(`GET ${key}`);
    if (answer === `${key} -> ${number}`) continue;
    wrongValues++;
    onLine(`expected ${number}: ${answer}`);
  }
  const after = settled(recent, figuresOf(pid));
  terminal.close();
  await program.stop();
  return { rounds, before: before ?? after, after, rssMiBMax, refused, wrongValues, complaints };
}

/**
 * The figures of now, when all servers are up, but of memory what the last rounds did not bring down: above it is
 * garbage that was not collected yet, and threads that were just ending.
 */
function settled(recent: readonly ProcessFigures[], now: ProcessFigures): ProcessFigures {
  return { ...now, rssMiB: Math.min(now.rssMiB, ...recent.map(({ rssMiB }) => rssMiB)) };
}

/** The last line of every run. */
export function workerRestartsSummary(report: WorkerRestartsReport): string {
  const { rounds, before, after, rssMiBMax, refused, wrongValues, complaints } = report;
  const change = (name: keyof ProcessFigures): string => `${Math.round(before[name])} -> ${Math.round(after[name])}`;
  return (
    `Restarts: ${rounds}, MiB: ${change('rssMiB')} (at most ${Math.round(rssMiBMax)}), Threads: ${change('threads')}, ` +
    `Open files: ${change('files')}, Refused: ${refused}, Wrong: ${wrongValues}, Complaints: ${complaints === '' ? 'none' : complaints.trim()}`
  );
}

const RSS_MIB_MORE_MAX = 50;
/** A connection that has just been closed may still be counted; a life that is over would leave a dozen. */
const FILES_MORE_MAX = 3;

/** Whether anything was left behind or lost. */
export function workerRestartsFailed({
  rounds,
  before,
  after,
  refused,
  wrongValues,
  complaints,
}: WorkerRestartsReport): boolean {
  return (
    after.rssMiB > before.rssMiB + RSS_MIB_MORE_MAX ||
    after.threads > before.threads ||
    after.files > before.files + FILES_MORE_MAX ||
    refused > rounds / 100 ||
    wrongValues > 0 ||
    complaints !== ''
  );
}
