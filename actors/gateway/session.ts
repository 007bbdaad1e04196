/** What a gateway needs of whoever speaks a protocol: the state machine of one connection, and how one is opened. */
import type { ReplyCounts } from '../../src/protocol/reply-queue.ts';

/** What a gateway needs of the state machine of one connection. */
export type Session = {
  /**
   * Takes requests from bytes as they come, after the first only while `hasRoom`; answers how many bytes it took. The
   * beginning of a request is kept.
   */
  push(bytes: Uint8Array, hasRoom: () => boolean): number;
  /** No more bytes will come: an unfinished last line is a request too. */
  end(): void;
  /** Answers that are ready, in the order of the requests, or a first piece of them; valid until the next call. */
  output(): Uint8Array;
  /** The output was taken; `isKept`: its memory is still read, so it must not be written again. */
  sent(isKept?: boolean): void;
  /** Nobody reads answers any more: what is ready and what is still to come is dropped. */
  abandon(): void;
  /** Bytes of answers that may wait unread before it takes no more requests, if the gateway itself allows more. */
  readonly unreadMax: number;
  /** Requests that have no answer yet. */
  readonly inFlight: number;
  /** Those of them that were not begun, because they have to wait for the ones before them. */
  readonly waiting: number;
  /** What is counted of the answers to the others, which were begun. */
  readonly replies: ReplyCounts;
  /** Whether it holds the beginning of a request. */
  readonly inRequest: boolean;
  /** Bytes of that beginning. */
  readonly unfinishedBytes: number;
  /** Whether the conversation is over once the output is written (EXIT, a broken request). */
  readonly isOver: boolean;
};

/** Where a socket comes from and where it came to, as `host:port`. */
export type Peer = { readonly address: string; readonly localAddress: string };

/** Opens a session that calls `wake` when an answer became ready outside of `push` and `end`. */
export type OpenSession = (wake: () => void, peer: Peer) => Session;
