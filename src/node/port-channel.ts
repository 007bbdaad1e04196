/**
 * A channel over a plain MessagePort: a batch of pieces is one message with its buffer transferred. The other side
 * answers how many bytes it has read, so that no more than a window of them is on its way.
 *
 *   message = batch / bytesRead              ; an ArrayBuffer, or a number
 *   batch   = *( word number bytes padding ) ; as in ring.ts, without skips
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Deque } from '../lib/deque.ts';
import { ByteWriter, NO_BYTES } from '../lib/bytes.ts';
import type { Channel, ChannelEnd, PieceReader, PieceWriter } from './channel.ts';
import { PIECE_LENGTH_MASK } from './ring.ts';

const HEADER_BYTES = 8;
const PADDING = new Uint8Array(8);

/** Both ends of a new channel. */
export function createPortEnds(): [ChannelEnd, ChannelEnd] {
  const { port1, port2 } = new MessageChannel();
  return [
    { form: 'port', port: port1 },
    { form: 'port', port: port2 },
  ];
}

/** Opens an end in the thread that will use it; `windowBytes`: how much may be on its way, the same at both ends. */
export function openPortChannel(end: Extract<ChannelEnd, { form: 'port' }>, windowBytes: number): Channel {
  const { port } = end;
  const writer = new PortWriter(port, windowBytes);
  const reader = new PortReader(port);
  return {
    writer,
    reader,
    // Batches and credits are messages already: they ring by themselves.
    ring: () => undefined,
    listen: (onRing, onClosed) => {
      port.on('message', (message: ArrayBuffer | number) => {
        if (typeof message === 'number') writer.onRead(message);
        else reader.onBatch(message);
        onRing();
      });
      port.on('close', onClosed);
    },
    close: () => port.close(),
  };
}

class PortWriter implements PieceWriter {
  readonly pieceBytesMax: number;
  readonly #port: MessagePort;
  readonly #batch = new ByteWriter(64 * 1024);
  #room: number;

  constructor(port: MessagePort, windowBytes: number) {
    this.#port = port;
    this.#room = windowBytes;
    this.pieceBytesMax = windowBytes / 4 - HEADER_BYTES;
  }

  write(flags: number, number: number, source: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    const needed = HEADER_BYTES + ((length + 7) & ~7);
    if (needed > this.#room) return false;
    this.#room -= needed;
    this.#batch.u32(length | flags);
    this.#batch.u32(number);
    this.#batch.bytes(source, start, end);
    this.#batch.bytes(PADDING, 0, needed - HEADER_BYTES - length);
    return true;
  }

  publish(): boolean {
    if (this.#batch.length === 0) return false;
    const { buffer } = this.#batch.copy();
    this.#batch.reset();
    this.#port.postMessage(buffer, [buffer as ArrayBuffer]);
    return false;
  }

  waitForRoom(): boolean {
    return true;
  }

  onRead(bytes: number): void {
    this.#room += bytes;
  }
}

class PortReader implements PieceReader {
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  end = 0;
  flags = 0;
  number = 0;
  unreleasedBytes = 0;
  readonly #port: MessagePort;
  readonly #batches = new Deque<ArrayBuffer>();
  #view = new DataView(new ArrayBuffer(0));
  #at = 0;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  onBatch(batch: ArrayBuffer): void {
    this.#batches.push(batch);
  }

  next(): boolean {
    if (this.#at === this.bytes.length) {
      const batch = this.#batches.shift();
      if (batch === undefined) return false;
      this.bytes = new Uint8Array(batch);
      this.#view = new DataView(batch);
      this.#at = 0;
    }
    const word = this.#view.getInt32(this.#at, true);
    const length = word & PIECE_LENGTH_MASK;
    this.flags = word & ~PIECE_LENGTH_MASK;
    this.number = this.#view.getInt32(this.#at + 4, true);
    this.start = this.#at + HEADER_BYTES;
    this.end = this.start + length;
    const taken = HEADER_BYTES + ((length + 7) & ~7);
    this.#at += taken;
    this.unreleasedBytes += taken;
    return true;
  }

  release(): boolean {
    if (this.unreleasedBytes > 0) this.#port.postMessage(this.unreleasedBytes);
    this.unreleasedBytes = 0;
    return false;
  }

  sleep(): boolean {
    return this.#at === this.bytes.length && this.#batches.size === 0;
  }

  linger(): boolean {
    return !this.sleep();
  }
}
