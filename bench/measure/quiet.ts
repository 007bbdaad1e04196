/** A client who asks for one thing at a time, and looks at every answer. */
import { once } from 'node:events';
import { connect } from 'node:net';

const STUCK_MS = 120_000;

export type Quiet = {
  /** Milliseconds of each question of so many seconds; throws when an answer does not end as it must. */
  readonly ask: (seconds: number) => Promise<number[]>;
  readonly close: () => void;
};

/** Opens the connection, and sees that it is served. */
export async function openQuiet(port: number, question: string, ending: string): Promise<Quiet> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  socket.setEncoding('latin1');
  const askOnce = (): Promise<void> =>
    new Promise((settle, reject) => {
      let answer = '';
      const stuck = setTimeout(() => reject(new Error('a quiet client had no answer')), STUCK_MS);
      const onData = (chunk: string): void => {
        answer += chunk;
        if (/^(-|ERROR)/.test(answer)) reject(new Error(`a quiet client was told ${answer.trim()}`));
        if (!answer.endsWith(ending)) return;
        clearTimeout(stuck);
        socket.off('data', onData);
        settle();
      };
      socket.on('data', onData);
      socket.write(question);
    });
  await askOnce();
  return {
    ask: async (seconds) => {
      const times: number[] = [];
      const over = performance.now() + seconds * 1_000;
      do {
        const begin = performance.now();
        await askOnce();
        times.push(performance.now() - begin);
      } while (performance.now() < over);
      return times;
    },
    close: () => socket.destroy(),
  };
}
