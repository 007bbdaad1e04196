/** A client who asks for one thing at a time, and looks at every answer. */
import { once } from 'node:events';
import { connect } from 'node:net';

const STUCK_MS = 120_000;

/** Milliseconds of each question of so many seconds; throws when an answer does not end as it must. */
export async function quietTimes(port: number, seconds: number, question: string, ending: string): Promise<number[]> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const times: number[] = [];
  const over = performance.now() + seconds * 1_000;
  const stuck = setTimeout(() => socket.destroy(new Error('a quiet client had no answer')), STUCK_MS);
  await new Promise<void>((settle, reject) => {
    let begin = 0;
    let answer = '';
    const ask = (): void => {
      answer = '';
      begin = performance.now();
      socket.write(question);
    };
    socket.once('error', reject);
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      answer += chunk;
      if (/^(-|ERROR)/.test(answer)) reject(new Error(`a quiet client was told ${answer.trim()}`));
      if (!answer.endsWith(ending)) return;
      times.push(performance.now() - begin);
      if (performance.now() > over) settle();
      else ask();
    });
    ask();
  });
  clearTimeout(stuck);
  socket.destroy();
  return times;
}
