/** One question to a text port and the first line of its answer. For processes that look for each other. */
import { connect } from 'node:net';

/** The first line that comes back. Rejects with a one-line reason when nobody answers within `timeoutMs`. */
export function askLine(
  { host, port }: { readonly host: string; readonly port: number },
  question: string,
  timeoutMs: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    let answer = '';
    const refuse = (reason: string): void => {
      socket.destroy();
      reject(new Error(reason));
    };
    // The whole conversation has this long, not each part of it.
    const timer = setTimeout(() => refuse(`no answer within ${timeoutMs} ms`), timeoutMs);
    socket.setEncoding('utf8');
    socket.on('error', (error: NodeJS.ErrnoException) => refuse(error.code ?? error.message));
    socket.on('close', () => {
      clearTimeout(timer);
      refuse('it closed the connection');
    });
    socket.on('connect', () => socket.write(`${question}\n`));
    socket.on('data', (chunk: string) => {
      answer += chunk;
      const end = answer.indexOf('\n');
      if (end === -1) {
        if (answer.length > ANSWER_CHARACTERS_MAX) refuse('its answer is no line');
        return;
      }
      resolve(answer.slice(0, end));
      socket.destroy();
    });
  });
}

/** Nothing that is asked this way is answered at length: more is not a Coppice server. */
const ANSWER_CHARACTERS_MAX = 65_536;
