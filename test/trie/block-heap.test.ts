import { describe, expect, test } from 'vitest';
import { AssertionError } from '../../src/lib/assert.ts';
import { Prng } from '../../src/lib/prng.ts';
import { BlockHeap, PAGE_BYTES, PAGE_SHIFT, TAG_SHIFT, UNIT_BYTES, UNIT_MASK } from '../../src/trie/block-heap.ts';

/** Fills all of a block but its header with a number. */
function mark(heap: BlockHeap, ref: number, value: number): void {
  const at = (ref & UNIT_MASK) << 1;
  heap.words[ref >>> PAGE_SHIFT]?.fill(value, at + 1, at + heap.unitsOf(ref) * 2);
}

function holds(heap: BlockHeap, ref: number, units: number, tag: number, value: number): boolean {
  const words = heap.words[ref >>> PAGE_SHIFT] as Int32Array;
  const at = (ref & UNIT_MASK) << 1;
  if (heap.unitsOf(ref) !== units || (words[at] as number) >>> TAG_SHIFT !== tag) return false;
  for (let i = at + 1; i < at + units * 2; i++) if (words[i] !== value) return false;
  return true;
}

describe('BlockHeap', () => {
  test('lays out a first block as the worked example says', () => {
    const heap = new BlockHeap();

    const ref = heap.allocate(3, 5);

    const words = heap.words[0] as Int32Array;
    expect(ref).toBe(0);
    expect([words[0], words[6], words[16_381]]).toEqual([0x0002_8003, 0x0000_3ffc, 8188]);
  });

  test('keeps the contents of every block through random allocations, frees and evacuations', () => {
    const prng = new Prng(2);
    const heap = new BlockHeap();
    const blocks = new Map<number, { units: number; tag: number; value: number }>();
    const move = (ref: number): void => {
      const block = blocks.get(ref);
      if (block === undefined) throw new Error(`block ${ref} is not live`);
      blocks.delete(ref);
      blocks.set(heap.copy(ref), block);
    };

    for (let step = 0; step < 60_000; step++) {
      if (blocks.size === 0 || prng.chance(step % 20_000 < 10_000 ? 0.6 : 0.4)) {
        const units = prng.chance(0.01) ? 2000 + prng.below(100) : 3 + prng.below(prng.pick([2, 10, 60]));
        const block = { units, tag: prng.below(1 << 17), value: step };
        const ref = heap.allocate(units, block.tag);
        expect(blocks.has(ref)).toBe(false);
        blocks.set(ref, block);
        mark(heap, ref, step);
      } else {
        const [ref, block] = prng.pick([...first(blocks, 20)]);
        expect(holds(heap, ref, block.units, block.tag, block.value)).toBe(true);
        heap.free(ref);
        blocks.delete(ref);
      }
      if (heap.isSparse || step % 500 === 0) heap.evacuate(move);
    }

    for (const [ref, block] of blocks) expect(holds(heap, ref, block.units, block.tag, block.value)).toBe(true);
  });

  test('gives up every page but one when every block is freed', () => {
    const prng = new Prng(3);
    const heap = new BlockHeap();
    const refs = Array.from({ length: 5_000 }, () => heap.allocate(3 + prng.below(40), 0));
    refs.push(heap.allocate(5_000, 0));

    for (const ref of prng.shuffle(refs)) heap.free(ref);

    expect(heap.words.filter((page) => page.length > 0)).toHaveLength(1);
    expect(heap.byteLength).toBeLessThan(2 * PAGE_BYTES);
  });

  test('gives a large block a page of its own length', () => {
    const heap = new BlockHeap();
    const before = heap.byteLength;

    const ref = heap.allocate(100_000, 9);

    expect(heap.unitsOf(ref)).toBe(100_000);
    expect(heap.byteLength - before).toBeLessThan(100_000 * UNIT_BYTES + 1_000);
  });

  test('holds a third more than its blocks at most once sparse pages are evacuated', () => {
    const heap = new BlockHeap();
    let live = new Set<number>();
    for (let i = 0; i < 40_000; i++) live.add(heap.allocate(8, 0));
    const kept = new Set<number>();
    for (const ref of live) (kept.size * 8 < ref % 40_000 && ref % 3 === 0 ? kept : null)?.add(ref);
    for (const ref of live) if (!kept.has(ref)) heap.free(ref);
    live = kept;

    while (heap.isSparse) {
      heap.evacuate((ref) => {
        live.delete(ref);
        live.add(heap.copy(ref));
      });
    }

    const liveBytes = live.size * 8 * UNIT_BYTES;
    expect(heap.byteLength).toBeLessThan((liveBytes * 4) / 3 + 4 * PAGE_BYTES);
  });

  test('packs blocks that no hole is wide enough for in as many evacuations as there are pages', () => {
    const heap = new BlockHeap();
    const narrow: number[] = [];
    for (let i = 0; i < 20_000; i++) {
      heap.allocate(8, 0);
      narrow.push(heap.allocate(7, 0));
    }
    const pages = heap.words.length;
    for (const ref of narrow) heap.free(ref);

    let evacuations = 0;
    for (; heap.isSparse && evacuations < 1_000; evacuations++) heap.evacuate((ref) => heap.copy(ref));

    expect(evacuations).toBeLessThanOrEqual(pages);
  });

  test('refuses to free a block twice', () => {
    const heap = new BlockHeap();
    const ref = heap.allocate(4, 0);
    heap.allocate(4, 0);

    heap.free(ref);

    expect(() => heap.free(ref)).toThrow(AssertionError);
  });
});

function* first<K, V>(map: Map<K, V>, count: number): Generator<[K, V]> {
  let left = count;
  for (const entry of map) {
    if (left-- === 0) return;
    yield entry;
  }
}
