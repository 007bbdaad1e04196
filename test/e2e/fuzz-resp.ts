/**
 * Malformed requests at the RESP port: words that are no command, commands with words that they cannot take, bytes that
 * are no words. Each request must be answered by one error, whatever was sent before it, and nothing that is stored may
 * change. Connections that send noise, or end anywhere, come between. See fuzz.ts, which does the same to the text port.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Prng } from '../../src/lib/prng.ts';
import type { FuzzOptions, FuzzReport } from './fuzz.ts';
import { figuresOf, HAS_FIGURES } from './process-figures.ts';
import { allUp, startProgram, Terminal } from './program.ts';

const BATCH = 500;
const WRONG_SHOWN = 5;
/** Every so many batches a connection sends noise. */
const NOISE_EVERY = 5;
const WARM_UP_BATCHES = 10;
const LINE_EVERY_BATCHES = 2_000;
const PINGS_KEPT = 100_000;
const STORED = ['SET kept {"a":[1,2,{"b":null}]}', 'PUT "person1" -> [ "name" -> "John" | "age" -> 22 ]', 'SET k.l 1'];

const HOPELESS: readonly (readonly string[])[] = [
  ...['GET', 'SET', 'DEL', 'PUT', 'MGET', 'EXEC', 'DISCARD', 'SUBSCRIBE', 'JSON.GET', 'HGET'].map((verb) => [verb]),
  ['SET', 'kept'],
  ['SET', 'kept', 'v', 'EX', '0'],
  ['SET', 'kept', 'v', 'NX', 'XX'],
  ['SET', 'kept', 'v', 'NONSENSE'],
  ['GET', 'kept', 'extra'],
  ['INCR', 'kept'],
  ['INCRBY', 'nobody', '1.5'],
  ['EXPIRE', 'kept', 'soon'],
  ['SCAN', 'here'],
  ['SCAN', '0', 'COUNT', '-1'],
  ['JSON.SET', 'kept', '$', '{"a":'],
  ['JSON.SET', 'kept', '$[', '1'],
  ['PUT', 'kept', '{"a":1}}'],
  ['COMPUTE', '1+'],
  ['BULKSET', '{"kept":1}'],
  ['HELLO', '9'],
  ['SELECT', '99'],
  ['EVAL', 'return 1', '0'],
  ['LPUSH', 'kept', 'v'],
  ['FAULT', 'crash', 's1'],
];

/** Beginnings of what is no RESP, and of what promises more than comes. */
const BROKEN = [
  '*',
  '*x\r\n',
  '*-7\r\n',
  '*99999999\r\n',
  '*1\r\n$-5\r\n',
  '*1\r\n$4\r\nPINGxx',
  '*2\r\n+GET\r\n',
  '$5\r\n',
];

export async function fuzzResp({ cases, seed, onLine }: FuzzOptions): Promise<FuzzReport> {
  const prng = new Prng(seed);
  const program = await startProgram(['--empty', '--quiet', '--resp-port', '0']);
  const port = Number(/resp=\S+:(\d+)/.exec(program.ready)?.[1]);
  const operator = await Terminal.open(program.text);
  await operator.askAll(STORED);
  await operator.ask('FORMAT json');
  const before = await operator.askAll(['EXPORT', 'KEYS']);
  const [client, other] = [await Client.open(port), await Client.open(port)];
  const report: FuzzReport = {
    ...{ cases: 0, bytes: 0, wrong: [], wrongCount: 0, isUnchanged: false, exitCode: null },
    ...{ pingP99: 0, pingWorst: 0, rssMiB: 0 },
  };
  const pings: number[] = [];
  let base = 0;
  for (let batch = 0; report.cases < cases; batch++) {
    if (batch === WARM_UP_BATCHES && HAS_FIGURES) base = figuresOf(program.process.pid as number).rssMiB;
    const requests = Array.from({ length: Math.min(BATCH, cases - report.cases) }, () => malformed(prng));
    const bytes = Buffer.concat(requests.map(encoded));
    if (batch % NOISE_EVERY === 0) await sendNoise(port, prng);
    const asked = performance.now();
    const [answers, pong] = await Promise.all([
      client.ask(bytes, requests.length),
      other.ask(encoded([Buffer.from('PING')]), 1).then((said) => [said.join(), performance.now() - asked] as const),
    ]);
    pings[batch % PINGS_KEPT] = pong[1];
    report.pingWorst = Math.max(report.pingWorst, pong[1]);
    for (const [i, answer] of answers.entries()) {
      // Words come back as Redis gives them back: whatever they are, on one line.
      if (/^-[A-Z]+ [^\r\n]+$/.test(answer)) continue;
      report.wrongCount++;
      const said = requests[i]?.map((word) => word.toString('latin1'));
      if (report.wrong.length < WRONG_SHOWN) report.wrong.push(`${JSON.stringify(said)} -> ${JSON.stringify(answer)}`);
    }
    if (pong[0] !== '+PONG') report.wrong.push(`PING -> ${pong[0]}`);
    report.cases += requests.length;
    report.bytes += bytes.length;
    if (batch % LINE_EVERY_BATCHES === LINE_EVERY_BATCHES - 1)
      onLine(`${report.cases} requests, ${report.wrongCount} wrong`);
  }
  const after = await operator.askAll(['EXPORT', 'KEYS']);
  await allUp(program.text);
  if (HAS_FIGURES) report.rssMiB = figuresOf(program.process.pid as number).rssMiB - base;
  for (const open of [client, other, operator]) open.close();
  report.exitCode = await program.stop();
  report.isUnchanged = JSON.stringify(after) === JSON.stringify(before);
  report.pingP99 = pings.sort((a, b) => a - b)[Math.floor(0.99 * pings.length)] as number;
  return report;
}

/** A connection whose answers are lines. */
class Client {
  readonly #socket: Socket;
  #buffer = '';
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      this.#buffer += chunk;
      this.#wake();
    });
    socket.on('close', () => this.#wake());
    socket.on('error', () => socket.destroy());
  }

  static async open(port: number): Promise<Client> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new Client(socket);
  }

  /** The lines that answer so many requests. */
  async ask(bytes: Uint8Array, count: number): Promise<string[]> {
    this.#socket.write(bytes);
    for (;;) {
      const lines = this.#buffer.split('\r\n');
      if (lines.length > count) {
        this.#buffer = lines.slice(count).join('\r\n');
        return lines.slice(0, count);
      }
      if (this.#socket.destroyed) throw new Error(`the connection ended: ${lines.at(-1)}`);
      await new Promise<void>((settle) => {
        this.#wake = settle;
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

function malformed(prng: Prng): readonly Buffer[] {
  if (prng.chance(0.5)) return prng.pick(HOPELESS).map((word) => Buffer.from(word));
  // A word that is no command, and any others.
  return Array.from({ length: prng.between(1, 5) }, (_, i) =>
    i === 0 ? Buffer.concat([Buffer.from('~'), noise(prng)]) : noise(prng),
  );
}

function noise(prng: Prng): Buffer {
  return Buffer.from(Array.from({ length: prng.below(80) }, () => prng.below(256)));
}

function encoded(words: readonly Buffer[]): Buffer {
  const parts = words.flatMap((word) => [Buffer.from(`$${word.length}\r\n`), word, Buffer.from('\r\n')]);
  return Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...parts]);
}

/** A connection that sends what is no request, reads nothing, and ends or is reset. */
async function sendNoise(port: number, prng: Prng): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  socket.write(Buffer.concat([Buffer.from(prng.pick(BROKEN)), noise(prng), noise(prng)]));
  if (prng.chance(0.5)) socket.end();
  else socket.resetAndDestroy();
}
