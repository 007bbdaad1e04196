/**
 * A transport over the text port of one or more gateways, one socket at a time. Requests wait in order while there
 * is no connection; a broken connection is made again with back-off, at the next address. What was sent and can have
 * an effect is never sent again: it is rejected as indefinite. Reads are asked again.
 */
import { text } from '../lib/bytes.ts';
import { Deque } from '../lib/deque.ts';
import { closedError, CoppiceError, disconnected } from './error.ts';
import { Connection } from './connection.ts';
import type { Endpoint } from './endpoints.ts';
import { readAnswer } from './text-answers.ts';
import { writeRequest } from './text-requests.ts';
import { type Answer, hasEffect, type Request, type Ticket, type Transport } from './transport.ts';

export type TextTransportOptions = {
  /** Milliseconds until an attempt to connect counts as failed. */
  readonly connectTimeoutMs: number;
  /** Milliseconds a request waits for a connection before it is rejected; 0: until every address was tried once. */
  readonly patienceMs: number;
  /** Requests that may wait to be sent; beyond it they are rejected with BUSY. */
  readonly queueMax: number;
  /** Requests that may be sent and not answered. Below the gateway's own limit, which would pause the socket. */
  readonly inFlightMax: number;
};

export const TEXT_TRANSPORT_DEFAULTS: TextTransportOptions = {
  connectTimeoutMs: 5_000,
  patienceMs: 5_000,
  queueMax: 100_000,
  inFlightMax: 10_000,
};

/** First and longest pause between two rounds of attempts; the pause doubles and is spread by half of itself. */
const BACKOFF_MS_MIN = 25;
const BACKOFF_MS_MAX = 2_000;

/** Bytes written in one turn, or one request if it is larger: what is not written yet can still be given up. */
const TURN_BYTES_MAX = 256 * 1024;

type Settle = (answer: Answer | CoppiceError) => void;
type Call = { readonly request: Request; settle: Settle | null; readonly queuedAt: number; sent: boolean };
type State =
  | { kind: 'idle' }
  | { kind: 'pause'; timer: NodeJS.Timeout }
  | { kind: 'connected'; connection: Connection }
  | { kind: 'closed' };

export class TextTransport implements Transport {
  readonly #endpoints: readonly Endpoint[];
  readonly #options: TextTransportOptions;
  /** In the order of the calls; a Set, because any of them may be given up. */
  readonly #waiting = new Set<Call>();
  #sent = new Deque<Call>();
  #state: State = { kind: 'idle' };
  #nextEndpoint = 0;
  #failures = 0;

  constructor(endpoints: readonly Endpoint[], options: Partial<TextTransportOptions> = {}) {
    this.#endpoints = endpoints;
    this.#options = { ...TEXT_TRANSPORT_DEFAULTS, ...options };
  }

  send(request: Request, settle: Settle): Ticket {
    const entry: Call = { request, settle, queuedAt: performance.now(), sent: false };
    const refusal = this.#refusal();
    if (refusal !== null) {
      settle(refusal);
      return { cancel: () => 'unsent' };
    }
    this.#waiting.add(entry);
    if (this.#state.kind === 'idle') this.#connect();
    else if (this.#state.kind === 'connected') this.#state.connection.schedule();
    return { cancel: () => this.#cancel(entry) };
  }

  /** Resolves when an address answered, rejects with DISCONNECTED when none did in the time that calls may wait. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.send({ kind: 'ping' }, (answer) => {
        if (answer instanceof CoppiceError) reject(answer);
        else resolve();
      });
    });
  }

  close(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: 'closed' };
    if (state.kind === 'pause') clearTimeout(state.timer);
    if (state.kind === 'connected') state.connection.close('closed by the client', null);
    for (const entry of this.#takeSent())
      entry.settle?.(closedError(hasEffect(entry.request) ? 'indefinite' : 'definite'));
    this.#rejectWaiting(() => closedError('definite'));
    return Promise.resolve();
  }

  #refusal(): CoppiceError | null {
    if (this.#state.kind === 'closed') return closedError('definite');
    if (this.#waiting.size < this.#options.queueMax) return null;
    const message = `${this.#options.queueMax} calls wait to be sent already`;
    return new CoppiceError({ code: 'BUSY', message, outcome: 'definite', retryable: true });
  }

  #cancel(entry: Call): 'unsent' | 'sent' {
    entry.settle = null;
    this.#waiting.delete(entry);
    return entry.sent ? 'sent' : 'unsent';
  }

  #connect(): void {
    const endpoint = this.#endpoints[this.#nextEndpoint] as Endpoint;
    const connection = new Connection(endpoint, this.#options.connectTimeoutMs, {
      onOpen: () => connection.schedule(),
      onLine: (line) => this.#onLine(line),
      onWritable: (writer) => {
        for (const entry of this.#waiting) {
          if (this.#sent.size >= this.#options.inFlightMax) return false;
          if (writer.length >= TURN_BYTES_MAX) return true;
          this.#waiting.delete(entry);
          entry.sent = true;
          this.#sent.push(entry);
          writeRequest(writer, entry.request);
        }
        return false;
      },
      onClosed: (reason, cause) => this.#onClosed(reason, cause),
    });
    this.#state = { kind: 'connected', connection };
  }

  #onLine(line: Uint8Array): boolean {
    const entry = this.#sent.shift();
    if (entry === undefined) return false;
    // Only an answer proves that an address works: one that accepts and closes must not be tried without a pause.
    this.#failures = 0;
    const settle = entry.settle;
    if (settle !== null) {
      const answer = readAnswer(entry.request, line);
      if (answer === null) {
        const message = `what came is no answer: ${text(line.subarray(0, 100))}`;
        settle(disconnected(message, hasEffect(entry.request) ? 'sent-write' : 'sent-read'));
        return false;
      }
      settle(answer);
    }
    if (this.#waiting.size > 0 && this.#state.kind === 'connected') this.#state.connection.schedule();
    return true;
  }

  #onClosed(reason: string, cause: Error | null): void {
    if (this.#state.kind === 'closed') return;
    this.#state = { kind: 'idle' };
    this.#nextEndpoint = (this.#nextEndpoint + 1) % this.#endpoints.length;
    const failures = ++this.#failures;
    const again: Call[] = [];
    for (const entry of this.#takeSent()) {
      if (hasEffect(entry.request)) entry.settle?.(disconnected(`${reason}; the answer is lost`, 'sent-write', cause));
      else if (entry.settle !== null) again.push(entry);
    }
    this.#waitFirst(again);
    if (failures >= this.#endpoints.length) {
      const limit = performance.now() - this.#options.patienceMs;
      this.#rejectWaiting((entry) =>
        entry.queuedAt <= limit ? disconnected(`cannot connect to ${reason}`, 'unsent', cause) : null,
      );
    }
    // Settling may have made calls, and those a connection.
    if (this.#waiting.size === 0 || this.#state.kind !== 'idle') return;
    if (failures < this.#endpoints.length) this.#connect();
    else this.#pause(Math.ceil(failures / this.#endpoints.length));
  }

  #takeSent(): Deque<Call> {
    const sent = this.#sent;
    this.#sent = new Deque();
    return sent;
  }

  /** Puts reads that lost their answer before those that were not sent yet. */
  #waitFirst(entries: readonly Call[]): void {
    if (entries.length === 0) return;
    const later = [...this.#waiting];
    this.#waiting.clear();
    for (const entry of entries) {
      entry.sent = false;
      this.#waiting.add(entry);
    }
    for (const entry of later) this.#waiting.add(entry);
  }

  #pause(rounds: number): void {
    const longest = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(rounds, 16));
    const pauseMs = longest * (0.5 + Math.random() / 2);
    const timer = setTimeout(() => {
      this.#state = { kind: 'idle' };
      if (this.#waiting.size > 0) this.#connect();
    }, pauseMs);
    this.#state = { kind: 'pause', timer };
  }

  #rejectWaiting(reason: (entry: Call) => CoppiceError | null): void {
    for (const entry of this.#waiting) {
      const error = reason(entry);
      if (error === null) continue;
      this.#waiting.delete(entry);
      entry.settle?.(error);
    }
  }
}
