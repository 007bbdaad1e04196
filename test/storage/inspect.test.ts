import { expect, test } from 'vitest';
import { formatRow, type InspectRow, inspectCheckpoint, inspectSegment } from '../../src/storage/inspect.ts';
import { checkpoint, DIRECTORY, newDisk, newestSegment, start, unwrap, write } from './scenario.ts';

test('a segment is shown header, records and marks in order', () => {
  const disk = newDisk();
  const store = start(disk, 7);
  write(store, 'abc', 'defgh');
  write(store, 'i');
  store.close();
  const rows: InspectRow[] = [];

  unwrap(inspectSegment(disk, newestSegment(disk), (row) => rows.push(row)));

  expect(rows.map(({ kind, offset }) => [kind, offset])).toEqual([
    ['header', 0],
    ['record', 64],
    ['record', 88],
    ['record', 120],
    ['mark', 144],
  ]);
  expect(rows[0]?.fields).toMatchObject({ server: 's1', number: 1, incarnation: 7, firstLsn: 1 });
  expect(formatRow(rows[2] as InspectRow)).toBe('88 record 32 bytes lsn=2 kind=1 payload=5 durable=64');
});

test('a torn tail is shown as one, rot is CORRUPT after what is good', () => {
  const disk = newDisk();
  const store = start(disk);
  write(store, 'abc');
  write(store, 'def');
  const torn = disk.fork();
  const [tornRows, rottenRows]: InspectRow[][] = [[], []];
  torn.flipBit(newestSegment(torn), 100 * 8);
  disk.flipBit(newestSegment(disk), 70 * 8);

  unwrap(inspectSegment(torn, newestSegment(torn), (row) => tornRows?.push(row)));
  const outcome = inspectSegment(disk, newestSegment(disk), (row) => rottenRows?.push(row));

  expect(tornRows?.map(({ kind }) => kind)).toEqual(['header', 'record', 'torn']);
  expect(outcome).toMatchObject({ error: { code: 'CORRUPT' } });
  expect(rottenRows?.map(({ kind }) => kind)).toEqual(['header']);
});

test('a checkpoint is shown with its leaves', () => {
  const disk = newDisk();
  const store = start(disk);
  write(store, 'x');
  checkpoint(store, [
    { key: 'a', version: 5, value: 'vvv' },
    { key: 'b', version: 2 ** 32 * 3 + 9, value: null },
  ]);
  const rows: InspectRow[] = [];

  const path = `${DIRECTORY}/checkpoint-0000000000000002`;
  unwrap(inspectCheckpoint(disk, path, { leaves: true }, (row) => rows.push(row)));

  expect(rows.map(({ kind }) => kind)).toEqual(['header', 'block', 'leaf', 'leaf', 'footer']);
  expect(rows.filter(({ kind }) => kind === 'leaf').map(({ fields }) => fields)).toEqual([
    { key: 'a', version: '0.5', tombstone: false, value: 3 },
    { key: 'b', version: '3.9', tombstone: true, value: 0 },
  ]);
});

test('a file of another kind is CORRUPT, a missing one DISK', () => {
  const disk = newDisk();
  write(start(disk), 'x');

  const outcomes = [
    inspectCheckpoint(disk, newestSegment(disk), { leaves: false }, () => undefined),
    inspectSegment(disk, `${DIRECTORY}/none`, () => undefined),
  ];

  expect(outcomes).toMatchObject([{ error: { code: 'CORRUPT' } }, { error: { code: 'DISK' } }]);
});
