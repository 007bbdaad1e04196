import { expect, test } from 'vitest';
import { expiring } from '../../src/document/expiring.ts';
import { fromPlain } from '../../src/document/plain.ts';
import { ByteWriter, utf8 } from '../../src/lib/bytes.ts';
import { WriteCursor, writeHead, writeItem } from '../../src/model/frames.ts';
import type { ServerIndex, ServerMask, Version } from '../../src/model/ids.ts';
import { Copies } from '../../src/replica/copies.ts';

const OWNERS = 1 as ServerMask;

test('of several writes of one key in a bulk the last one counts, and stays when the record is applied again', () => {
  const copies = new Copies(0 as ServerIndex);
  const record = bulk(5, [1, 2]);

  for (let time = 0; time < 2; time++) {
    apply(copies, record);

    expect(valueOf(copies)).toEqual(packed(2));
  }
});

test('an older bulk that comes later changes nothing', () => {
  const copies = new Copies(0 as ServerIndex);

  apply(copies, bulk(5, [1, 2]));
  apply(copies, bulk(4, [3]));

  expect(valueOf(copies)).toEqual(packed(2));
});

test('a key whose time is set again and again is kept in mind once, and one that stays or was deleted is not', () => {
  const copies = new Copies(0 as ServerIndex);
  const sizes: number[] = [];
  let version = 0;
  const write = (key: string, value: Uint8Array | null): void => {
    const writer = new ByteWriter();
    writeHead(writer, ++version as Version, 1);
    writeItem(writer, OWNERS, utf8(key), value);
    apply(copies, writer.copy());
    sizes.push(copies.expiries.size);
  };

  for (let i = 0; i < 1_000; i++) write('session', expiring(packed(i), 1_000_000 + i));
  write('stays', packed(1));
  write('deleted', expiring(packed(1), 2_000_000));
  write('deleted', null);
  write('session', packed(2));
  copies.applyLeaf(utf8('copied'), 5_000 as Version, OWNERS, expiring(packed(1), 3_000_000));
  copies.applyLeaf(utf8('copied'), 5_001 as Version, OWNERS, null);

  expect(Math.max(...sizes)).toBe(2);
  expect(sizes.slice(-4)).toEqual([1, 2, 1, 0]);
  expect(copies.expiries.size).toBe(0);
});

test('a key that is deleted again and again while an owner is away is kept in mind once', () => {
  const copies = new Copies(0 as ServerIndex);
  const counts: number[] = [];
  for (let version = 1; version < 1_000; version += 2) {
    apply(copies, bulk(version, [1]));
    counts.push(copies.tombstones);
    apply(copies, deletion(version + 1));
    copies.prune((version + 1) as Version, () => false);
    counts.push(copies.tombstones);
  }

  copies.prune(1_000 as Version, () => true);

  expect(counts.slice(-2)).toEqual([0, 1]);
  expect(Math.max(...counts)).toBe(1);
  expect([copies.tombstones, copies.trie.tombstones]).toEqual([0, 0]);
});

function deletion(version: number): Uint8Array {
  const writer = new ByteWriter();
  writeHead(writer, version as Version, 1);
  writeItem(writer, OWNERS, utf8('k'), null);
  return writer.copy();
}

function bulk(version: number, values: readonly number[]): Uint8Array {
  const writer = new ByteWriter();
  writeHead(writer, version as Version, values.length);
  for (const value of values) writeItem(writer, OWNERS, utf8('k'), packed(value));
  return writer.copy();
}

function apply(copies: Copies, record: Uint8Array): void {
  const cursor = new WriteCursor();
  cursor.open(record, 0, record.length);
  while (cursor.next()) copies.applyItem(cursor);
}

function valueOf(copies: Copies): Uint8Array {
  return copies.trie.value(copies.trie.find(utf8('k')));
}

function packed(value: number): Uint8Array {
  const result = fromPlain(value);
  return result.ok ? result.value : expect.fail(result.error.message);
}
