/**
 * What does the trie cost as keys grow in number and in length? Millions of operations a second and bytes of memory a
 * key beside those of key and value, next to a Map from strings to objects with a copy of the value, which is what
 * one would write without it. Both get their keys as bytes in a buffer, as a server does, in random order, and values
 * of 64 bytes. No timing is a test.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { assert } from '../src/lib/assert.ts';
import { NO_BYTES, text, utf8 } from '../src/lib/bytes.ts';
import { Prng } from '../src/lib/prng.ts';
import type { Version } from '../src/model/ids.ts';
import { RadixTrie } from '../src/trie/radix-trie.ts';
import { alone, beside, type Row } from './measure/answer.ts';
import { report } from './measure/report.ts';
import { progress, settings } from './measure/settings.ts';

const VALUE = new Uint8Array(64).fill(7);
const CASES: readonly (readonly [keys: number, keyBytes: number])[] = [
  [1_000, 16],
  [10_000, 16],
  [100_000, 16],
  ...(settings.isQuick ? [] : ([[1_000_000, 16]] as const)),
  [10_000, 256],
  [1_000, 4_096],
];
/** Keys written in one round at least: a small store is filled as often as it takes. */
const ROUND_KEYS_MIN = 20_000;
const WORK = ['insert', 'append', 'get', 'overwrite', 'scan', 'delete', 'memory'] as const;

type Work = (typeof WORK)[number];
type Figures = Partial<Record<Work, number[]>>;
type Keys = {
  readonly count: number;
  readonly bytes: number;
  readonly shuffled: Uint8Array;
  readonly sorted: Uint8Array;
};
type StoredObject = { version: number; tombstone: boolean; value: Uint8Array };

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function makeKeys(count: number, bytes: number, prng: Prng): Keys {
  const order = prng.shuffle(Array.from({ length: count }, (_, i) => i));
  const write = (numbers: readonly number[]): Uint8Array => {
    const buffer = new Uint8Array(count * bytes);
    numbers.forEach((number, i) => {
      buffer.set(utf8(`key:${String(number).padStart(bytes - 4, '0')}`), i * bytes);
    });
    return buffer;
  };
  return { count, bytes, shuffled: write(order), sorted: write(order.map((_, i) => i)) };
}

/** One side of the comparison: a store that is filled with all keys, then asked and emptied. */
type Store = {
  readonly set: (i: number) => void;
  readonly get: (i: number) => boolean;
  readonly remove: (i: number) => boolean;
  readonly scan: () => unknown;
  readonly append?: (i: number) => void;
};

function trieStore({ bytes, shuffled, sorted }: Keys): Store {
  const trie = new RadixTrie();
  const loaded = new RadixTrie();
  return {
    set: (i) => trie.set(shuffled, i as Version, false, VALUE, 0, VALUE.length, i * bytes, (i + 1) * bytes),
    get: (i) => trie.find(shuffled, i * bytes, (i + 1) * bytes) >= 0,
    remove: (i) => trie.delete(shuffled, i * bytes, (i + 1) * bytes),
    scan: () => trie.scan({ prefix: NO_BYTES, after: NO_BYTES }, () => true),
    append: (i) => loaded.append(sorted, i as Version, false, VALUE, 0, VALUE.length, i * bytes, (i + 1) * bytes),
  };
}

function mapStore({ bytes, shuffled }: Keys): Store {
  const map = new Map<string, StoredObject>();
  const keyOf = (i: number): string => text(shuffled, i * bytes, (i + 1) * bytes);
  return {
    set: (i) => map.set(keyOf(i), { version: i, tombstone: false, value: VALUE.slice() }),
    get: (i) => map.has(keyOf(i)),
    remove: (i) => map.delete(keyOf(i)),
    // A Map has no order: a scan must sort.
    scan: () => [...map.keys()].sort(),
  };
}

/** One round: millions of operations a second of each kind of work. */
function measureSpeed(makeStore: (keys: Keys) => Store, keys: Keys, figures: Figures): void {
  const stores = makeStores(makeStore, keys);
  const time = (work: Work, run: (store: Store) => void): void => {
    const startMs = performance.now();
    for (const store of stores) run(store);
    note(figures, work, (keys.count * stores.length) / (performance.now() - startMs) / 1_000);
  };
  const all = (each: (i: number) => unknown): void => {
    for (let i = 0; i < keys.count; i++) assert(each(i) !== false, 'the key is there');
  };
  time('insert', (store) => all(store.set));
  time('get', (store) => all(store.get));
  time('overwrite', (store) => all(store.set));
  time('scan', (store) => store.scan());
  time('delete', (store) => all(store.remove));
  if (stores[0]?.append !== undefined) time('append', ({ append }) => all(append as (i: number) => void));
}

/** Apart from the timing: a forced collection throws compiled code away. */
function measureMemory(makeStore: (keys: Keys) => Store, keys: Keys, figures: Figures): void {
  const before = heldBytes();
  const stores = makeStores(makeStore, keys);
  for (const store of stores) for (let i = 0; i < keys.count; i++) store.set(i);
  note(figures, 'memory', (heldBytes() - before) / (keys.count * stores.length) - keys.bytes - VALUE.length);
  assert(
    stores.every((store) => store.get(0)),
    'the stores are alive until they were measured',
  );
}

function makeStores(makeStore: (keys: Keys) => Store, keys: Keys): Store[] {
  return Array.from({ length: Math.ceil(ROUND_KEYS_MIN / keys.count) }, () => makeStore(keys));
}

function note(figures: Figures, work: Work, figure: number): void {
  figures[work] = [...(figures[work] ?? []), figure];
}

function heldBytes(): number {
  collectGarbage();
  // What the first collection finds at the end of its life, the second one gives back.
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const prng = new Prng(1);
const rows: Row[] = [];
for (const [count, keyBytes] of CASES) {
  progress(`${count} keys of ${keyBytes} bytes`);
  const keys = makeKeys(count, keyBytes, prng);
  const trie: Figures = {};
  const map: Figures = {};
  // The round before the first warms up and does not count.
  for (let round = -1; round < settings.rounds; round++) {
    measureSpeed(trieStore, keys, round < 0 ? {} : trie);
    measureSpeed(mapStore, keys, round < 0 ? {} : map);
  }
  measureMemory(trieStore, keys, trie);
  measureMemory(mapStore, keys, map);
  for (const work of WORK)
    rows.push(row(`${work}, ${count.toLocaleString('en')} keys of ${keyBytes} bytes`, work, trie, map));
}
report({
  question: 'trie',
  title: 'The trie beside a Map from strings to objects',
  rows,
  notes: ['memory: bytes of the store for each key, beside those of the key and of its value'],
});

function row(what: string, work: Work, trie: Figures, map: Figures): Row {
  const name = [what, work === 'memory' ? 'bytes a key' : 'M/s'] as const;
  const [ours, peer] = [trie[work] as number[], map[work]];
  return peer === undefined ? alone(...name, ours) : beside(name, ours, ['Map', peer]);
}
