/**
 * Syncs that really fail: strace answers a host's nth fdatasync of one server's log with EIO, while clients write. The
 * server must end, come back from what its disk has, and never ask for a sync of that file again; nothing acknowledged
 * may be gone, and of a bulk there must be all or nothing. The test runs a few rounds, `npm run bench -- failing-syncs`
 * as many as one likes. Linux only, and where one process may trace another.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Prng } from '../../src/lib/prng.ts';
import { check, Writer } from './kill-loop.ts';
import { Register } from './kill-loop-register.ts';
import { allUp, type Program, startProgram, Terminal } from './program.ts';

export type FailingSyncsOptions = {
  readonly rounds: number;
  readonly seed: number;
  readonly directory: string;
  /** Three servers with two copies, or one with one: then nobody else can answer. */
  readonly servers: 3 | 1;
  readonly onLine: (line: string) => void;
};

export type FailingSyncsReport = {
  failures: number;
  acknowledged: number;
  /** Answers that were errors. */
  refused: number;
  lost: number;
  partial: number;
  /** Syncs of a file whose sync had failed. */
  retried: number;
  /** Milliseconds from each failure until STATUS shows it, and until the server is up again. */
  readonly seenMs: number[];
  readonly upMs: number[];
};

const WRITERS = 3;
const SINGLE_KEYS = 40;
const FAMILY_SIZES = [2, 7, 50];
/** The nth sync of a round, at most: it fails while the writers write. */
const NTH_MAX = 40;
const ROUND_MS_MAX = 60_000;
const POLL_MS = 2;

/** Why no syncs can be made to fail here, or null. */
export function tracingProblem(): string | null {
  if (process.platform !== 'linux') return `there is no strace on ${process.platform}`;
  const { status, error, stderr } = spawnSync('strace', ['-qq', '-o', '/dev/null', 'true'], { encoding: 'utf8' });
  return status === 0 ? null : (error?.message ?? stderr.trim());
}

/** Runs the rounds over one data directory; the report says how they went, nothing is thrown for what was lost. */
export async function failingSyncs(options: FailingSyncsOptions): Promise<FailingSyncsReport> {
  const { rounds, seed, directory, servers, onLine } = options;
  mkdirSync(directory, { recursive: true });
  const prng = new Prng(seed);
  const report: FailingSyncsReport = {
    failures: 0,
    acknowledged: 0,
    refused: 0,
    lost: 0,
    partial: 0,
    retried: 0,
    seenMs: [],
    upMs: [],
  };
  const registers = [
    ...Array.from({ length: SINGLE_KEYS }, (_, i) => new Register([`key${i}`])),
    ...FAMILY_SIZES.map((size, family) => new Register(Array.from({ length: size }, (_, i) => `family${family}:${i}`))),
  ];
  const shape = ['--servers', String(servers), '--replicas', String(Math.min(servers, 2))];
  const program = await startProgram(['--enable-faults', '--empty', '--quiet', ...shape], directory);
  const operator = await Terminal.open(program.text);
  await operator.ask('FORMAT json');
  for (let round = 1; round <= rounds; round++) {
    const victim = `s${prng.between(1, servers)}`;
    const nth = 1 + ((round - 1) % NTH_MAX);
    // A server that dies again and again is started later and later, and then no more, unless its deaths are forgotten.
    await operator.ask('FAULT heal');
    const before = await stateOf(operator, victim);
    const trace = join(directory, `trace-${round}`);
    const tracer = await attach(program, newestLog(join(directory, victim)), nth, trace);
    const writers = await Promise.all(
      Array.from({ length: WRITERS }, (_, i) => Writer.open(program.text, `r${round}w${i}`, prng.fork(i))),
    );
    for (const writer of writers) writer.write(registers);
    const [seenAt, upAt] = await endAndReturn(operator, victim, before.incarnation);
    await Promise.all(writers.map((writer) => writer.finish()));
    await detach(tracer);
    await allUp(program.text);

    const { failedAt, retried } = readTrace(trace);
    report.failures++;
    report.retried += retried;
    report.seenMs.push(seenAt - failedAt);
    report.upMs.push(upAt - failedAt);
    report.acknowledged += writers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
    report.refused += writers.reduce((sum, { refused }) => sum + refused, 0);
    await check(program.text, registers, report, onLine);
    onLine(
      `round ${round}: sync ${nth} of ${victim} failed, seen after ${Math.round(seenAt - failedAt)} ms, ` +
        `up after ${Math.round(upAt - failedAt)} ms`,
    );
  }
  operator.close();
  await program.stop();
  return report;
}

/** The last line of every run. */
export function failingSyncsSummary(report: FailingSyncsReport): string {
  const { failures, acknowledged, refused, lost, partial, retried, seenMs, upMs } = report;
  const middle = (times: readonly number[]): number =>
    Math.round(times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0);
  return (
    `Failed syncs: ${failures}, Acknowledged: ${acknowledged}, Refused: ${refused}, Lost: ${lost}, ` +
    `Partial bulks: ${partial}, Synced again: ${retried}, ` +
    `Seen after ${middle(seenMs)} ms (at most ${Math.round(Math.max(0, ...seenMs))}), ` +
    `Up again after ${middle(upMs)} ms (at most ${Math.round(Math.max(0, ...upMs))})`
  );
}

/** Whether anything happened that must not. */
export function failingSyncsFailed({ lost, partial, retried }: FailingSyncsReport): boolean {
  return lost + partial + retried > 0;
}

type ServerState = { readonly state: string; readonly incarnation: number };

async function stateOf(operator: Terminal, server: string): Promise<ServerState> {
  const { servers } = JSON.parse(await operator.final('STATUS')) as { servers: (ServerState & { id: string })[] };
  return servers.find(({ id }) => id === server) as ServerState;
}

/** When the server was seen to have ended, and to be up in another life. */
async function endAndReturn(operator: Terminal, server: string, incarnation: number): Promise<[number, number]> {
  const limit = Date.now() + ROUND_MS_MAX;
  let seenAt = 0;
  for (;;) {
    const now = await stateOf(operator, server);
    if (seenAt === 0 && (now.state === 'down' || now.incarnation > incarnation)) seenAt = Date.now();
    if (now.state === 'up' && now.incarnation > incarnation) return [seenAt, Date.now()];
    if (Date.now() > limit) throw new Error(`${server} is ${now.state} in its life ${now.incarnation}`);
    await pause(POLL_MS);
  }
}

function newestLog(directory: string): string {
  const logs = readdirSync(directory).filter((name) => /^wal-\d+$/.test(name));
  return join(directory, logs.sort().at(-1) as string);
}

/** Settles when the tracer has every thread of the host. */
async function attach(program: Program, log: string, nth: number, trace: string): Promise<ChildProcess> {
  const pid = /pid=(\d+)/.exec(program.ready)?.[1] as string;
  const tracer = spawn(
    'strace',
    [
      ...['-f', '-p', pid, '-ttt', '-y', '-P', log, '-o', trace, '-e', 'signal=none'],
      ...['-e', 'trace=fdatasync', '-e', `inject=fdatasync:error=EIO:when=${nth}`],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  const isAttached = new Promise<void>((settle, reject) => {
    tracer.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
      if (said.includes(' attached')) settle();
    });
    tracer.once('exit', () => reject(new Error(`strace: ${said}`)));
  });
  await isAttached;
  return tracer;
}

async function detach(tracer: ChildProcess): Promise<void> {
  if (tracer.exitCode !== null || tracer.signalCode !== null) return;
  tracer.kill('SIGINT');
  await once(tracer, 'exit');
}

/** When the sync failed, in milliseconds since 1970, and how many of the file there were after it. */
function readTrace(trace: string): { failedAt: number; retried: number } {
  const lines = readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) => line.includes('fdatasync('));
  const at = lines.findIndex((line) => line.includes('(INJECTED)'));
  const seconds = Number(/^\d+\s+([\d.]+)/.exec(lines[at] ?? '')?.[1]);
  return { failedAt: seconds * 1_000, retried: at === -1 ? 0 : lines.length - 1 - at };
}
