import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareBytes } from '../../src/lib/bytes.ts';
import type { Lsn, Version } from '../../src/model/ids.ts';
import { eachLeaf } from '../../src/storage/checkpoint-reader.ts';
import { CheckpointFile } from '../../src/storage/checkpoint-writer.ts';
import type { Disk } from '../../src/storage/disk.ts';
import { newDisk } from './scenario.ts';

type Leaf = { key: Uint8Array; version: number; tombstone: boolean; value: Uint8Array };

const leaves = fc
  .uniqueArray(
    fc.record({
      key: fc.oneof(fc.uint8Array({ maxLength: 6 }), fc.uint8Array({ maxLength: 300 })),
      version: fc.maxSafeNat(),
      tombstone: fc.boolean(),
      value: fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.nat(150_000).map((length) => new Uint8Array(length).fill(7)),
      ),
    }),
    { selector: ({ key }) => key.join(), maxLength: 60 },
  )
  .map((list) => list.sort((a, b) => compareBytes(a.key, b.key)));

test('any leaves in key order are read back as they were written', () => {
  fc.assert(
    fc.property(leaves, (written) => {
      const disk = newDisk();

      writeAll(disk, written);

      const read: Leaf[] = [];
      const content = eachLeaf(disk, 'c', (key, version, tombstone, value) => {
        read.push({ key: key.slice(), version, tombstone, value: value.slice() });
      });
      expect(content).toMatchObject({ ok: true, value: { entries: written.length } });
      expect(read).toEqual(written.map((leaf) => (leaf.tombstone ? { ...leaf, value: new Uint8Array(0) } : leaf)));
    }),
    { numRuns: 60 },
  );
});

test('every flipped bit, every cut and every byte more is found', () => {
  const disk = newDisk();
  const small = Array.from({ length: 8 }, (_, index) => ({
    key: new TextEncoder().encode(`key${index}`),
    version: index,
    tombstone: index % 3 === 0,
    value: new Uint8Array(index * 2),
  }));
  writeAll(disk, small);
  const { length } = disk.contentOf('c');
  const accepted: string[] = [];

  for (let bit = 0; bit < length * 8; bit++) {
    disk.flipBit('c', bit);
    if (isGood(disk)) accepted.push(`bit ${bit}`);
    disk.flipBit('c', bit);
  }
  for (let size = 0; size <= length + 16; size++) {
    const changed = disk.fork();
    changed.damage('c', (content) => {
      const other = new Uint8Array(size);
      other.set(content.subarray(0, size));
      return other;
    });
    if (isGood(changed) !== (size === length)) accepted.push(`size ${size}`);
  }

  expect(accepted).toEqual([]);
});

test('blocks cannot change places, within a file or between two', () => {
  const [disk, other] = [newDisk(), newDisk()];
  const many = (fill: number): Leaf[] =>
    Array.from({ length: 3 }, (_, index) => ({
      key: Uint8Array.of(index),
      version: 1,
      tombstone: false,
      value: new Uint8Array(70_000).fill(fill),
    }));
  writeAll(disk, many(1));
  writeAll(other, many(2), 9);
  const size = 12 + 1 + 1 + 8 + 3 + 1 + 70_000;

  disk.damage('c', (content) => {
    const first = content.slice(44, 44 + size);
    content.copyWithin(44, 44 + size, 44 + 2 * size);
    content.set(first, 44 + size);
    return content;
  });
  const from = disk.contentOf('c');
  other.damage('c', (content) => {
    content.set(from.subarray(44 + 2 * size, 44 + 3 * size), 44 + 2 * size);
    return content;
  });

  expect([isGood(disk), isGood(other)]).toEqual([false, false]);
});

function writeAll(disk: Disk, list: readonly Leaf[], begin = 5): void {
  const file = new CheckpointFile(disk, 'c', { server: 's1', begin: begin as Lsn });
  for (const { key, version, tombstone, value } of list) file.add(key, version as Version, tombstone, value);
  file.finish((error) => expect(error).toBe(null));
  file.close();
}

function isGood(disk: Disk): boolean {
  return eachLeaf(disk, 'c', () => undefined).ok;
}
