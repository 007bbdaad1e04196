import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../src/lib/bytes.ts';
import type { ServerIndex, ServerMask, Version } from '../../src/model/ids.ts';
import {
  cutOf,
  draftOf,
  firstTable,
  groupsMissing,
  inSyncOf,
  putIn,
  putOut,
  readTable,
  writeTable,
} from '../../src/replication/epoch-table.ts';

const GROUP = 0b011 as ServerMask;
const S1 = 0 as ServerIndex;
const S2 = 1 as ServerIndex;

function withS2Out(cut: number) {
  const draft = draftOf(firstTable({ servers: 3, replicas: 2 }));
  putOut(draft, GROUP, S2, cut as Version);
  return draft;
}

describe('an epoch table', () => {
  test('has everybody in sync until somebody is put out', () => {
    const table = firstTable({ servers: 3, replicas: 2 });

    expect(inSyncOf(table, GROUP)).toBe(GROUP);
    expect(groupsMissing(table, S2)).toEqual([]);
  });

  test('remembers up to where the copies of a server that is out are agreed', () => {
    const { table } = withS2Out(7);

    expect(table.epoch).toBe(1);
    expect(inSyncOf(table, GROUP)).toBe(0b001);
    expect(cutOf(table, GROUP, S2)).toBe(7);
    expect(cutOf(table, GROUP, S1)).toBeNull();
    expect(groupsMissing(table, S2)).toEqual([GROUP]);
  });

  test('keeps the older cut when a server is put out twice', () => {
    const draft = draftOf(withS2Out(7).table);
    putOut(draft, GROUP, S2, 9 as Version);

    expect(cutOf(draft.table, GROUP, S2)).toBe(7);
  });

  test('forgets a group when all its owners are in sync again', () => {
    const draft = draftOf(withS2Out(7).table);
    putIn(draft, GROUP, S2);

    expect(draft.table.groups.size).toBe(0);
    expect(draft.table.epoch).toBe(2);
  });

  test('reads back what it wrote', () => {
    const { table } = withS2Out(2 ** 52 + 1);
    const writer = new ByteWriter();
    writeTable(writer, table);

    expect(readTable(new ByteReader(writer.copy()))).toEqual(table);
  });
});
