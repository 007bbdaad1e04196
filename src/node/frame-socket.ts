/**
 * The form of a link that is a TCP socket: between a broker and a storage server that is a process of its own. One
 * socket carries the server's link to its broker and its links to all other servers, whose frames go through the
 * broker's process. TCP keeps frames whole and in order; when it cannot, the socket closes, and with it the
 * incarnation. Decides nothing about frames.
 *
 *   envelope = length u32 (little-endian, of what follows), peer u8, frame
 *   peer     = the other end of the link the frame is on, besides the server of this socket: 255 the broker, else the
 *              index of a server. To the server it says where a frame comes from, to the broker where it goes.
 *
 * Example: s2's frame 22 to s1 (index 0), as s2 sends it: 02 00 00 00 | 00 | 22.
 */
import type { Socket } from 'node:net';
import { ByteWriter, NO_BYTES } from '../lib/bytes.ts';
import type { ServerIndex } from '../model/ids.ts';
import { FRAME_BYTES_MAX, LINK_BACKLOG_BYTES_MAX } from '../routing/sending-end.ts';
import type { Neighbour } from '../faults/action.ts';

export type FrameSocketEvents = {
  /** A frame, to be read during the call. */
  onFrame(peer: Neighbour, bytes: Uint8Array, start: number, end: number): void;
  /** Every frame that came together was given. */
  onBatchEnd(): void;
  /** Nothing comes or goes any more. Once. */
  onClosed(reason: string): void;
};

const BROKER = 255;
const LENGTH_BYTES = 4;

/** Bytes of a buffer for what leaves in one write. */
const WRITE_BYTES = 64 * 1024;

/** Room for an envelope that is not whole yet; one that was larger than the second figure does not keep its memory. */
const PARTIAL_BYTES = 1024;
const KEPT_BYTES_MAX = 1024 * 1024;

/** Milliseconds that the other side has to take the last frames. */
const END_TIMEOUT_MS = 2_000;

export class FrameSocket {
  readonly #socket: Socket;
  readonly #first: Uint8Array;
  #partial = new ByteWriter(PARTIAL_BYTES);
  #out = new ByteWriter(WRITE_BYTES);
  #flushIsDue = false;
  #events: FrameSocketEvents | null = null;
  #closed: string | null = null;

  /** `first`: what was read from the socket already, behind whatever came before the frames. */
  constructor(socket: Socket, first: Uint8Array = NO_BYTES) {
    this.#socket = socket;
    this.#first = first;
    socket.setNoDelay(true);
    socket.on('error', (error) => this.#close(error.message));
    socket.on('close', () => this.#close('the connection was closed'));
  }

  /** Reads from now on. What came before waited in the socket. */
  listen(events: FrameSocketEvents): void {
    this.#events = events;
    if (this.#closed !== null) {
      events.onClosed(this.#closed);
      return;
    }
    this.#read(this.#first);
    this.#socket.on('data', (chunk: Uint8Array) =>
      // A Buffer's slice is no copy; whoever keeps bytes relies on one.
      this.#read(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)),
    );
    this.#socket.resume();
  }

  /** Copies the frame; it leaves with the others of this turn of the event loop. */
  send(peer: Neighbour, frame: Uint8Array, start = 0, end = frame.length): void {
    if (this.#closed !== null) return;
    const out = this.#out;
    out.u32(end - start + 1);
    out.u8(peer === 'broker' ? BROKER : peer);
    out.bytes(frame, start, end);
    if (this.#flushIsDue) return;
    this.#flushIsDue = true;
    setImmediate(() => this.flush());
  }

  /** Lets everything that was sent leave now. */
  flush(): void {
    this.#flushIsDue = false;
    if (this.#closed !== null || this.#out.length === 0) return;
    // The socket keeps what it cannot send yet: this memory is its own from now on.
    this.#socket.write(this.#out.view());
    this.#out = new ByteWriter(WRITE_BYTES);
    if (this.backlogBytes > LINK_BACKLOG_BYTES_MAX) {
      this.destroy(`${this.backlogBytes} bytes wait to be sent, the limit is ${LINK_BACKLOG_BYTES_MAX}`);
    }
  }

  /** Bytes sent that did not leave this process. */
  get backlogBytes(): number {
    return this.#out.length + this.#socket.writableLength;
  }

  /** Stops reading, so that the other side's backlog grows instead of this one's. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  /** Sends what is left and closes. */
  end(): void {
    this.flush();
    const socket = this.#socket;
    socket.end();
    socket.resume();
    setTimeout(() => socket.destroy(), END_TIMEOUT_MS).unref();
  }

  /** Closes at once. */
  destroy(reason: string): void {
    this.#socket.destroy();
    this.#close(reason);
  }

  #close(reason: string): void {
    if (this.#closed !== null) return;
    this.#closed = reason;
    this.#socket.destroy();
    this.#events?.onClosed(reason);
  }

  #read(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && this.#closed === null) {
      const partial = this.#partial;
      if (partial.length === 0) {
        const end = wholeUntil(bytes, at);
        if (end !== null) {
          this.#deliver(bytes, at + LENGTH_BYTES, end);
          at = end;
          continue;
        }
      }
      const wanted = partial.length < LENGTH_BYTES ? LENGTH_BYTES : LENGTH_BYTES + lengthAt(partial.buffer, 0);
      const end = Math.min(bytes.length, at + wanted - partial.length);
      partial.bytes(bytes, at, end);
      at = end;
      if (partial.length < LENGTH_BYTES) continue;
      const length = lengthAt(partial.buffer, 0);
      if (length < 2 || length > FRAME_BYTES_MAX + 1) {
        this.destroy(`an envelope of ${length} bytes: the other side does not speak this protocol`);
      } else if (partial.length === LENGTH_BYTES + length) {
        this.#deliver(partial.buffer, LENGTH_BYTES, partial.length);
        if (partial.buffer.length > KEPT_BYTES_MAX) this.#partial = new ByteWriter(PARTIAL_BYTES);
        else partial.reset();
      }
    }
    if (this.#closed === null) this.#events?.onBatchEnd();
  }

  #deliver(bytes: Uint8Array, start: number, end: number): void {
    const peer = bytes[start] as number;
    this.#events?.onFrame(peer === BROKER ? 'broker' : (peer as ServerIndex), bytes, start + 1, end);
  }
}

/** End of the envelope that begins here, or null when it is not all there (or cannot be one). */
function wholeUntil(bytes: Uint8Array, at: number): number | null {
  if (bytes.length - at < LENGTH_BYTES) return null;
  const length = lengthAt(bytes, at);
  const end = at + LENGTH_BYTES + length;
  return length >= 2 && end <= bytes.length ? end : null;
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}
