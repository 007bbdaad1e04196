/**
 * The leanest client of a gRPC server, as `client.ts` is one of ports that answer in order: unary calls over HTTP/2
 * without TLS, so many under way on each connection. What it sends is bytes made once, and what it reads are the heads of
 * frames, so that a server is measured and not its client (`node:http2` takes several times as long for a call as this
 * does). It never sends more than a server's first window takes, and asks for a header table of no size so that nothing
 * that a server says depends on what it said before.
 *
 *   connection = preface *frame         frame = length:24 type:8 flags:8 stream:32 payload     (RFC 9113)
 *   call       = HEADERS(head) DATA(message, END_STREAM)    on streams 1, 3, 5 …
 *   answer     = HEADERS DATA(message) HEADERS(END_STREAM); without DATA when it is an error   (gRPC over HTTP/2)
 *   message    = 0:8 length:32 protobuf
 *
 * Worked example, a Put of key "k" and value "v" on stream 1, for 127.0.0.1:2379:
 *   000048 01 04 00000001 83 86 04 14 "/etcdserverpb.KV/Put" …   HEADERS, END_HEADERS: POST, http, path, …
 *   00000b 00 01 00000001 00 00000006 0a 01 6b 12 01 76          DATA, END_STREAM: key (field 1) and value (field 2)
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Load } from './client.ts';

export type Call = {
  /** `/package.Service/Method` */
  readonly path: string;
  /** The nth message, in protobuf. */
  readonly message: (n: number) => Uint8Array;
  /** An answer that is shorter than this is a wrong one. */
  readonly answerBytesMin: number;
};

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const TYPE = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, windowUpdate: 8 } as const;
const END_STREAM = 1;
const END_HEADERS = 4;
const ACKNOWLEDGED = 1;
const FRAME_HEAD_BYTES = 9;
const MESSAGE_HEAD_BYTES = 5;
const SETTING = { headerTableSize: 1, initialWindowSize: 4 } as const;
const WINDOW_BYTES = 1 << 30;
/** The first window of a connection, which only WINDOW_UPDATE makes larger. */
const FIRST_WINDOW_BYTES = 65_535;
const STUCK_MS = 60_000;

/** Makes all calls of a load; how many were answered a second. Throws when one failed. */
export async function driveCalls(port: number, load: Load, call: Call): Promise<number> {
  const { connections, depth, total } = load;
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const head = headOf(call.path, port);
  const each = Math.ceil(total / connections);
  const begin = performance.now();
  const deadline = setTimeout(
    () => {
      for (const socket of sockets) socket.destroy(new Error('calls were not answered'));
    },
    STUCK_MS * Math.max(1, total / 10_000),
  );
  await Promise.all(sockets.map((socket, lane) => runLane(socket, { first: lane * each, each, depth, head, call })));
  clearTimeout(deadline);
  const seconds = (performance.now() - begin) / 1_000;
  for (const socket of sockets) socket.destroy();
  return (each * connections) / seconds;
}

type Lane = {
  readonly first: number;
  readonly each: number;
  readonly depth: number;
  readonly head: Buffer;
  readonly call: Call;
};

function runLane(socket: Socket, { first, each, depth, head, call }: Lane): Promise<void> {
  return new Promise((settle, reject) => {
    let sent = 0;
    let messages = 0;
    let ended = 0;
    let rest: Buffer = Buffer.alloc(0);
    const send = (): void => {
      const frames: Buffer[] = [];
      for (; sent < each && sent - ended < depth; sent++) {
        const stream = 2 * sent + 1;
        frames.push(frame(TYPE.headers, END_HEADERS, stream, head));
        frames.push(frame(TYPE.data, END_STREAM, stream, enveloped(call.message(first + sent))));
      }
      if (frames.length > 0) socket.write(Buffer.concat(frames));
    };
    const onFrame = (type: number, flags: number, payload: Buffer): void => {
      if (type === TYPE.data && payload.length > 0) {
        if (payload.length < MESSAGE_HEAD_BYTES + call.answerBytesMin) reject(new Error('an answer is too short'));
        messages++;
      }
      if ((type === TYPE.data || type === TYPE.headers) && (flags & END_STREAM) !== 0) ended++;
      if (type === TYPE.settings && flags !== ACKNOWLEDGED)
        socket.write(frame(TYPE.settings, ACKNOWLEDGED, 0, Buffer.alloc(0)));
      if (type === TYPE.ping && flags !== ACKNOWLEDGED) socket.write(frame(TYPE.ping, ACKNOWLEDGED, 0, payload));
      if (type === TYPE.reset || type === TYPE.goAway) reject(new Error(`a server ended a call: frame ${type}`));
    };
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('a server closed the connection')));
    socket.on('data', (chunk: Buffer) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      while (rest.length - at >= FRAME_HEAD_BYTES) {
        const end = at + FRAME_HEAD_BYTES + rest.readUIntBE(at, 3);
        if (rest.length < end) break;
        onFrame(rest[at + 3] as number, rest[at + 4] as number, rest.subarray(at + FRAME_HEAD_BYTES, end));
        at = end;
      }
      rest = rest.subarray(at);
      if (ended < each) send();
      else if (messages === each) settle();
      else reject(new Error(`${each - messages} of ${each} calls of ${call.path} failed`));
    });
    send();
  });
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const settings = Buffer.alloc(12);
  settings.writeUInt16BE(SETTING.headerTableSize, 0);
  settings.writeUInt16BE(SETTING.initialWindowSize, 6);
  settings.writeUInt32BE(WINDOW_BYTES, 8);
  const window = Buffer.alloc(4);
  window.writeUInt32BE(WINDOW_BYTES - FIRST_WINDOW_BYTES);
  const frames = [frame(TYPE.settings, 0, 0, settings), frame(TYPE.windowUpdate, 0, 0, window)];
  socket.write(Buffer.concat([Buffer.from(PREFACE), ...frames]));
  return socket;
}

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEAD_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, FRAME_HEAD_BYTES);
  return bytes;
}

function enveloped(message: Uint8Array): Buffer {
  const bytes = Buffer.alloc(MESSAGE_HEAD_BYTES + message.length);
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, MESSAGE_HEAD_BYTES);
  return bytes;
}

/**
 * The headers of every call in HPACK (RFC 7541): `method: POST` and `scheme: http` are rows 3 and 6 of its static table,
 * the names of path, authority and content-type rows 4, 1 and 31, and no value goes into the other table.
 */
function headOf(path: string, port: number): Buffer {
  const literal = (text: string): Buffer => Buffer.from([text.length, ...Buffer.from(text)]);
  return Buffer.concat([
    Buffer.from([0x83, 0x86, 0x04]),
    literal(path),
    Buffer.from([0x01]),
    literal(`127.0.0.1:${port}`),
    Buffer.from([0x0f, 31 - 0x0f]),
    literal('application/grpc'),
    Buffer.from([0x00]),
    literal('te'),
    literal('trailers'),
  ]);
}
