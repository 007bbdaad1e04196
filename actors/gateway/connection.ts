/**
 * One socket of a gateway around a session (src/protocol): bytes in as they come, answers out in one write a turn of
 * the event loop. Bounded in both directions: it stops reading while the other side does not read its answers, has too
 * many commands in flight or waits for its turn among all connections (turns.ts), and closes a socket that lets answers
 * pile up, takes none of them for long, or only trickles a request. Knows nothing of commands. A socket may end at any
 * moment: nothing that happens to it reaches the process.
 */
import {
  CONNECTION_COMMANDS_MAX,
  GATEWAY_COMMAND_BYTES,
  OUTPUT_BYTES_HARD_MAX,
  OUTPUT_BYTES_SOFT_MAX,
  OUTPUT_TIMEOUT_MS,
  REQUEST_BYTES_PER_SECOND_MIN,
  REQUEST_TIMEOUT_MS,
} from '../../src/model/limits.ts';
import { CommandWindow } from './command-window.ts';
import type { OpenSession, Session } from './session.ts';
import type { Place, Taker, Turns } from './turns.ts';

/** What a connection needs of a socket of node:net, or of one that stands for it. */
export type ConnectionSocket = {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly destroyed: boolean;
  /** Bytes that wait to be sent. */
  readonly writableLength: number;
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  on(event: 'end' | 'drain' | 'timeout' | 'error' | 'close', listener: () => void): unknown;
  /** Whether more may come at once; if not, `drain` says when. */
  write(bytes: Uint8Array): boolean;
  end(): unknown;
  /** Ends its half, and closes when the last byte was sent. */
  destroySoon(): unknown;
  destroy(): unknown;
  pause(): unknown;
  resume(): unknown;
  isPaused(): boolean;
  setNoDelay(isWanted: boolean): unknown;
  setTimeout(ms: number): unknown;
};

export type ConnectionLimits = {
  readonly commandsMax: number;
  readonly outputSoftMax: number;
  readonly outputHardMax: number;
  /** Milliseconds in which a request may come slower than REQUEST_BYTES_PER_SECOND_MIN, or not at all. */
  readonly requestTimeoutMs: number;
  /** Milliseconds in which the other side may take none of the answers that wait for it. */
  readonly outputTimeoutMs: number;
  /** Milliseconds of silence between requests; 0 for ever. */
  readonly idleTimeoutMs: number;
};

export const CONNECTION_LIMITS: ConnectionLimits = {
  commandsMax: CONNECTION_COMMANDS_MAX,
  outputSoftMax: OUTPUT_BYTES_SOFT_MAX,
  outputHardMax: OUTPUT_BYTES_HARD_MAX,
  requestTimeoutMs: REQUEST_TIMEOUT_MS,
  outputTimeoutMs: OUTPUT_TIMEOUT_MS,
  idleTimeoutMs: 0,
};

/** Input that is handed to the session in one turn at most: others wait for what that causes, a hundred commands or two. */
const PIECE_BYTES_MAX = 4_096;

/** Bytes that cost as much as a command: what a value takes, or commands that are answered at once. */
const BYTES_PER_COST = 256;

/** Bytes of a request or two, from who asks and waits. */
const QUIET_BYTES_MAX = 256;

/** Milliseconds without a byte after which the window is as at first. */
const SILENCE_MS = 1_000;

/** Milliseconds that the other side has to end its half after the last answer was given to the socket. */
const LINGER_MS = 1_000;

export class Connection implements Taker {
  readonly #socket: ConnectionSocket;
  readonly #session: Session;
  readonly #limits: ConnectionLimits;
  readonly #turns: Turns;
  readonly #place: Place;
  /** Commands under way as counted last, and bytes of their requests, about: each that was answered had as many as the mean. */
  #underWay = 0;
  #bytesUnderWay = 0;
  /** Whether answers left since the last look. */
  #wasAnswered = false;
  /** What was read and not handed on yet: at most a chunk or two, because reading pauses while there is any. */
  readonly #input: Uint8Array[] = [];
  #inputEnd: 'open' | 'ended' | 'told' = 'open';
  #outputEnded = false;
  /** When it closes though the other side goes on sending. */
  #lingersUntil = Number.POSITIVE_INFINITY;
  #flushIsDue = false;
  readonly #window: CommandWindow;
  /** Whether the session may take one more request. */
  readonly #hasRoom = (): boolean =>
    // What cannot begin stays where it is: a window full of large requests would be kept for nothing.
    this.#session.waiting === 0 && this.#window.hasRoom(this.#session, this.#socket.writableLength);
  #lastBytesAt = performance.now();
  /** Bytes that came since the last look at how slow the other side is. */
  #bytesSince = 0;
  /** When it was last not slow: it had sent enough, had no request half sent, or was answered. */
  #lastQuickAt = performance.now();
  #lastLookAt = performance.now();

  constructor(socket: ConnectionSocket, openSession: OpenSession, limits: ConnectionLimits, turns: Turns) {
    this.#socket = socket;
    this.#limits = limits;
    this.#window = new CommandWindow(limits);
    this.#turns = turns;
    this.#place = turns.placeFor(this);
    this.#session = openSession(() => this.#flushSoon(), {
      address: `${socket.remoteAddress}:${socket.remotePort}`,
      localAddress: `${socket.localAddress}:${socket.localPort}`,
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      if (this.#inputEnd !== 'open') return;
      const now = performance.now();
      if (now - this.#lastBytesAt > SILENCE_MS) this.#window.rest();
      this.#lastBytesAt = now;
      this.#bytesSince += chunk.length;
      this.#input.push(chunk);
      this.#goOn();
    });
    socket.on('end', () => {
      if (this.#inputEnd !== 'open') return;
      this.#inputEnd = 'ended';
      this.#goOn();
    });
    socket.on('drain', () => {
      socket.setTimeout(0);
      this.#flush();
    });
    // The system calls it silence when neither a byte came nor one of those that wait was taken.
    socket.on('timeout', () => socket.destroy());
    // A reset is an ordinary end: 'close' follows, and the answers have nobody to go to.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#input.length = 0;
      this.#session.abandon();
      turns.count(this.#place, 0);
      turns.serve();
    });
  }

  /** Takes no more requests; the socket ends when what is in flight is answered. */
  drain(): void {
    if (this.#inputEnd === 'told') return;
    this.#input.length = 0;
    this.#inputEnd = 'ended';
    this.#goOn();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /**
   * Ends a socket that has been silent, sends one request slowly, or goes on sending when all is over, for too long;
   * called now and then by the gateway.
   */
  checkSilence(now: number): void {
    if (now >= this.#lingersUntil) {
      this.#lingersUntil = Number.POSITIVE_INFINITY;
      this.#socket.destroySoon();
    }
    const { inFlight, inRequest } = this.#session;
    // It waits for something that the others do not: a server that hangs, its own answer to come later.
    if (!this.#wasAnswered) this.#turns.count(this.#place, 0);
    this.#wasAnswered = false;
    const enough = ((now - this.#lastLookAt) / 1_000) * REQUEST_BYTES_PER_SECOND_MIN;
    const isWaiting = inFlight === 0 && this.#input.length === 0 && this.#inputEnd === 'open';
    if (!isWaiting || !inRequest || this.#bytesSince >= enough) this.#lastQuickAt = now;
    this.#lastLookAt = now;
    this.#bytesSince = 0;
    if (!isWaiting) return;
    const { requestTimeoutMs, idleTimeoutMs } = this.#limits;
    const isTooSlow = inRequest
      ? now - this.#lastQuickAt >= requestTimeoutMs
      : idleTimeoutMs > 0 && now - this.#lastBytesAt >= idleTimeoutMs;
    if (isTooSlow) this.#socket.destroy();
  }

  get wantsTurn(): boolean {
    return this.#input.length > 0 && !this.#session.isOver && this.#hasRoom();
  }

  get isQuiet(): boolean {
    const [first] = this.#input;
    return this.#input.length === 1 && (first as Uint8Array).length <= QUIET_BYTES_MAX && this.#session.inFlight === 0;
  }

  takeTurn(): number {
    const chunk = this.#input[0] as Uint8Array;
    this.#count();
    const before = this.#underWay;
    const begun = this.#session.unfinishedBytes;
    const piece = chunk.length <= PIECE_BYTES_MAX ? chunk : chunk.subarray(0, PIECE_BYTES_MAX);
    const bytes = this.#session.push(piece, this.#hasRoom);
    if (bytes === chunk.length) this.#input.shift();
    else this.#input[0] = chunk.subarray(bytes);
    this.#count(begun + bytes - this.#session.unfinishedBytes);
    if (this.#input.length === 0 || this.#session.isOver) this.#readOn();
    this.#flushSoon();
    return Math.max(0, this.#underWay - before) + bytes / BYTES_PER_COST;
  }

  /** Counts what is under way, after requests of so many bytes were taken. */
  #count(bytes = 0): void {
    const { underWay } = this.#session.replies;
    if (underWay > this.#underWay) this.#bytesUnderWay += bytes;
    else if (underWay < this.#underWay) this.#bytesUnderWay *= underWay / this.#underWay;
    this.#underWay = underWay;
    this.#turns.count(this.#place, underWay + this.#bytesUnderWay / GATEWAY_COMMAND_BYTES);
  }

  /** Wants a turn for what came, if there is room for what that will cause, and reads nothing more until it had it. */
  #goOn(): void {
    this.#turns.join(this.#place);
    if (this.#input.length === 0 || this.#session.isOver) this.#readOn();
    else this.#socket.pause();
  }

  /** Everything was handed over: reads on, or tells the session that it was the last. */
  #readOn(): void {
    this.#input.length = 0;
    if (this.#inputEnd === 'ended') {
      this.#inputEnd = 'told';
      this.#session.end();
    }
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#flushSoon();
  }

  /** Many answers of one turn leave in one write: setImmediate runs after the sockets and links of this turn were read. */
  #flushSoon(): void {
    if (this.#flushIsDue) return;
    this.#flushIsDue = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushIsDue = false;
    if (this.#outputEnded || this.#socket.destroyed) return;
    this.#count();
    const { outputSoftMax, outputHardMax } = this.#limits;
    const unread = this.#socket.writableLength;
    // Whoever has read everything so far may be given an answer of any size; whoever has not is not waited for.
    if (unread > 0 && unread + this.#session.replies.bytes > outputHardMax) {
      this.#socket.destroy();
      return;
    }
    while (this.#socket.writableLength <= outputSoftMax && this.#session.output().length > 0) this.#send();
    const isOver = this.#session.isOver || (this.#inputEnd === 'told' && this.#session.inFlight === 0);
    if (isOver && this.#session.output().length === 0) this.#endOutput();
    else if (this.#input.length > 0) this.#goOn();
    this.#turns.serve();
  }

  /** A piece of what is ready leaves. */
  #send(): void {
    this.#window.answered(this.#session.replies.longest);
    const isTaken = this.#socket.write(this.#session.output());
    // What the system took at once is done with; else the socket sends the rest from this memory.
    this.#session.sent(this.#socket.writableLength > 0);
    this.#lastQuickAt = performance.now();
    this.#wasAnswered = true;
    if (!isTaken) this.#socket.setTimeout(this.#limits.outputTimeoutMs);
  }

  #endOutput(): void {
    this.#outputEnded = true;
    this.#inputEnd = 'told';
    this.#input.length = 0;
    this.#socket.end();
    // What still comes is read and dropped: closing on unread bytes would reset the answers on their way.
    this.#socket.resume();
    this.#socket.setTimeout(LINGER_MS);
    this.#lingersUntil = performance.now() + LINGER_MS;
  }
}
