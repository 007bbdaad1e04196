/**
 * One socket of a gateway around a session (src/protocol): bytes in as they come, answers out in one write a turn of
 * the event loop. Bounded in both directions: it stops reading while the other side does not read its answers or has
 * too many commands in flight, and closes a socket that lets answers pile up, takes none of them for long, or only
 * trickles a request. Knows nothing of commands. A socket may end at any moment: nothing that happens to it reaches the process.
 */
import {
  CONNECTION_COMMANDS_MAX,
  CONNECTION_COMMANDS_SHARE,
  GATEWAY_COMMANDS_MAX,
  OUTPUT_BYTES_HARD_MAX,
  OUTPUT_BYTES_SOFT_MAX,
  OUTPUT_TIMEOUT_MS,
  REQUEST_BYTES_PER_SECOND_MIN,
  REQUEST_TIMEOUT_MS,
} from '../../src/model/limits.ts';

/** What a gateway needs of the state machine of one connection. */
export type Session = {
  /** Takes bytes as they come; incomplete requests are kept. */
  push(bytes: Uint8Array): void;
  /** No more bytes will come: an unfinished last line is a request too. */
  end(): void;
  /** Answers that are ready, in the order of the requests; valid until the next call. */
  output(): Uint8Array;
  /** The output was taken; `isKept`: its memory is still read, so it must not be written again. */
  sent(isKept?: boolean): void;
  /** Nobody reads answers any more: what is ready and what is still to come is dropped. */
  abandon(): void;
  /** Bytes of answers that wait for older ones. */
  readonly heldBytes: number;
  /** Requests that have no answer yet. */
  readonly inFlight: number;
  /** Whether it holds the beginning of a request. */
  readonly inRequest: boolean;
  /** Whether the conversation is over once the output is written (EXIT, a broken request). */
  readonly isOver: boolean;
};

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
  destroy(): unknown;
  pause(): unknown;
  resume(): unknown;
  isPaused(): boolean;
  setNoDelay(isWanted: boolean): unknown;
  setTimeout(ms: number): unknown;
};

/** Where a socket comes from and where it came to, as `host:port`. */
export type Peer = { readonly address: string; readonly localAddress: string };

/** Opens a session that calls `wake` when an answer became ready outside of `push` and `end`. */
export type OpenSession = (wake: () => void, peer: Peer) => Session;

/** What all connections of a gateway have in flight together, as each of them counted last. */
export type Traffic = { commands: number };

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

/**
 * Input is handed to the session in pieces, so that a chunk full of commands can be held back: this many bytes for each
 * command that the window allows, which is about what the shortest commands take.
 */
const PIECE_BYTES_PER_COMMAND = 16;
const PIECE_BYTES_MAX = 16_384;

/** Commands in flight at first, and at least. Answers may be large: the window grows while they turn out small. */
const WINDOW_FIRST = 4;
const WINDOW_LEAST = 1;

/** Milliseconds that the other side has to end its half after the last answer was sent. */
const LINGER_MS = 1_000;

export class Connection {
  readonly #socket: ConnectionSocket;
  readonly #session: Session;
  readonly #limits: ConnectionLimits;
  readonly #traffic: Traffic;
  /** Its part of the traffic. */
  #counted = 0;
  /** What was read and not handed on yet: at most a chunk or two, because reading pauses while there is any. */
  readonly #input: Uint8Array[] = [];
  #inputEnd: 'open' | 'ended' | 'told' = 'open';
  #outputEnded = false;
  #flushIsDue = false;
  #window = WINDOW_FIRST;
  #lastBytesAt = performance.now();
  /** Bytes that came since the last look at how slow the other side is. */
  #bytesSince = 0;
  /** When it was last not slow: it had sent enough, had no request half sent, or was answered. */
  #lastQuickAt = performance.now();
  #lastLookAt = performance.now();

  constructor(socket: ConnectionSocket, openSession: OpenSession, limits: ConnectionLimits, traffic: Traffic) {
    this.#socket = socket;
    this.#limits = limits;
    this.#traffic = traffic;
    this.#session = openSession(() => this.#flushSoon(), {
      address: `${socket.remoteAddress}:${socket.remotePort}`,
      localAddress: `${socket.localAddress}:${socket.localPort}`,
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      if (this.#inputEnd !== 'open') return;
      this.#lastBytesAt = performance.now();
      this.#bytesSince += chunk.length;
      this.#input.push(chunk);
      this.#feed();
    });
    socket.on('end', () => {
      if (this.#inputEnd !== 'open') return;
      this.#inputEnd = 'ended';
      this.#feed();
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
      this.#traffic.commands -= this.#counted;
      this.#counted = 0;
    });
  }

  /** Takes no more requests; the socket ends when what is in flight is answered. */
  drain(): void {
    if (this.#inputEnd === 'told') return;
    this.#input.length = 0;
    this.#inputEnd = 'ended';
    this.#feed();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Ends a socket that has been silent, or sends one request slowly, for too long; called now and then by the gateway. */
  checkSilence(now: number): void {
    const { inFlight, inRequest } = this.#session;
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

  /** Hands input to the session while there is room for what it will cause, and reads on only when all is handed over. */
  #feed(): void {
    while (this.#input.length > 0 && !this.#session.isOver && this.#hasRoom()) {
      const chunk = this.#input[0] as Uint8Array;
      const pieceBytes = Math.min(this.#window * PIECE_BYTES_PER_COMMAND, PIECE_BYTES_MAX);
      this.#session.push(chunk.length <= pieceBytes ? chunk : chunk.subarray(0, pieceBytes));
      if (chunk.length <= pieceBytes) this.#input.shift();
      else this.#input[0] = chunk.subarray(pieceBytes);
    }
    if (this.#session.isOver) this.#input.length = 0;
    if (this.#input.length === 0 && this.#inputEnd === 'ended') {
      this.#inputEnd = 'told';
      this.#session.end();
    }
    if (this.#input.length > 0) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
    this.#flushSoon();
  }

  #hasRoom(): boolean {
    const { inFlight } = this.#session;
    this.#count(inFlight);
    return (
      inFlight < Math.min(this.#window, this.#limits.commandsMax) &&
      (inFlight < CONNECTION_COMMANDS_SHARE || this.#traffic.commands < GATEWAY_COMMANDS_MAX) &&
      this.#socket.writableLength + this.#session.output().length + this.#session.heldBytes <=
        this.#limits.outputSoftMax
    );
  }

  #count(inFlight: number): void {
    this.#traffic.commands += inFlight - this.#counted;
    this.#counted = inFlight;
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
    this.#count(this.#session.inFlight);
    const { outputSoftMax, outputHardMax, commandsMax } = this.#limits;
    const ready = this.#session.output();
    const unread = this.#socket.writableLength;
    // Whoever has read everything so far may be given an answer of any size; whoever has not is not waited for.
    if (unread > 0 && unread + ready.length + this.#session.heldBytes > outputHardMax) {
      this.#socket.destroy();
      return;
    }
    // Much is handed on at once, though nobody takes it yet: as pieces it costs less than as one that grows.
    if (ready.length > 0 && (unread <= outputSoftMax || ready.length > outputSoftMax)) {
      this.#window =
        ready.length > outputSoftMax
          ? Math.max(WINDOW_LEAST, this.#window >> 1)
          : Math.min(commandsMax, this.#window * 2);
      const isTaken = this.#socket.write(ready);
      // What the system took at once is done with; else the socket sends the rest from this memory.
      this.#session.sent(this.#socket.writableLength > 0);
      this.#lastQuickAt = performance.now();
      if (!isTaken) this.#socket.setTimeout(this.#limits.outputTimeoutMs);
    }
    const isOver = this.#session.isOver || (this.#inputEnd === 'told' && this.#session.inFlight === 0);
    if (isOver && this.#session.output().length === 0) this.#endOutput();
    else if (this.#input.length > 0) this.#feed();
  }

  #endOutput(): void {
    this.#outputEnded = true;
    this.#inputEnd = 'told';
    this.#input.length = 0;
    this.#socket.end();
    // What still comes is read and dropped: closing on unread bytes would reset the answers on their way.
    this.#socket.resume();
    this.#socket.setTimeout(LINGER_MS);
  }
}
