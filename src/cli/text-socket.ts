/** A socket to a text port, for commands that send lines as they are. Knows where, not what. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Endpoint, showEndpoint } from '../client/endpoints.ts';
import { EXIT_CANNOT_CONNECT } from './exit-codes.ts';

const CONNECT_TIMEOUT_MS = 5_000;

/** A command that ends here: one line for stderr and the code to end with. */
export class CommandFailed extends Error {
  override name = 'CommandFailed';
  readonly exitCode: number;

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** A connected socket, or CommandFailed with exit code 3. It stays half-open when the other side ends first. */
export function openTextSocket(endpoint: Endpoint): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: endpoint.host, port: endpoint.port, noDelay: true });
    const refuse = (reason: string, cause?: unknown): void => {
      socket.destroy();
      reject(
        new CommandFailed(`cannot connect to ${showEndpoint(endpoint)}: ${reason}`, EXIT_CANNOT_CONNECT, { cause }),
      );
    };
    const onError = (error: NodeJS.ErrnoException): void => refuse(reasonOf(error), error);
    socket.once('error', onError);
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => refuse(`no answer within ${CONNECT_TIMEOUT_MS} ms`));
    socket.once('connect', () => {
      socket.removeListener('error', onError);
      socket.removeAllListeners('timeout');
      socket.setTimeout(0);
      resolve(socket);
    });
  });
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ECONNREFUSED') return 'ECONNREFUSED, nothing listens there ("coppice start" starts a cluster)';
  if (code === 'ENOTFOUND') return 'ENOTFOUND, there is no such host';
  return code ?? message;
}

/** Has the answers of this socket come as JSON; the answer to that is read here. */
export async function useJson(socket: Socket): Promise<void> {
  socket.write('FORMAT json\n');
  let greeting = '';
  while (!greeting.includes('\n')) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    greeting += chunk.toString();
  }
  socket.pause();
}
