import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AssertionError } from '../../src/lib/assert.ts';
import { compareBytes, NO_BYTES, text, utf8 } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import type { Version } from '../../src/model/ids.ts';
import { KEY_BYTES_MAX } from '../../src/model/limits.ts';
import { RadixTrie } from '../../src/trie/radix-trie.ts';

type Stored = { version: number; tombstone: boolean; value: string };

function put(trie: RadixTrie, key: string | Uint8Array, value = '', version = 1, tombstone = false): void {
  trie.set(typeof key === 'string' ? utf8(key) : key, version as Version, tombstone, utf8(value));
}

function read(trie: RadixTrie, key: string | Uint8Array): Stored | null {
  const leaf = trie.find(typeof key === 'string' ? utf8(key) : key);
  if (leaf < 0) return null;
  return { version: trie.versionOf(leaf), tombstone: trie.isTombstone(leaf), value: text(trie.value(leaf)) };
}

function keysOf(trie: RadixTrie): Uint8Array[] {
  const keys: Uint8Array[] = [];
  trie.scan({ prefix: NO_BYTES, after: NO_BYTES }, (key) => keys.push(key.slice()) > 0);
  return keys;
}

/** A key by which a Map tells byte strings apart. */
function hex(key: Uint8Array): string {
  return Buffer.from(key).toString('hex');
}

describe('RadixTrie', () => {
  test('answers like a Map through 100,000 random writes of keys that prefix each other', () => {
    const prng = new Prng(5);
    const trie = new RadixTrie();
    const model = new Map<string, Stored>();
    const randomKey = (): Uint8Array =>
      Uint8Array.from({ length: 1 + prng.below(prng.pick([3, 6, 12])) }, () => prng.pick([0, 1, 0x61, 0xff]));

    for (let step = 0; step < 100_000; step++) {
      const key = randomKey();
      const name = hex(key);
      if (prng.chance(step % 30_000 < 15_000 ? 0.35 : 0.65)) {
        expect(trie.delete(key)).toBe(model.delete(name));
      } else {
        const stored = { version: step, tombstone: prng.chance(0.2), value: 'v'.repeat(prng.below(40)) };
        put(trie, key, stored.value, stored.version, stored.tombstone);
        model.set(name, stored);
      }
      const other = randomKey();
      expect(read(trie, other)).toEqual(model.get(hex(other)) ?? null);
    }

    expect(keysOf(trie).map(hex)).toEqual([...model.keys()].sort());
    const tombstones = [...model.values()].filter((each) => each.tombstone).length;
    expect([trie.size, trie.tombstones]).toEqual([model.size - tombstones, tombstones]);
    expect(trie.keyBytes).toBe([...model.keys()].reduce((sum, name) => sum + name.length / 2, 0));
    expect(trie.valueBytes).toBe([...model.values()].reduce((sum, each) => sum + each.value.length, 0));
  });

  test('holds exactly the keys that were set and not deleted, in order, whatever the keys are', () => {
    const key = fc.uint8Array({ minLength: 1, maxLength: 6 });
    const write = fc.record({ key, remove: fc.boolean() });

    const property = fc.property(fc.array(write, { maxLength: 60 }), (writes) => {
      const trie = new RadixTrie();
      const model = new Map<string, Uint8Array>();
      for (const each of writes) {
        if (each.remove) {
          expect(trie.delete(each.key)).toBe(model.delete(hex(each.key)));
        } else {
          put(trie, each.key, hex(each.key));
          model.set(hex(each.key), each.key);
        }
      }
      const expected = [...model.values()].sort(compareBytes);
      expect(keysOf(trie)).toEqual(expected);
      expect(expected.map((each) => read(trie, each)?.value)).toEqual(expected.map(hex));
    });

    fc.assert(property, { numRuns: 500 });
  });

  test('keeps person10 … person14 when person1 is deleted', () => {
    const trie = new RadixTrie();
    const others = ['person10', 'person11', 'person12', 'person13', 'person14'];
    for (const key of ['person1', ...others]) put(trie, key, `value of ${key}`);

    const deleted = trie.delete(utf8('person1'));

    expect(deleted).toBe(true);
    expect(read(trie, 'person1')).toBeNull();
    expect(others.map((key) => read(trie, key)?.value)).toEqual(others.map((key) => `value of ${key}`));
  });

  test('keeps the keys that a deleted key begins with', () => {
    const trie = new RadixTrie();
    for (const key of ['p', 'per', 'person1', 'person10']) put(trie, key, key);

    trie.delete(utf8('person10'));

    expect(['p', 'per', 'person1'].map((key) => read(trie, key)?.value)).toEqual(['p', 'per', 'person1']);
  });

  test('brings no deleted key back with a later write', () => {
    const trie = new RadixTrie();
    put(trie, 'a');
    trie.delete(utf8('a'));

    put(trie, 'b');

    expect(read(trie, 'a')).toBeNull();
    expect(keysOf(trie).map((key) => text(key))).toEqual(['b']);
  });

  test('returns to no node and no byte when every key is deleted, in any order', () => {
    const prng = new Prng(6);
    const trie = new RadixTrie();
    const keys = Array.from({ length: 20_000 }, (_, i) => utf8(`${prng.below(10) === 0 ? 'k' : 'key:'}${i * 7}`));
    for (const key of keys) put(trie, key, 'value');
    const grown = trie.byteLength;

    for (const key of prng.shuffle(keys)) trie.delete(key);

    expect([trie.nodeCount, trie.size, trie.keyBytes, trie.valueBytes]).toEqual([0, 0, 0, 0]);
    expect(grown).toBeGreaterThan(800_000);
    expect(trie.byteLength).toBeLessThan(200_000);
  });

  test('has as many nodes after a key came and went as before', () => {
    const trie = new RadixTrie();
    for (const key of ['car', 'cart', 'dog']) put(trie, key);
    const before = trie.nodeCount;

    for (const key of ['ca', 'carton', 'dogma', 'x', 'c\0']) put(trie, key);
    for (const key of ['carton', 'c\0', 'ca', 'x', 'dogma']) trie.delete(utf8(key));

    expect(trie.nodeCount).toBe(before);
  });

  test.each([
    ['tab, newline and quotes', utf8('a\tb\nc\'d"e')],
    ['NUL at both ends', Uint8Array.of(0, 97, 0)],
    ['the highest bytes', Uint8Array.of(255, 255, 254)],
    ['text of four-byte letters', utf8('𝒌𝒆𝒚')],
    ['a name that objects own', utf8('__proto__')],
  ])('keeps a key of %s apart from its neighbours', (_, key) => {
    const trie = new RadixTrie();
    put(trie, key.subarray(0, key.length - 1), 'shorter');
    put(trie, Uint8Array.of(...key, 0), 'longer');

    put(trie, key, 'itself');

    expect(read(trie, key)?.value).toBe('itself');
    expect(read(trie, Uint8Array.of(...key, 0))?.value).toBe('longer');
    expect(read(trie, key.subarray(0, key.length - 1))?.value).toBe('shorter');
  });

  test('takes a key of 64 KiB and every one of its prefixes that end in the last 2,000 bytes', () => {
    const trie = new RadixTrie();
    const long = new Uint8Array(KEY_BYTES_MAX).fill(0x6b);
    const shortest = KEY_BYTES_MAX - 2_000;

    for (let length = shortest; length <= KEY_BYTES_MAX; length += 50) put(trie, long.subarray(0, length), `${length}`);
    trie.delete(long.subarray(0, shortest));

    expect(read(trie, long)?.value).toBe(`${KEY_BYTES_MAX}`);
    expect(read(trie, long.subarray(0, shortest + 50))?.value).toBe(`${shortest + 50}`);
    expect([trie.size, trie.find(long.subarray(0, shortest))]).toEqual([40, -1]);
  });

  test('walks a chain of 3,000 nested keys without recursion', () => {
    const trie = new RadixTrie();
    const chain = new Uint8Array(3_000).fill(1);
    for (let length = 1; length <= chain.length; length++) put(trie, chain.subarray(0, length));

    const keys = keysOf(trie);

    expect(keys.map((key) => key.length)).toEqual(Array.from(chain, (_, i) => i + 1));
    expect(trie.nodeCount).toBe(2_999);
  });

  test('refuses the empty key and a key of one byte too many', () => {
    const trie = new RadixTrie();

    const empty = () => put(trie, '');
    const tooLong = () => put(trie, new Uint8Array(KEY_BYTES_MAX + 1));

    expect(empty).toThrow(AssertionError);
    expect(tooLong).toThrow(AssertionError);
    expect(trie.find(NO_BYTES)).toBe(-1);
    expect(trie.delete(NO_BYTES)).toBe(false);
  });

  test('copies what it is given and reads parts of buffers', () => {
    const trie = new RadixTrie();
    const frame = utf8('..key..value..');

    trie.set(frame, 9 as Version, false, frame, 7, 12, 2, 5);
    frame.fill(0);

    expect(read(trie, 'key')).toEqual({ version: 9, tombstone: false, value: 'value' });
    expect(trie.find(utf8('--key'), 2)).toBe(trie.find(utf8('key')));
    expect(text(trie.key(trie.find(utf8('key'))))).toBe('key');
  });

  test('keeps a value of 16 MiB and gives its memory back', () => {
    const trie = new RadixTrie();
    const value = new Uint8Array(16 * 1024 * 1024).fill(7);
    put(trie, 'small', 'x');
    const before = trie.byteLength;

    trie.set(utf8('large'), 1 as Version, false, value);
    const leaf = trie.find(utf8('large'));
    const last = trie.page(leaf)[trie.valueStart(leaf) + trie.valueLength(leaf) - 1];
    put(trie, 'large', 'now small');

    expect(last).toBe(7);
    expect(read(trie, 'large')?.value).toBe('now small');
    expect(trie.byteLength).toBeLessThan(before + 100_000);
  });

  test('does not grow when one key is overwritten 200,000 times with values of many sizes', () => {
    const prng = new Prng(7);
    const trie = new RadixTrie();
    const key = utf8('counter');
    const value = new Uint8Array(40_000);

    for (let i = 0; i < 200_000; i++) {
      trie.set(key, i as Version, false, value, 0, prng.below(prng.chance(0.01) ? 40_000 : 300));
    }

    expect(trie.byteLength).toBeLessThan(400_000);
  });

  test('holds half as much again at most after churn of random sizes that changed for all keys', () => {
    const prng = new Prng(8);
    const trie = new RadixTrie();
    const value = new Uint8Array(1_000);
    const keys = Array.from({ length: 20_000 }, (_, i) => utf8(`key:${i}`));

    for (const bytesMax of [64, 300, 20, 500, 100]) {
      for (let i = 0; i < 40_000; i++) {
        const key = prng.pick(keys);
        if (prng.chance(0.2)) trie.delete(key);
        else trie.set(key, i as Version, false, value, 0, prng.below(bytesMax));
      }
    }

    const count = trie.size;
    // What the same leaves and nodes take when they lie close together: 16 bytes of leaf header, 4 of padding, 8 of node.
    const needed = trie.keyBytes + trie.valueBytes + count * 28;
    expect(trie.byteLength).toBeLessThan(needed * 1.5);
    for (const key of keys.slice(0, 200)) if (trie.find(key) >= 0) expect(trie.key(trie.find(key))).toEqual(key);
  });

  test('takes 60 bytes a key at most beside key and value, whichever order the keys come in', () => {
    const prng = new Prng(9);
    const value = new Uint8Array(64);
    const names = Array.from({ length: 50_000 }, (_, i) => utf8(`${prng.uint32().toString(16)}-${i}`));
    const sorted = [...names].sort(compareBytes);

    const overheads = [names, sorted].map((keys) => {
      const trie = new RadixTrie();
      for (const key of keys) trie.set(key, 1 as Version, false, value);
      return (trie.byteLength - trie.keyBytes - trie.valueBytes) / keys.length;
    });

    for (const overhead of overheads) expect(overhead).toBeLessThan(60);
  });

  test('seek finds as find does, and put writes there as set does', () => {
    const prng = new Prng(11);
    const [bySeek, bySet] = [new RadixTrie(), new RadixTrie()];
    const found: boolean[] = [];
    for (let version = 1; version <= 5_000; version++) {
      const frame = utf8(`<${'ab'.repeat(prng.below(4))}${prng.below(1_000)}>`);
      const key = frame.slice(1, -1);
      const value = utf8('v'.repeat(prng.below(40)));
      found.push(bySet.find(key) < 0 === bySeek.seek(frame, 1, frame.length - 1) < 0);

      bySeek.put(version as Version, version % 9 === 0, value);
      bySet.set(key, version as Version, version % 9 === 0, value);
    }

    expect(found).not.toContain(false);
    expect(keysOf(bySeek).map(hex)).toEqual(keysOf(bySet).map(hex));
    expect(keysOf(bySeek).map((key) => read(bySeek, key))).toEqual(keysOf(bySet).map((key) => read(bySet, key)));
    expect([bySeek.size, bySeek.tombstones, bySeek.valueBytes]).toEqual([
      bySet.size,
      bySet.tombstones,
      bySet.valueBytes,
    ]);
  });

  test('refuses a put whose place another write may have moved', () => {
    const trie = new RadixTrie();
    trie.seek(utf8('a'));
    put(trie, 'b');

    const late = () => trie.put(1 as Version, false, NO_BYTES);

    expect(late).toThrow(AssertionError);
  });

  test('appends keys in order as set would, also with other writes in between', () => {
    const prng = new Prng(10);
    const names = new Set(Array.from({ length: 20_000 }, () => 'abc'.repeat(prng.below(3)) + prng.below(30_000)));
    const keys = [...names].map((name) => utf8(name)).sort(compareBytes);
    const trie = new RadixTrie();

    for (const key of keys) {
      trie.append(key, 3 as Version, false, key);
      if (prng.chance(0.05)) trie.delete(prng.pick(keys));
      if (prng.chance(0.05)) trie.set(key, 3 as Version, false, utf8('longer than it was before'));
      if (prng.chance(0.05)) trie.set(key, 3 as Version, false, key);
    }
    for (const key of keys) trie.set(key, 4 as Version, false, key);

    expect(keysOf(trie).map(hex)).toEqual(keys.map(hex));
    expect(keys.every((key) => text(key) === read(trie, key)?.value)).toBe(true);
  });

  test('appends while sparse pages are evacuated under it', () => {
    const trie = new RadixTrie();
    const name = (i: number) => utf8(`key:${String(i).padStart(6, '0')}`);
    for (let i = 0; i < 20_000; i++) trie.append(name(i), 1 as Version, false, new Uint8Array(100));
    // Beside one large value the free pages are little; without it they are much, and each write gives up one.
    trie.set(utf8('big'), 1 as Version, false, new Uint8Array(16 * 1024 * 1024));
    for (let i = 0; i < 20_000; i++) if (i % 4 !== 0) trie.delete(name(i));
    trie.delete(utf8('big'));
    const before = trie.byteLength;

    for (let i = 20_000; i < 20_100; i++) trie.append(name(i), 1 as Version, false, NO_BYTES);

    expect(trie.byteLength).toBeLessThan(before * 0.6);
    expect(keysOf(trie)).toHaveLength(5_100);
    for (let i = 0; i < 20_100; i += 4) expect(trie.find(name(i))).toBeGreaterThanOrEqual(0);
  });

  test.each(['b', 'a', 'abc', 'bb', 'b\0'])('refuses to append %j behind "bc"', (key) => {
    const trie = new RadixTrie();
    trie.append(utf8('bc'), 1 as Version, false, NO_BYTES);

    const append = () => trie.append(utf8(key), 1 as Version, false, NO_BYTES);

    expect(append).toThrow(AssertionError);
  });
});
