/** A channel of two rings in shared memory and a port as doorbell: a batch costs a copy and no message while both are awake. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Channel, ChannelEnd } from './channel.ts';
import { RingReader, type RingStock, RingWriter } from './ring.ts';

export type RingEnd = Extract<ChannelEnd, { form: 'ring' }>;

/** Both ends of a new channel; `capacity`: bytes of each direction, a power of two. */
export function createRingEnds(capacity: number, stock: RingStock): [RingEnd, RingEnd] {
  const { port1, port2 } = new MessageChannel();
  const there = stock.take(capacity);
  const back = stock.take(capacity);
  return [
    { form: 'ring', port: port1, outgoing: there, incoming: back },
    { form: 'ring', port: port2, outgoing: back, incoming: there },
  ];
}

/** Opens an end in the thread that will use it. */
export function openRingChannel(end: RingEnd): Channel {
  return {
    writer: new RingWriter(end.outgoing),
    reader: new RingReader(end.incoming),
    ring: () => end.port.postMessage(null),
    listen: (onRing, onClosed) => listen(end.port, onRing, onClosed),
    close: () => end.port.close(),
  };
}

function listen(port: MessagePort, onRing: () => void, onClosed: () => void): void {
  port.on('message', onRing);
  port.on('close', onClosed);
}
