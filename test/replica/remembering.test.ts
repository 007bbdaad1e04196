import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../../src/lib/bytes.ts';
import { FRAME } from '../../src/model/frames.ts';
import type { Lsn, Version } from '../../src/model/ids.ts';
import { firstTable } from '../../src/replication/epoch-table.ts';
import { RECORD, writeMeta } from '../../src/replica/records.ts';
import { Remembering } from '../../src/replica/remembering.ts';

type Write = { readonly lsn: number; readonly version: number };

function rememberWrites(writes: readonly Write[]): Remembering {
  const remembering = new Remembering();
  const out = new ByteWriter();
  for (const { lsn, version } of writes) {
    out.reset();
    out.u8(FRAME.write);
    out.f64(version);
    out.varint(0);
    remembering.visit(lsn as Lsn, RECORD.write, out.view(), 0, out.length);
  }
  return remembering;
}

describe('what a directory says of itself', () => {
  test('is the same whatever part of the log is read first', () => {
    const writes = Array.from({ length: 10_000 }, (_, index) => ({ lsn: index + 1, version: index * 2 + 10 }));
    const [older, newer] = [writes.slice(0, 6_000), writes.slice(6_000)];

    const inOrder = rememberWrites(writes).remembered();
    const newestFirst = rememberWrites([...newer, ...older]).remembered();

    expect(newestFirst.last).toBe(inOrder.last);
    expect(inOrder.last).toBe(20_008);
  });

  test('names a place in the log that no newer write lies before', () => {
    // Versions that catch-up brought lie among others.
    const writes = Array.from({ length: 10_000 }, (_, index) => ({
      lsn: index + 1,
      version: index % 100 === 0 ? 1 : index + 10,
    }));
    const remembered = rememberWrites([...writes.slice(5_000), ...writes.slice(0, 5_000)]).remembered();

    const places = [0, 500, 5_000, 9_990, 10_008].map((version) => ({
      version,
      from: remembered.newerFrom(version as Version),
      first: writes.find((write) => write.version > version)?.lsn as number,
    }));

    for (const { from, first } of places) expect(from).toBeLessThanOrEqual(first);
    expect(places.at(-1)?.from).toBeGreaterThan(5_000);
  });

  test('says that nothing is newer than its last version', () => {
    const remembered = rememberWrites([{ lsn: 1, version: 7 }]).remembered();

    const from = remembered.newerFrom(remembered.last);

    expect(from).toBe(Number.POSITIVE_INFINITY);
  });

  test('says which writes may be in its checkpoint alone: those before the oldest meta record that is left', () => {
    const remembering = new Remembering();
    const out = new ByteWriter();
    for (const [lsn, last] of [
      [900, 60],
      [700, 50],
      [800, 55],
    ] as const) {
      out.reset();
      writeMeta(out, {
        committed: 40 as Version,
        last: last as Version,
        table: firstTable({ servers: 1, replicas: 1 }),
      });
      remembering.visit(lsn as Lsn, RECORD.meta, out.view(), 0, out.length);
    }

    expect(remembering.remembered()).toMatchObject({ pruned: 50, last: 60 });
    expect(new Remembering().remembered().pruned).toBe(0);
  });
});
