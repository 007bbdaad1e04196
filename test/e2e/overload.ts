/**
 * More than a host can do: first what it can (as many writes as come back), then three times as many a second, sent
 * without waiting for answers. Each must be answered, with OK or with BUSY, memory must stay bounded, and the host be
 * quick again soon after. The test runs some seconds of it, `npm run bench -- overload` as many as one likes.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { figuresOf, forgetPeak, HAS_FIGURES, peakMiBOf } from './process-figures.ts';
import { startProgram, Terminal } from './program.ts';

export type OverloadReport = {
  /** Writes a second that the host does when nobody asks for more. */
  capacity: number;
  /** Writes a second that were sent, and that were done meanwhile. */
  offered: number;
  done: number;
  answered: number;
  busy: number;
  /** Answers that are neither OK nor BUSY, and requests without one. */
  wrong: number;
  unanswered: number;
  /** Milliseconds of a request on a connection of its own: alone, under the load, and at its worst. */
  aloneMs: number;
  loadedMs: number;
  worstMs: number;
  /** Milliseconds from the last request to its answer, and until a single one is as quick as ever. */
  drainedMs: number;
  recoveredMs: number;
  rssMiB: number;
};

const CONNECTIONS = 32;
const DEPTH = 100;
const WARM_UP_MS = 500;
const CAPACITY_MS = 1_000;
const FACTOR = 3;
const BEAT_MS = 10;
const QUICK_MS = 50;
/** Requests that the client keeps to itself because the host does not take them, at most. */
const UNSENT_BYTES_MAX = 8 * 1024 * 1024;

export async function overload(directory: string, loadMs: number): Promise<OverloadReport> {
  const program = await startProgram(['--empty', '--quiet'], directory);
  const pid = program.process.pid as number;
  const senders = await Promise.all(Array.from({ length: CONNECTIONS }, (_, i) => Sender.open(program.text, i)));
  const probe = await Terminal.open(program.text);
  const aloneMs = await probed(probe, 200);
  const answeredBy = (): number => senders.reduce((sum, { ok, busy, wrong }) => sum + ok + busy + wrong, 0);
  const okBy = (): number => senders.reduce((sum, { ok }) => sum + ok, 0);

  // What it can: a window of requests on each connection, filled up as answers come.
  for (const sender of senders) sender.keepFull(DEPTH);
  await pause(WARM_UP_MS);
  const [begun, okAtFirst] = [performance.now(), okBy()];
  await pause(CAPACITY_MS);
  for (const sender of senders) sender.keepFull(0);
  await Promise.all(senders.map((sender) => sender.idle()));
  const capacity = (1_000 * (okBy() - okAtFirst)) / (performance.now() - begun);

  const [okBefore, answeredBefore] = [okBy(), answeredBy()];
  const base = HAS_FIGURES ? figuresOf(pid).rssMiB : 0;
  if (HAS_FIGURES) forgetPeak(pid);
  const waits: number[] = [];
  const stop = new AbortController();
  const probing = (async () => {
    while (!stop.signal.aborted) waits.push(await probed(probe, 1));
  })();
  const loadBegun = performance.now();
  let sent = 0;
  for (let due = 0; performance.now() - loadBegun < loadMs; ) {
    due = ((performance.now() - loadBegun) / 1_000) * capacity * FACTOR;
    const each = Math.floor((due - sent) / CONNECTIONS);
    for (const sender of senders) if (sender.unsentBytes < UNSENT_BYTES_MAX) sent += sender.send(each);
    await pause(BEAT_MS);
  }
  const loadEnded = performance.now();
  const doneMeanwhile = okBy() - okBefore;
  await Promise.all(senders.map((sender) => sender.idle()));
  const drainedMs = performance.now() - loadEnded;
  stop.abort();
  await probing;
  while ((await probed(probe, 1)) > QUICK_MS);
  const recoveredMs = performance.now() - loadEnded - drainedMs;
  const peak = HAS_FIGURES ? peakMiBOf(pid) : 0;
  const seconds = (loadEnded - loadBegun) / 1_000;
  const report = {
    capacity,
    offered: sent / seconds,
    done: doneMeanwhile / seconds,
    answered: answeredBy() - answeredBefore,
    busy: senders.reduce((sum, { busy }) => sum + busy, 0),
    wrong: senders.reduce((sum, { wrong }) => sum + wrong, 0),
    unanswered: senders.reduce((sum, { inFlight }) => sum + inFlight, 0),
    aloneMs,
    loadedMs: waits.toSorted((a, b) => a - b)[waits.length >> 1] ?? 0,
    worstMs: Math.max(...waits),
    drainedMs,
    recoveredMs,
    rssMiB: peak - base,
  };
  for (const sender of senders) sender.close();
  probe.close();
  await program.stop();
  return report;
}

/** The last line of every run. */
export function overloadSummary(report: OverloadReport): string {
  const number = (value: number, digits = 0): string => value.toLocaleString('en', { maximumFractionDigits: digits });
  const { capacity, offered, done, answered, busy, wrong, unanswered, aloneMs, loadedMs, worstMs } = report;
  return (
    `Capacity: ${number(capacity)}/s, Offered: ${number(offered)}/s, Done meanwhile: ${number(done)}/s, ` +
    `Answered: ${number(answered)}, Busy: ${number(busy)}, Wrong: ${wrong}, Unanswered: ${unanswered}, ` +
    `A request beside it: ${number(aloneMs, 1)} ms alone, ${number(loadedMs)} ms in the middle, ${number(worstMs)} ms at worst, ` +
    `Drained after: ${number(report.drainedMs)} ms, Quick again after: ${number(report.recoveredMs)} ms, ` +
    `MiB more: ${number(report.rssMiB)}`
  );
}

/** The middle of so many single writes, in milliseconds. */
async function probed(probe: Terminal, count: number): Promise<number> {
  const waits: number[] = [];
  for (let i = 0; i < count; i++) {
    const asked = performance.now();
    await probe.ask('SET probe 1');
    waits.push(performance.now() - asked);
  }
  return waits.sort((a, b) => a - b)[count >> 1] as number;
}

/** One connection that sends as it is told and counts what comes back. */
class Sender {
  ok = 0;
  busy = 0;
  wrong = 0;
  inFlight = 0;
  readonly #socket: Socket;
  readonly #name: number;
  #depth = 0;
  #written = 0;
  #buffer = '';
  #idle: (() => void)[] = [];

  private constructor(socket: Socket, name: number) {
    this.#socket = socket;
    this.#name = name;
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => this.#onData(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#tellIdle());
  }

  static async open(port: number, name: number): Promise<Sender> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new Sender(socket, name);
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** So many requests in flight from now on. */
  keepFull(depth: number): void {
    this.#depth = depth;
    this.send(depth - this.inFlight);
  }

  /** Answers how many it sent. */
  send(count: number): number {
    let lines = '';
    for (let i = 0; i < count; i++) {
      lines += `SET o${this.#name}k${this.#written % 1_000} {"n":${this.#written},"pad":"0123456789012345678901234567890123456789"}\n`;
      this.#written++;
    }
    if (count <= 0) return 0;
    this.inFlight += count;
    this.#socket.write(lines);
    return count;
  }

  /** Settles when nothing is in flight, or never will be. */
  idle(): Promise<void> {
    if (this.inFlight === 0 || this.#socket.destroyed) return Promise.resolve();
    return new Promise((settle) => this.#idle.push(settle));
  }

  close(): void {
    this.#socket.destroy();
  }

  #onData(chunk: string): void {
    const lines = (this.#buffer + chunk).split('\n');
    this.#buffer = lines.pop() ?? '';
    for (const line of lines) {
      if (line === 'OK') this.ok++;
      else if (line.startsWith('ERROR BUSY ')) this.busy++;
      else this.wrong++;
    }
    this.inFlight -= lines.length;
    if (this.#depth > 0) this.send(this.#depth - this.inFlight);
    if (this.inFlight === 0) this.#tellIdle();
  }

  #tellIdle(): void {
    for (const settle of this.#idle.splice(0)) settle();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, ms));
}
