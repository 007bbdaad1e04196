/**
 * What decides never touches the world: no clock, randomness, timer, file, port or process, and it never awaits. That
 * is why the simulator can run the very same code.
 */
import { expect, test } from 'vitest';
import { importsOf, namesOf, sourcesIn } from './sources.ts';

const DECIDING = [
  'lib',
  'model',
  'document',
  'trie',
  'storage',
  'routing',
  'replication',
  'replica',
  'broker',
  'compute',
  'search',
  'protocol',
  'faults',
  'sim',
].map((room) => `src/${room}`);

const WORLD = [
  'Date.now',
  'new Date',
  'Math.random',
  'performance',
  'crypto',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'process',
  'console',
  'Buffer',
  'fetch',
  'require',
  'Atomics.wait',
  'await',
];

/** Third-party code that deciding rooms stand on: pure functions all. */
const PURE_PACKAGES = [/^pure-rand\//, /^mathjs(\/|$)/];

const sources = sourcesIn(...DECIDING);

test('deciding rooms name nothing of the world', () => {
  const wrong = sources.flatMap((source) => {
    const names = namesOf(source);
    return WORLD.filter((name) => names.has(name)).map((name) => `${source.path}: ${name}`);
  });

  expect(wrong).toEqual([]);
});

test('deciding rooms import no module of Node and no package but pure ones', () => {
  const wrong = sources.flatMap((source) =>
    importsOf(source)
      .filter((name) => !name.startsWith('src/') && !PURE_PACKAGES.some((allowed) => allowed.test(name)))
      .map((name) => `${source.path}: ${name}`),
  );

  expect(wrong).toEqual([]);
});
