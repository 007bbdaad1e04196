/**
 * Losses of power at random moments under writes, bulks and deletes, on real threads and real files: of what was not
 * synced only a part is left, by server or of all at once. What was acknowledged is looked for after each, and no bulk
 * may be halved. With durability `os` or `memory` it must find losses: they show that it would.
 */
import { Prng } from '../../src/lib/prng.ts';
import { check, registersOf, Writer } from './kill-loop.ts';
import { allUp, startProgram, Terminal } from './program.ts';

export type PowerLoopOptions = {
  readonly rounds: number;
  readonly seed: number;
  readonly directory: string;
  readonly durability: 'fsync' | 'os' | 'memory';
  /** Ends after the first round that finds a loss. */
  readonly untilLost?: boolean;
  /** Told after each round and of each finding: one line. */
  readonly onLine: (line: string) => void;
};

export type PowerLoopReport = { acknowledged: number; outages: number; lost: number; partial: number };

const WRITERS = 3;
const WRITING_MS_MAX = 250;
const ALL_SERVERS_PROBABILITY = 0.6;
/** Milliseconds until every server is up again, and after which one that lost everything is taken for what it is. */
const UP_MS_MAX = 30_000;
const UP_MS_WITH_LOSSES = 3_000;
const SERVERS = ['s1', 's2', 's3'];
const SURVIVORS = ['none', 'prefix', 'random'];

/** Runs the loop over one data directory; the report says how it went, nothing is thrown for what was lost. */
export async function powerLoop(options: PowerLoopOptions): Promise<PowerLoopReport> {
  const { rounds, seed, directory, durability, untilLost = false, onLine } = options;
  const prng = new Prng(seed);
  const report: PowerLoopReport = { acknowledged: 0, outages: 0, lost: 0, partial: 0 };
  const registers = registersOf();
  const program = await startProgram(
    ['--enable-faults', '--empty', '--quiet', '--durability', durability, '--seed', String(seed)],
    directory,
  );
  const terminal = await Terminal.open(program.text);
  for (let round = 1; round <= rounds; round++) {
    const writers = await Promise.all(
      Array.from({ length: WRITERS }, (_, writer) =>
        Writer.open(program.text, `r${round}w${writer}`, prng.fork(writer)),
      ),
    );
    for (const writer of writers) writer.write(registers);
    await new Promise((settle) => setTimeout(settle, prng.float() * WRITING_MS_MAX));
    const whose = prng.chance(ALL_SERVERS_PROBABILITY) ? 'all' : prng.pick(SERVERS);
    const statement = `power-loss ${whose} ${prng.pick(SURVIVORS)}`;
    const answer = await terminal.final(`FAULT ${statement}`);
    if (!answer.startsWith('OK')) throw new Error(answer);
    report.outages++;
    await terminal.ask('FAULT heal');
    await Promise.all(writers.map((writer) => writer.finish()));
    const isUp = await allUp(program.text, durability === 'fsync' ? UP_MS_MAX : UP_MS_WITH_LOSSES).then(
      () => true,
      () => false,
    );
    if (!isUp) {
      if (durability === 'fsync') throw new Error(`round ${round}: not up after ${UP_MS_MAX} ms`);
      // Some keys have no owner that still has them: without an operator's word the store waits for one for ever.
      for (const server of ['s1', 's2']) await terminal.until(`FORCE ${server}`, (said) => said.startsWith('OK'));
      await allUp(program.text);
    }
    const acknowledged = writers.reduce((sum, writer) => sum + writer.acknowledged, 0);
    report.acknowledged += acknowledged;
    onLine(`round ${round}: ${statement}, ${acknowledged} acknowledged`);
    await check(program.text, registers, report, onLine);
    if (untilLost && report.lost > 0) break;
  }
  terminal.close();
  await program.stop();
  return report;
}

/** The last line of every run. */
export function powerLoopSummary({ acknowledged, outages, lost, partial }: PowerLoopReport): string {
  return `Acknowledged: ${acknowledged}, Power losses: ${outages}, Lost: ${lost}, Partial bulks: ${partial}`;
}
