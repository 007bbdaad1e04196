/** The radix trie against a sorted map, command by command. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareBytes } from '../../src/lib/bytes.ts';
import type { Version } from '../../src/model/ids.ts';
import { RadixTrie } from '../../src/trie/radix-trie.ts';
import { checkModel, command, MODEL_TIMEOUT_MS, same } from '../sim/model-commands.ts';

type Leaf = { readonly key: Uint8Array; readonly version: number; readonly value: Uint8Array | null };
type Model = Map<string, Leaf>;

/** Keys that share bytes with each other, and some that do not. */
const KEY = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 6, max: 2 }),
  fc.uint8Array({ minLength: 1, maxLength: 40 }),
);
const VALUE = fc.oneof(fc.uint8Array({ maxLength: 8 }), fc.uint8Array({ maxLength: 2_000 }));

const COMMANDS = [
  fc.tuple(KEY, VALUE).map(([key, value]) => put(key, value)),
  KEY.map((key) => put(key, null)),
  KEY.map((key) =>
    command<Model, RadixTrie>(`delete ${key}`, (model, trie) => {
      same(trie.delete(key), model.delete(String(key)));
    }),
  ),
  KEY.map((key) =>
    command<Model, RadixTrie>(`find ${key}`, (model, trie) => {
      const leaf = trie.find(key);
      const held = model.get(String(key));
      same(leaf === -1 ? undefined : leafOf(trie, key, leaf), held);
    }),
  ),
  fc.tuple(fc.uint8Array({ maxLength: 3, max: 2 }), fc.uint8Array({ maxLength: 4, max: 3 })).map(([prefix, after]) =>
    command<Model, RadixTrie>(`scan ${prefix} after ${after}`, (model, trie) => {
      const found: Leaf[] = [];
      trie.scan({ prefix, after }, (key, leaf) => found.push(leafOf(trie, key.slice(), leaf)) > 0);
      const wanted = [...model.values()]
        .filter(({ key }) => prefix.every((byte, at) => key[at] === byte) && compareBytes(key, after) > 0)
        .sort((a, b) => compareBytes(a.key, b.key));
      same(found, wanted);
      same(
        [trie.size, trie.tombstones],
        [
          [...model.values()].filter(({ value }) => value !== null).length,
          [...model.values()].filter(({ value }) => value === null).length,
        ],
      );
    }),
  ),
];

test('a trie holds what a sorted map holds, whatever it is told', { timeout: MODEL_TIMEOUT_MS }, () => {
  const play = (): void => checkModel<Model, RadixTrie>(COMMANDS, () => ({ model: new Map(), real: new RadixTrie() }));

  expect(play).not.toThrow();
});

let version = 0;

function put(key: Uint8Array, value: Uint8Array | null): fc.Command<Model, RadixTrie> {
  return command(`put ${key} ${value === null ? 'nothing' : `${value.length} bytes`}`, (model, trie) => {
    version++;
    trie.seek(key);
    trie.put(version as Version, value === null, value ?? key, 0, value?.length ?? 0);
    model.set(String(key), { key, version, value });
  });
}

function leafOf(trie: RadixTrie, key: Uint8Array, leaf: number): Leaf {
  const value = trie.isTombstone(leaf) ? null : trie.value(leaf).slice();
  return { key, version: trie.versionOf(leaf), value };
}
