/** What an operator does to the broker, as those see it who depend on what keys held. */
import { expect, test } from 'vitest';
import { utf8 } from '../../src/lib/bytes.ts';
import { maskOf, type ServerIndex } from '../../src/model/ids.ts';
import { driven, keyOf } from '../sim/driven.ts';

test('who watches a key is told when an operator forces an owner that may hold something else', () => {
  const { cluster, queue, put, get, hold } = driven({ servers: 2, replicas: 2 });
  const [first, second] = [0 as ServerIndex, 1 as ServerIndex];
  const key = keyOf({ servers: 2, replicas: 2 }, maskOf(first) | maskOf(second));
  put(key, 'old');
  const release = hold(first);
  put(key, 'new');
  const touched: string[] = [];
  cluster.broker?.watch(utf8(key), (kind) => touched.push(kind));
  const read = get(key);

  cluster.server(second).hold('stopped');
  release();
  queue.run(2_000);
  cluster.hostThread?.run(() => cluster.broker?.force([first]));
  queue.run(2_000);

  expect([read, get(key)]).toEqual(['new', 'old']);
  expect(touched).toEqual(['write']);
});
