import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AssertionError } from '../../src/lib/assert.ts';
import { compareBytes, NO_BYTES, text, utf8 } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import type { Version } from '../../src/model/ids.ts';
import { RadixTrie } from '../../src/trie/radix-trie.ts';

function trieOf(keys: readonly Uint8Array[]): RadixTrie {
  const trie = new RadixTrie();
  for (const key of keys) trie.set(key, 1 as Version, false, key);
  return trie;
}

/** Up to `limit` keys of a range, as text that keeps every byte. */
function scanned(trie: RadixTrie, prefix: Uint8Array, after: Uint8Array, limit = Number.POSITIVE_INFINITY): string[] {
  const keys: string[] = [];
  if (limit > 0) trie.scan({ prefix, after }, (key) => keys.push(latin(key)) < limit);
  return keys;
}

function latin(key: Uint8Array): string {
  return Buffer.from(key).toString('latin1');
}

/** The keys of a range in order, found by looking at all. */
function expected(keys: readonly Uint8Array[], prefix: Uint8Array, after: Uint8Array): string[] {
  const unique = new Map(keys.map((key) => [latin(key), key]));
  return [...unique.values()]
    .filter((key) => latin(key).startsWith(latin(prefix)) && compareBytes(key, after) > 0)
    .sort(compareBytes)
    .map(latin);
}

describe('scan', () => {
  test('visits the keys of any prefix after any key, as sorting all keys does', () => {
    const bytes = (minLength: number) =>
      fc
        .array(fc.constantFrom(0, 1, 0x61, 0x62, 0xff), { minLength, maxLength: 5 })
        .map((list) => Uint8Array.from(list));

    const property = fc.property(fc.array(bytes(1), { maxLength: 40 }), bytes(0), bytes(0), (keys, prefix, after) => {
      expect(scanned(trieOf(keys), prefix, after)).toEqual(expected(keys, prefix, after));
    });

    fc.assert(property, { numRuns: 3_000 });
  });

  test('visits 10,000 keys in order, in pages that each go on after the last key', () => {
    const prng = new Prng(11);
    const keys = Array.from({ length: 10_000 }, () => utf8(`user:${prng.below(100_000).toString(36)}`));
    const trie = trieOf(keys);
    const pages: string[] = [];

    for (let last = ''; ; last = pages.at(-1) as string) {
      const page = scanned(trie, utf8('user:'), utf8(last), 97);
      pages.push(...page);
      if (page.length < 97) break;
    }

    expect(pages).toEqual(expected(keys, utf8('user:'), NO_BYTES));
  });

  test('goes on behind its last key though that key and others were deleted and written meanwhile', () => {
    const trie = trieOf(['a1', 'a2', 'a3', 'a4', 'a5'].map((key) => utf8(key)));
    const firstPage = scanned(trie, utf8('a'), NO_BYTES, 2);

    for (const key of ['a1', 'a2', 'a3']) trie.delete(utf8(key));
    for (const key of ['a0', 'a22', 'b']) trie.set(utf8(key), 2 as Version, false, NO_BYTES);
    const secondPage = scanned(trie, utf8('a'), utf8('a2'));

    expect([firstPage, secondPage]).toEqual([
      ['a1', 'a2'],
      ['a22', 'a4', 'a5'],
    ]);
  });

  test('says whether the range is at its end', () => {
    const trie = trieOf(['a', 'b', 'c'].map((key) => utf8(key)));
    const everything = { prefix: NO_BYTES, after: NO_BYTES };

    const stopped = trie.scan(everything, (key) => text(key) !== 'b');
    const finished = trie.scan(everything, () => true);

    expect([stopped, finished]).toEqual([false, true]);
  });

  test('hands out the leaf with each key', () => {
    const trie = trieOf(['x', 'xy', 'xyz'].map((key) => utf8(key)));
    const values: string[] = [];

    trie.scan({ prefix: utf8('xy'), after: NO_BYTES }, (_, leaf) => values.push(text(trie.value(leaf))) > 0);

    expect(values).toEqual(['xy', 'xyz']);
  });

  test('finds nothing in an empty trie', () => {
    const trie = new RadixTrie();

    const keys = scanned(trie, NO_BYTES, NO_BYTES);

    expect(keys).toEqual([]);
  });

  test('stops the actor when its visitor writes', () => {
    const trie = trieOf(['a', 'b'].map((key) => utf8(key)));

    const scan = () =>
      trie.scan({ prefix: NO_BYTES, after: NO_BYTES }, (key) => {
        trie.delete(key.slice());
        return true;
      });

    expect(scan).toThrow(AssertionError);
  });
});
