/**
 * Malformed lines at the text port: each must be answered by one error, whatever was sent before it, and nothing that is
 * stored may change. Connections that end anywhere come between. The test sends some thousands, `npm run bench -- fuzz`
 * as many as one likes.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Prng } from '../../src/lib/prng.ts';
import { figuresOf, HAS_FIGURES } from './process-figures.ts';
import { allUp, startProgram, Terminal } from './program.ts';

export type FuzzOptions = {
  readonly cases: number;
  readonly seed: number;
  readonly onLine: (line: string) => void;
};

export type FuzzReport = {
  cases: number;
  bytes: number;
  /** The first of the lines that were not answered by one error. */
  readonly wrong: string[];
  wrongCount: number;
  /** Whether everything stored is as it was, and the program ended well. */
  isUnchanged: boolean;
  exitCode: number | null;
  /** Milliseconds of PINGs on another connection. */
  pingP99: number;
  pingWorst: number;
  rssMiB: number;
};

const BATCH = 500;
const WRONG_SHOWN = 5;
/** Every so many batches a connection is cut in the middle of one. */
const CUT_EVERY = 10;
const LINE_EVERY_BATCHES = 2_000;
const WARM_UP_BATCHES = 10;
const PINGS_KEPT = 100_000;
const STORED = ['SET kept {"a":[1,2,{"b":null}]}', 'PUT "person1" -> [ "name" -> "John" | "age" -> 22 ]', 'SET k.l 1'];

const RECORDS = [
  '"person1" -> [ "name" -> "John" | "age" -> [ "x" -> 1.5 | "y" -> [] ] ]',
  "'person1':{'hair': 'Wc3aB', 'age': '55', 'family': {}}",
  '{"person1": {"key2": {"key3": 4, "key4": [8, true, null]}}}',
];
const HOPELESS = [
  'PUT',
  'GET',
  'QUERY',
  'DELETE',
  'SET',
  'BULKSET',
  'COMPUTE',
  'FORCE',
  'PROMOTE s1',
  'SET kept',
  'GET "open',
  "DELETE 'open",
  'GET kept extra',
  'DELETE kept extra',
  'DELETE ""',
  'SET kept {"a":1}}',
  'SET kept nope',
  'SET kept "\\x"',
  'SET kept 01',
  'SET kept 1e',
  'SET "" 1',
  'BULKSET {"kept":1}',
  'BULKSET [["kept"]]',
  'BULKSET [["kept",1],["",2]]',
  'BULKSET [["kept",1],]',
  'COMPUTE 1+',
  'COMPUTE 1 WHERE',
  'COMPUTE x',
  'COMPUTE 1/0',
  'COMPUTE x WHERE x = QUERY',
  'COMPUTE __import__("os")',
  'FAULT crash s1',
  'FAULT',
  'FORCE s9',
  'FORMAT xml',
  'ANGLE turns',
  'KEYS a b c d',
  'KEYS kept -1',
  'EXPORT kept 99999999',
  'PING PONG',
  'EXIT now',
  'SHUTDOWN now',
  'STATUS all',
  'SNAPSHOT now',
  'HELP nothing',
];

export async function fuzz({ cases, seed, onLine }: FuzzOptions): Promise<FuzzReport> {
  const prng = new Prng(seed);
  const program = await startProgram(['--empty', '--quiet']);
  const [terminal, operator] = await Promise.all([Terminal.open(program.text), Terminal.open(program.text)]);
  await operator.askAll(STORED);
  await operator.ask('FORMAT json');
  const before = await operator.askAll(['EXPORT', 'KEYS']);
  const report: FuzzReport = {
    cases: 0,
    bytes: 0,
    wrong: [],
    wrongCount: 0,
    isUnchanged: false,
    exitCode: null,
    pingP99: 0,
    pingWorst: 0,
    rssMiB: 0,
  };
  const pings: number[] = [];
  let base = 0;
  for (let batch = 0; report.cases < cases; batch++) {
    if (batch === WARM_UP_BATCHES && HAS_FIGURES) base = figuresOf(program.process.pid as number).rssMiB;
    const lines = Array.from({ length: Math.min(BATCH, cases - report.cases) }, () => malformed(prng));
    const bytes = Buffer.concat(lines.flatMap((line) => [line, LINE_FEED]));
    if (batch % CUT_EVERY === 0) await cut(program.text, bytes.subarray(0, prng.below(bytes.length)));
    const sending = terminal.send(bytes);
    const asked = performance.now();
    await operator.ask('PING');
    pings[batch % PINGS_KEPT] = performance.now() - asked;
    report.pingWorst = Math.max(report.pingWorst, performance.now() - asked);
    await sending;
    for (const line of lines) {
      const answer = await terminal.answer();
      if (answer.length === 1 && /^ERROR [A-Z]+ [^\p{Cc}]+$/u.test(answer[0] as string)) continue;
      report.wrongCount++;
      if (report.wrong.length < WRONG_SHOWN) {
        report.wrong.push(`${JSON.stringify(line.toString('latin1'))} -> ${answer.join(' / ')}`);
      }
    }
    report.cases += lines.length;
    report.bytes += bytes.length;
    if (batch % LINE_EVERY_BATCHES === LINE_EVERY_BATCHES - 1)
      onLine(`${report.cases} lines, ${report.wrongCount} wrong`);
  }
  const pong = await terminal.ask('PING');
  const after = await operator.askAll(['EXPORT', 'KEYS']);
  await allUp(program.text);
  if (HAS_FIGURES) report.rssMiB = figuresOf(program.process.pid as number).rssMiB - base;
  terminal.close();
  operator.close();
  report.exitCode = await program.stop();
  report.isUnchanged = pong.join() === 'PONG' && JSON.stringify(after) === JSON.stringify(before);
  report.pingP99 = pings.sort((a, b) => a - b)[Math.floor(0.99 * pings.length)] as number;
  return report;
}

/** The last line of every run. */
export function fuzzSummary(report: FuzzReport): string {
  const { cases, bytes, wrongCount, isUnchanged, exitCode, pingP99, pingWorst, rssMiB } = report;
  return (
    `Lines: ${cases}, Bytes: ${bytes}, Not answered by one error: ${wrongCount}, ` +
    `Stored: ${isUnchanged ? 'unchanged' : 'CHANGED'}, Exit code: ${exitCode}, ` +
    `PING: ${pingP99.toFixed(1)} ms (99 %), ${pingWorst.toFixed(1)} ms at worst, MiB more: ${Math.round(rssMiB)}`
  );
}

export function fuzzFailed({ wrongCount, isUnchanged, exitCode }: FuzzReport): boolean {
  return wrongCount > 0 || !isUnchanged || exitCode !== 0;
}

/** A connection that says this and is reset. */
async function cut(port: number, bytes: Uint8Array): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  socket.write(bytes);
  socket.resetAndDestroy();
}

const LINE_FEED = Buffer.from('\n');

/** A line without a line end that no command can take; never empty. */
function malformed(prng: Prng): Buffer {
  switch (prng.below(5)) {
    case 0:
      return noise(prng);
    case 1: {
      // Every beginning of a record lacks at least its last bracket.
      const record = prng.pick(RECORDS);
      return Buffer.from(`PUT ${record.slice(0, prng.below(record.length))}`);
    }
    case 2:
      return Buffer.from(
        `PUT ${prng.pick(RECORDS)}${prng.pick([' ]', '}', ' x', ' ->', '"', ' | "a" -> 1', ' [', '\u0001'])}`,
      );
    case 3: {
      const verb = prng.pick([
        'GET ',
        'QUERY ',
        'DELETE ',
        'SET kept ',
        'PUT "kept" -> [ "a" -> "',
        'COMPUTE ',
        'BULKSET ',
      ]);
      return Buffer.concat([Buffer.from(verb), Buffer.from([0xff, 0xc0, prng.below(0x20) + 0x80]), noise(prng)]);
    }
    default:
      return Buffer.from(prng.pick(HOPELESS));
  }
}

/** Bytes of any value but line ends, the first of them no blank. */
function noise(prng: Prng): Buffer {
  const bytes = Buffer.alloc(1 + prng.below(120));
  for (let i = 0; i < bytes.length; i++) {
    const byte = prng.below(256);
    bytes[i] = byte === 0x0a || byte === 0x0d || (i === 0 && byte <= 0x20) ? 0x7e : byte;
  }
  return bytes;
}
