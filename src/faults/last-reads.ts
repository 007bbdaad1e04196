/** The end of every history: each key that was written is read once more, by clients that did nothing before. */
import type { LoadShares } from './load-generator.ts';

const READERS = 16;

/** Calls back when every key was answered for, or given up after the patience of a client. */
export function readAll(shares: LoadShares, done: () => void): void {
  const keys = shares.touched.values();
  let readers = READERS;
  const next = (client: number): void => {
    const { value: key, done: isDone } = keys.next();
    if (isDone === true) {
      readers--;
      if (readers === 0) done();
      return;
    }
    let isOver = false;
    const end = (nextClient: number): void => {
      if (isOver) return;
      isOver = true;
      cancel();
      // Never within the answer: as many keys as there are would be as deep a stack.
      shares.host.after(0, () => next(nextClient));
    };
    const cancel = shares.host.after(shares.patienceMs(), () => {
      giveUp();
      end(shares.nextClient());
    });
    const giveUp = shares.host.submit(client, { kind: 'get', key }, ({ type }) =>
      end(type === 'info' ? shares.nextClient() : client),
    );
  };
  for (let reader = 0; reader < READERS; reader++) next(shares.nextClient());
}
