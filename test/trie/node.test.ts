import { describe, expect, test } from 'vitest';
import { Prng } from '../../src/lib/prng.ts';
import { BlockHeap } from '../../src/trie/block-heap.ts';
import {
  addChild,
  childAt,
  childCount,
  depthOf,
  makeNode,
  removeChild,
  slotFrom,
  slotOf,
  TERMINAL,
} from '../../src/trie/node.ts';

/** The child that a key of one byte (or of none, for TERMINAL) leads to in a node of depth 0. */
function under(heap: BlockHeap, node: number, symbol: number): number | null {
  const key = symbol === TERMINAL ? new Uint8Array(0) : Uint8Array.of(symbol);
  const slot = slotOf(heap, node, key, 0, key.length);
  return slot < 0 ? null : childAt(heap, node, slot);
}

describe('node', () => {
  test('is laid out as the worked example says', () => {
    const heap = new BlockHeap();

    const node = addChild(heap, makeNode(heap, 3, TERMINAL, ~10, 0x74, ~12), 0x31, ~11);

    expect([...(heap.words[0] as Int32Array).subarray(0, 5)]).toEqual([0x0003_8003, 0x0006_0003, ~10, ~11, ~12]);
    expect([...(heap.bytes[0] as Uint8Array).subarray(21, 23)]).toEqual([0x31, 0x74]);
    expect(depthOf(heap, node)).toBe(3);
  });

  test('finds each child, in order, while children come and go at random up to all 257', () => {
    const prng = new Prng(4);
    const heap = new BlockHeap();
    let node = makeNode(heap, 0, TERMINAL, ~1000, 0, ~1001);
    const model = new Map<number, number>([
      [TERMINAL, ~1000],
      [0, ~1001],
    ]);

    for (let step = 0; step < 4_000; step++) {
      const growing = step % 2_000 < 1_200;
      const symbol = prng.below(257) - 1;
      if (!model.has(symbol) && (growing || model.size < 4)) {
        node = addChild(heap, node, symbol, ~step);
        model.set(symbol, ~step);
      } else if (model.has(symbol) && model.size > 2 && !growing) {
        node = removeChild(heap, node, slotFrom(heap, node, symbol));
        model.delete(symbol);
      }
    }
    for (let symbol = TERMINAL; symbol < 256; symbol++) {
      if (!model.has(symbol)) node = addChild(heap, node, symbol, ~symbol);
      model.set(symbol, under(heap, node, symbol) as number);
    }

    expect(childCount(heap, node)).toBe(257);
    const ordered = [...model].sort(([a], [b]) => a - b).map(([, child]) => child);
    expect(ordered.map((_, slot) => childAt(heap, node, slot))).toEqual(ordered);
  });

  test('tells the key that ends from the byte 0', () => {
    const heap = new BlockHeap();

    const node = makeNode(heap, 0, TERMINAL, ~1, 1, ~2);

    expect(under(heap, node, 0)).toBeNull();
    expect(under(heap, node, TERMINAL)).toBe(~1);
    expect(under(heap, addChild(heap, node, 0, ~3), 0)).toBe(~3);
  });
});
