/**
 * Servers that are killed while a thousand requests are in flight, round after round on one host: every request gets
 * exactly one answer by its deadline, what was acknowledged is there afterwards in its order, and what was refused
 * definitely never happened. The test runs a few rounds, `npm run bench -- in-flight` as many as one likes.
 */
import { Prng } from '../../src/lib/prng.ts';
import { DEADLINE_MS } from '../../src/model/limits.ts';
import { Client } from './in-flight-client.ts';
import { allUp, startProgram, Terminal } from './program.ts';

export type InFlightOptions = {
  readonly rounds: number;
  readonly seed: number;
  readonly directory: string;
  /** Told after each round and of each finding: one line. */
  readonly onLine: (line: string) => void;
};

export type InFlightReport = {
  requests: number;
  /** In flight when a server was killed. */
  caught: number;
  /** Never answered, answered twice, or answered later than the deadline allows. */
  unanswered: number;
  surplus: number;
  late: number;
  slowestMs: number;
  /** Acknowledged and not there, or undone by something older. */
  lost: number;
  /** Definite errors, and those of them that took effect after all. */
  definite: number;
  lies: number;
  /** Indefinite errors of all requests under the death of one server, which have the next figure. */
  uncertain: number;
  underOneDeath: number;
};

const CONNECTIONS = 20;
const REQUESTS_EACH = 50;
const REQUESTS_AFTER = 10;
const LATE_AFTER_MS = DEADLINE_MS + 50;
/** Longer than any deadline: whoever was not answered by then never will be. */
const GIVE_UP_MS = DEADLINE_MS + 5_000;
const SPREAD_MS = 6;
const SERVERS = ['s1', 's2', 's3'];

/** Runs the rounds over one data directory; the report says how they went, nothing is thrown for what was lost. */
export async function inFlightRounds({ rounds, seed, directory, onLine }: InFlightOptions): Promise<InFlightReport> {
  const prng = new Prng(seed);
  const report: InFlightReport = {
    requests: 0,
    caught: 0,
    unanswered: 0,
    surplus: 0,
    late: 0,
    slowestMs: 0,
    lost: 0,
    definite: 0,
    lies: 0,
    uncertain: 0,
    underOneDeath: 0,
  };
  const program = await startProgram(['--enable-faults', '--empty', '--quiet'], directory);
  const operator = await Terminal.open(program.text);
  for (let round = 1; round <= rounds; round++) {
    const clients = await Promise.all(
      Array.from({ length: CONNECTIONS }, (_, i) => Client.open(program.text, `c${i}`, prng.fork(i))),
    );
    const [victim, second] = prng.shuffle(SERVERS) as [string, string];
    const isDouble = round % 5 === 0;
    // A server that hangs first holds back all that needs it, so that its death catches everything at once.
    const hangs = round % 2 === 1;
    if (hangs) await operator.ask(`FAULT hang ${victim}`);
    const answered = clients.map((client) => client.send(`r${round}`, REQUESTS_EACH));
    await pause(hangs ? SPREAD_MS : prng.float() * SPREAD_MS);
    const crashed = operator.ask(`FAULT crash ${isDouble ? `${victim},${second}` : victim}`);
    const caught = clients.reduce((sum, { inFlight }) => sum + inFlight, 0);
    await crashed;
    // What is asked of those who are left: refused for certain, or done.
    const after = clients.map((client) => client.send(`r${round}after`, REQUESTS_AFTER));
    await withinLimit(Promise.all([...answered, ...after]));
    await operator.ask('FAULT heal');
    await allUp(program.text);
    const isOver = await Promise.all(clients.map((client) => client.end()));

    report.caught += caught;
    for (const client of clients) {
      report.requests += client.sent;
      report.unanswered += client.inFlight;
      report.surplus += client.surplus;
      report.late += client.tookMs.filter((ms) => ms > LATE_AFTER_MS).length;
      report.slowestMs = Math.max(report.slowestMs, ...client.tookMs);
      report.definite += client.definite;
      if (isDouble) continue;
      report.uncertain += client.uncertain;
      report.underOneDeath += client.sent;
    }
    await check(program.text, clients, report, onLine);
    onLine(
      `round ${round}: ${caught} in flight when ${isDouble ? `${victim} and ${second}` : victim} died, ` +
        `slowest answer ${Math.round(Math.max(...clients.flatMap(({ tookMs }) => tookMs)))} ms, ` +
        `${clients.reduce((sum, { uncertain }) => sum + uncertain, 0)} uncertain` +
        (isOver.every(Boolean) ? '' : ', a connection broke'),
    );
  }
  operator.close();
  await program.stop();
  return report;
}

/** The last line of every run. */
export function inFlightSummary(report: InFlightReport): string {
  const { requests, caught, unanswered, surplus, late, slowestMs, lost, definite, lies, uncertain } = report;
  const share = (100 * uncertain) / Math.max(1, report.underOneDeath);
  return (
    `Requests: ${requests}, In flight at a death: ${caught}, Unanswered: ${unanswered}, Answered twice: ${surplus}, ` +
    `Late: ${late}, Slowest: ${Math.round(slowestMs)} ms, Lost: ${lost}, Definite errors: ${definite}, ` +
    `of these took effect: ${lies}, Uncertain under one death: ${uncertain} (${share.toFixed(3)} %)`
  );
}

/** Whether anything happened that must not. */
export function inFlightFailed({ unanswered, surplus, late, lost, lies }: InFlightReport): boolean {
  return unanswered + surplus + late + lost + lies > 0;
}

async function check(
  port: number,
  clients: readonly Client[],
  report: InFlightReport,
  onLine: (line: string) => void,
): Promise<void> {
  const terminal = await Terminal.open(port);
  await terminal.ask('FORMAT json');
  for (const { registers, refused } of clients) {
    const answers = await terminal.askAll(registers.map(({ keys: [key] }) => `GET ${key}`));
    for (const [i, register] of registers.entries()) {
      const { value } = JSON.parse(answers[i]?.at(-1) as string) as { value?: string | null };
      const wrong = register.wrong(value ?? null);
      if (wrong === null) continue;
      if (value !== null && value !== undefined && refused.has(value)) report.lies++;
      else report.lost++;
      onLine(`WRONG ${register.keys[0]}: found ${value}, ${wrong}`);
    }
  }
  terminal.close();
}

/** Waits for an end that must come, but not for ever. */
async function withinLimit(end: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise((settle) => {
    timer = setTimeout(settle, GIVE_UP_MS);
  });
  await Promise.race([end, limit]);
  clearTimeout(timer);
}

function pause(ms: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, ms));
}
