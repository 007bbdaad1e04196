/**
 * The leanest client of a port that answers in order: requests are bytes, and of the answers only the bytes are counted,
 * so that one client serves every protocol and costs both sides of a comparison the same. Every answer of a run must be of
 * one length; a run whose answers are not fails.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const PROBE_QUIET_MS = 200;
const STUCK_MS = 60_000;
const LINE_FEED = 10;

export type Load = {
  readonly connections: number;
  /** Requests that a connection has under way. */
  readonly depth: number;
  readonly total: number;
};

/** Makes the nth request, of which every answer is as long as any other. */
export type Request = (n: number) => string;

/** Sends all requests of a load; how many were answered a second. */
export async function drive(port: number, load: Load, request: Request): Promise<number> {
  const { connections, depth, total } = load;
  const answerBytes = await answerLength(port, request(0));
  const sockets = await Promise.all(Array.from({ length: connections }, () => openSocket(port)));
  const each = Math.ceil(total / connections);
  const begin = performance.now();
  const lanes = sockets.map((socket, lane) =>
    runLane(socket, { first: lane * each, each, depth, answerBytes, request }),
  );
  const deadline = setTimeout(
    () => {
      for (const socket of sockets)
        socket.destroy(new Error('answers stopped, or were of other lengths than the first'));
    },
    STUCK_MS * Math.max(1, total / 100_000),
  );
  await Promise.all(lanes);
  clearTimeout(deadline);
  const seconds = (performance.now() - begin) / 1_000;
  for (const socket of sockets) socket.destroy();
  return (each * connections) / seconds;
}

type Lane = {
  readonly first: number;
  readonly each: number;
  readonly depth: number;
  readonly answerBytes: number;
  readonly request: Request;
};

function runLane(socket: Socket, { first, each, depth, answerBytes, request }: Lane): Promise<void> {
  return new Promise((settle, reject) => {
    let sent = 0;
    let received = 0;
    const send = (): void => {
      const answered = Math.floor(received / answerBytes);
      let bytes = '';
      for (; sent < each && sent - answered < depth; sent++) bytes += request(first + sent);
      if (bytes !== '') socket.write(bytes, 'latin1');
    };
    socket.once('error', reject);
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received > sent * answerBytes) reject(new Error('an answer is longer than the first one'));
      else if (received === each * answerBytes) settle();
      else send();
    });
    send();
  });
}

/** Bytes of the answer to a request. Throws when it is an error. */
async function answerLength(port: number, request: string): Promise<number> {
  const socket = await openSocket(port);
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    answer += chunk;
  });
  socket.write(request, 'latin1');
  for (let length = -1; length < answer.length || answer === ''; ) {
    length = answer.length;
    await new Promise((settle) => setTimeout(settle, PROBE_QUIET_MS));
  }
  socket.destroy();
  if (/^(-|ERROR)/m.test(answer)) throw new Error(`${request.slice(0, 80).trim()}: ${answer.slice(0, 200)}`);
  return answer.length;
}

/** One request after the other on one connection; microseconds of each. */
export async function oneByOne(port: number, count: number, request: Request): Promise<number[]> {
  const answerBytes = await answerLength(port, request(0));
  const socket = await openSocket(port);
  const times: number[] = [];
  await new Promise<void>((settle, reject) => {
    let begin = 0;
    let received = 0;
    const next = (): void => {
      begin = performance.now();
      socket.write(request(times.length), 'latin1');
    };
    socket.once('error', reject);
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received < answerBytes * (times.length + 1)) return;
      times.push((performance.now() - begin) * 1_000);
      if (times.length === count) settle();
      else next();
    });
    next();
  });
  socket.destroy();
  return times;
}

/** Sends lines and gives one line of answer for each. */
export async function ask(port: number, lines: readonly string[]): Promise<string[]> {
  const socket = await openSocket(port);
  const answers: string[] = [];
  let rest = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() as string;
    answers.push(...parts);
  });
  socket.write(lines.map((line) => `${line}\n`).join(''));
  while (answers.length < lines.length) await once(socket, 'data');
  socket.destroy();
  return answers;
}

/** Asks line by line on one connection and hands each answer over: for whoever must know what was answered. */
export async function converse(
  port: number,
  onAnswer: (answer: string) => string | null,
  first: string,
): Promise<void> {
  const socket = await openSocket(port);
  await new Promise<void>((settle, reject) => {
    let rest: Buffer = Buffer.alloc(0);
    socket.once('error', reject);
    socket.on('data', (chunk: Buffer) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let at = rest.indexOf(LINE_FEED); at !== -1; at = rest.indexOf(LINE_FEED)) {
        const line = rest.toString('utf8', 0, at);
        rest = rest.subarray(at + 1);
        if (line.startsWith('WARNING')) continue;
        const next = onAnswer(line);
        if (next === null) settle();
        else socket.write(`${next}\n`);
      }
    });
    socket.write(`${first}\n`);
  });
  socket.destroy();
}

/** A request in the protocol of Redis. */
export function resp(...words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

/** The nth key, as redis-benchmark writes them: of one length. */
export function keyOf(n: number): string {
  return `key:${String(n).padStart(12, '0')}`;
}

async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}
