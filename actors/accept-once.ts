/** A port for one socket: whoever says the right token first gets it, everybody else is turned away. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { utf8 } from '../src/lib/bytes.ts';
import { FrameSocket } from '../src/node/frame-socket.ts';
import { TOKEN_LENGTH } from '../src/node/join.ts';

/** Milliseconds until the port closes again when nobody came. */
const WAIT_MS = 5_000;

/** Opens any free port of `host`; rejects with the system's error. Exactly one of the two is called, once. */
export function acceptOnce(
  host: string,
  { onSocket, onNobody }: { readonly onSocket: (socket: FrameSocket) => void; readonly onNobody: () => void },
): Promise<{ readonly port: number; readonly token: string }> {
  const token = randomBytes(TOKEN_LENGTH / 2).toString('hex');
  const line = utf8(`${token}\n`);
  const sockets = new Set<Socket>();
  let isOver = false;
  const server = createServer((socket) => greet(socket));

  const finish = (chosen: Socket | null): void => {
    isOver = true;
    clearTimeout(waiting);
    server.close();
    for (const socket of sockets) if (socket !== chosen) socket.destroy();
  };
  const waiting = setTimeout(() => {
    finish(null);
    onNobody();
  }, WAIT_MS);

  const greet = (socket: Socket): void => {
    sockets.add(socket);
    let said: Uint8Array = new Uint8Array(0);
    const onError = (): void => void socket.destroy();
    const onData = (chunk: Uint8Array): void => {
      const longer = new Uint8Array(said.length + chunk.length);
      longer.set(said);
      longer.set(chunk, said.length);
      said = longer;
      if (said.length < line.length) return;
      if (isOver || !timingSafeEqual(said.subarray(0, line.length), line)) {
        socket.destroy();
        return;
      }
      socket.pause();
      socket.removeListener('data', onData);
      socket.removeListener('error', onError);
      finish(socket);
      onSocket(new FrameSocket(socket, said.slice(line.length)));
    };
    socket.on('error', onError);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', onData);
  };
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      finish(null);
      reject(error);
    });
    server.listen({ host, port: 0 }, () => {
      const address = server.address();
      resolve({ port: typeof address === 'object' && address !== null ? address.port : 0, token });
    });
  });
}
