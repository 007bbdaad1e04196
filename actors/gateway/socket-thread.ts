/**
 * Where a thread with sockets begins: it listens on the gateway's port beside others (SO_REUSEPORT, the system deals
 * connections out), and carries bytes between its sockets and a link. It knows nothing of requests; what it does not
 * get rid of on either side it does not read.
 */
import { createServer, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { ByteReader, ByteWriter } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import type { ChannelEnd } from '../../src/node/channel.ts';
import { openLink } from '../../src/node/link.ts';
import { LinkHub } from '../../src/node/link-hub.ts';
import {
  begin,
  FROM_SOCKET,
  type Listened,
  type SocketThreadData,
  TO_SOCKET,
  WINDOW_BYTES,
  writeAddresses,
} from './socket-frames.ts';

type Held = {
  readonly socket: Socket;
  /** Whether the gateway wants no more of it now, and whether the link has no room for more. */
  isPaused: boolean;
  isHeld: boolean;
  written: number;
  told: number;
};

/** Bytes that wait for room in the link, beyond which sockets are not read. */
const BACKLOG_BYTES_MAX = 4 * 1024 * 1024;
const GATEWAY = 'gateway';
const EMPTY = new Uint8Array(0);

const { host, port, backlog, end } = workerData as SocketThreadData<ChannelEnd>;
const sockets = new Map<number, Held>();
const held = new Set<Held>();
const out = new ByteWriter();
const reader = new ByteReader(EMPTY);
let numbers = 0;

const hub = new LinkHub<typeof GATEWAY>({
  onFrame: (_from, bytes, start, until) => onFrame(bytes, start, until),
  onBatchEnd: letGo,
  onLinkLost: () => process.exit(0),
});
const link = hub.attach(GATEWAY, (events) => openLink(end, new Prng(0), events));

const server = createServer({ allowHalfOpen: true, noDelay: true }, onConnection);
server.once('error', ({ code = '', message }: NodeJS.ErrnoException) => tell({ kind: 'failed', code, message }));
server.listen({ host, port, backlog, reusePort: true }, () => {
  server.removeAllListeners('error');
  // Only accept can fail now (too many open files): no connection that exists ends, and the next accept may work.
  server.on('error', () => undefined);
  const address = server.address();
  tell({ kind: 'listening', port: typeof address === 'object' && address !== null ? address.port : port });
});

function tell(said: Listened): void {
  parentPort?.postMessage(said);
}

function onConnection(socket: Socket): void {
  const number = ++numbers;
  const mine: Held = { socket, isPaused: false, isHeld: false, written: 0, told: 0 };
  sockets.set(number, mine);
  begin(out, FROM_SOCKET.opened, number);
  writeAddresses(out, socket);
  hub.send(GATEWAY, out.view());
  socket.on('data', (chunk: Uint8Array) => {
    begin(out, FROM_SOCKET.data, number);
    out.bytes(chunk);
    hub.send(GATEWAY, out.view());
    if (link.backlogBytes <= BACKLOG_BYTES_MAX) return;
    mine.isHeld = true;
    held.add(mine);
    socket.pause();
  });
  socket.on('end', () => say(FROM_SOCKET.ended, number));
  socket.on('timeout', () => say(FROM_SOCKET.timedOut, number));
  // A reset is an ordinary end: 'close' follows.
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    sockets.delete(number);
    held.delete(mine);
    say(FROM_SOCKET.closed, number);
  });
}

function say(kind: number, number: number): void {
  begin(out, kind, number);
  hub.send(GATEWAY, out.view());
}

/** There is room in the link again: sockets that were held are read on. */
function letGo(): void {
  if (held.size === 0 || link.backlogBytes > BACKLOG_BYTES_MAX / 2) return;
  for (const mine of held) {
    mine.isHeld = false;
    if (!mine.isPaused) mine.socket.resume();
  }
  held.clear();
}

function onFrame(bytes: Uint8Array, start: number, until: number): void {
  const kind = bytes[start];
  reader.reset(bytes, start + 1, until);
  const number = reader.u32();
  if (kind === TO_SOCKET.stopListening) {
    server.close();
    return;
  }
  const mine = sockets.get(number);
  if (mine === undefined) return;
  const { socket } = mine;
  switch (kind) {
    case TO_SOCKET.write:
      write(number, mine, reader.take(reader.remaining));
      return;
    case TO_SOCKET.end:
      socket.end();
      return;
    case TO_SOCKET.endSoon:
      socket.destroySoon();
      return;
    case TO_SOCKET.destroy:
      socket.destroy();
      return;
    case TO_SOCKET.pause:
      mine.isPaused = true;
      socket.pause();
      return;
    case TO_SOCKET.resume:
      mine.isPaused = false;
      if (!mine.isHeld) socket.resume();
      return;
    case TO_SOCKET.timeout:
      socket.setTimeout(reader.u32());
      return;
    default:
  }
}

function write(number: number, mine: Held, bytes: Uint8Array): void {
  const { socket } = mine;
  mine.written += bytes.length;
  // The memory of the link is written again after this call.
  socket.write(Buffer.from(bytes));
  if (socket.writableLength === 0) taken(number, mine);
  else socket.write(EMPTY, () => taken(number, mine));
}

/** Tells how much the system took, when it is worth a frame: long before the gateway's window is used up. */
function taken(number: number, mine: Held): void {
  const count = mine.written - mine.socket.writableLength - mine.told;
  if (count < WINDOW_BYTES / 4 && mine.written - mine.told < WINDOW_BYTES / 2) return;
  mine.told += count;
  begin(out, FROM_SOCKET.taken, number);
  out.u32(count);
  hub.send(GATEWAY, out.view());
}
