import { describe, expect, test } from 'vitest';
import { utf8 } from '../../src/lib/bytes.ts';
import type { Version } from '../../src/model/ids.ts';
import { BlockHeap } from '../../src/trie/block-heap.ts';
import { commonLength, fillLeaf, leafIsTombstone, leafVersion, makeLeaf } from '../../src/trie/leaf.ts';

describe('leaf', () => {
  test('is laid out as the worked example says', () => {
    const heap = new BlockHeap();

    const ref = makeLeaf(heap, utf8('ab'), 0, 2, 3);
    fillLeaf(heap, ref, (2 ** 32 + 7) as Version, false, utf8('xyz'), 0, 3);

    const bytes = heap.bytes[0]?.subarray(0, 21) as Uint8Array;
    expect([...bytes]).toEqual([3, 0, 1, 0, 6, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, ...utf8('abxyz')]);
  });

  test.each([0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 52 + 1, 2 ** 53 - 1])('keeps version %d', (version) => {
    const heap = new BlockHeap();
    const ref = makeLeaf(heap, utf8('k'), 0, 1, 0);

    fillLeaf(heap, ref, version as Version, true, utf8(''), 0, 0);

    expect(leafVersion(heap, ref)).toBe(version);
    expect(leafIsTombstone(heap, ref)).toBe(true);
  });

  test('counts the bytes it shares with a part of a buffer', () => {
    const heap = new BlockHeap();
    const ref = makeLeaf(heap, utf8('person10'), 0, 8, 0);

    const common = commonLength(heap, ref, utf8('--person12--'), 2, 10);

    expect(common).toBe(7);
  });
});
