import { expect, test } from 'vitest';
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
