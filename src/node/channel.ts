/**
 * What a link rides on: pieces in order from one thread to another, both ways, in batches, and a doorbell. Two forms
 * (ring-channel.ts, port-channel.ts) behave alike. A channel knows nothing of frames.
 */

import type { MessagePort } from 'node:worker_threads';

/** Writes pieces for the other side. */
export type PieceWriter = {
  /** Bytes of the largest piece. */
  readonly pieceBytesMax: number;
  /** Copies a piece behind those written before, not visible yet. False when there is no room for it now. */
  write(flags: number, number: number, source: Uint8Array, start: number, end: number): boolean;
  /** Makes what was written visible. True when the other side sleeps and must be rung; never when it may sleep on. */
  publish(maySleepOn: boolean): boolean;
  /** Asks to be rung when there is room again. False when there is already: try to write again. */
  waitForRoom(): boolean;
};

/** Reads the other side's pieces. `bytes` from `start` to `end` is the piece that `next` found, until `release`. */
export type PieceReader = {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly flags: number;
  readonly number: number;
  /** Steps to the next piece; false when there is none. */
  next(): boolean;
  /** Bytes read whose room was not given back yet. */
  readonly unreleasedBytes: number;
  /** Gives back the room of what was read. True when the other side waits for it and must be rung. */
  release(): boolean;
  /** From now on the other side rings. False when a piece came meanwhile. */
  sleep(): boolean;
  /**
   * Blocks the thread until a piece came, `milliseconds` at most: to be woken so costs a third of a doorbell. Whether
   * one came; false at once where a channel cannot.
   */
  linger(milliseconds: number): boolean;
};

export type Channel = {
  readonly writer: PieceWriter;
  readonly reader: PieceReader;
  /** Wakes the other side. */
  ring(): void;
  /** Called when the other side rang, and when it is gone. */
  listen(onRing: () => void, onClosed: () => void): void;
  close(): void;
};

/** One end of a channel, as it is handed to a thread: its ports have to be in the transfer list. */
export type ChannelEnd =
  | {
      readonly form: 'ring';
      readonly port: MessagePort;
      readonly outgoing: SharedArrayBuffer;
      readonly incoming: SharedArrayBuffer;
    }
  | { readonly form: 'port'; readonly port: MessagePort };
