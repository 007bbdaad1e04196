import { describe, expect, test } from 'vitest';
import { canFail, fileOf, isPoint, POINT_CALLS, POINTS, sendOf } from '../../src/faults/point-names.ts';
import { PointDisk } from '../../src/faults/point-disk.ts';
import { type ActivePoint, type PointFault, Points } from '../../src/faults/points.ts';
import { utf8 } from '../../src/lib/bytes.ts';
import { FRAME } from '../../src/model/frames.ts';
import { SimulatedDisk } from '../../src/sim/disk.ts';
import { DiskError } from '../../src/storage/disk.ts';

class Dead extends Error {}

/** A disk with these faults at its points, each acting every time. */
function pointed(faults: readonly PointFault[]) {
  const below = new SimulatedDisk();
  below.makeDirectory('d');
  const slept: number[] = [];
  const passed = new Int32Array(POINTS.length);
  const active: ActivePoint[] = faults.map((fault) => ({ fault, take: () => true }));
  const points = new Points({
    faults: () => active,
    passed,
    sleep: (ms) => slept.push(ms),
    die: (reason) => {
      throw new Dead(reason);
    },
  });
  const counts = () => Object.fromEntries(POINTS.map((name, at) => [name, passed[at]]).filter(([, count]) => count));
  return { below, points, slept, counts, disk: new PointDisk(below, points) };
}

const CREATE = { access: 'create', sync: 'inline' } as const;

describe('the names of points', () => {
  test('are before and after each call, and no others', () => {
    for (const call of POINT_CALLS) expect([isPoint(`before-${call}`), isPoint(`after-${call}`)]).toEqual([true, true]);
    for (const name of ['wal-sync', 'before-', 'before-wal', 'amid-wal-sync', 'after-send-ping', 'walBeforeSync']) {
      expect(isPoint(name), name).toBe(false);
    }
  });

  test('know the frames that servers send, which cannot fail', () => {
    expect(sendOf(Uint8Array.of(FRAME.epochKept))).toBe('send-epoch-kept');
    expect(sendOf(Uint8Array.of(FRAME.tailEnd))).toBe('send-tail-end');
    expect(sendOf(Uint8Array.of(FRAME.ping))).toBeNull();
    expect([canFail('before-send-durable'), canFail('after-directory-sync')]).toEqual([false, true]);
  });

  test.each([
    ['d/wal-0000000001.tmp', false, 'segment'],
    ['d/wal-0000000001.tmp', true, 'wal'],
    ['d/wal-0000000001', false, 'wal'],
    ['d/checkpoint-0000000000000042.tmp', false, 'checkpoint'],
    ['d/incarnation', false, null],
    ['d/wal-0000000001.torn', false, null],
  ] as const)('%s, renamed %s, is %s', (path, isRenamed, file) => {
    expect(fileOf(path, isRenamed)).toBe(file);
  });
});

describe('a disk with points', () => {
  test('tells a segment that is prepared from the one that is written', () => {
    const { disk, slept } = pointed([
      { point: 'before-segment-write', act: { kind: 'sleep', forMs: 1 } },
      { point: 'after-segment-rename', act: { kind: 'sleep', forMs: 2 } },
      { point: 'before-wal-write', act: { kind: 'sleep', forMs: 3 } },
    ]);

    const handle = disk.open('d/wal-0000000001.tmp', CREATE);
    disk.write(handle, 0, utf8('head'));
    disk.rename('d/wal-0000000001.tmp', 'd/wal-0000000001');
    disk.write(handle, 4, utf8('batch'));

    expect(slept).toEqual([1, 2, 3]);
  });

  test.each([
    ['before', ''],
    ['after', 'batch'],
  ])('lets a call fail %s it is done', (when, content) => {
    const { disk, below } = pointed([{ point: `${when}-wal-write`, act: { kind: 'error', code: 'EIO' } }]);
    const handle = disk.open('d/wal-0000000001', CREATE);

    expect(() => disk.write(handle, 0, utf8('batch'))).toThrow(DiskError);

    expect(new TextDecoder().decode(below.contentOf('d/wal-0000000001'))).toBe(content);
  });

  test('counts who passes, and what was not done passes nothing after it', () => {
    const { disk, points, counts } = pointed([{ point: 'before-wal-sync', act: { kind: 'error', code: 'EIO' } }]);
    const handle = disk.open('d/wal-0000000001', CREATE);

    disk.write(handle, 0, utf8('batch'));
    disk.write(handle, 5, utf8('batch'));
    disk.sync(handle, () => undefined);
    points.send(Uint8Array.of(FRAME.durable), () => undefined);

    expect(counts()).toEqual({
      'before-wal-write': 2,
      'after-wal-write': 2,
      'before-wal-sync': 1,
      'before-send-durable': 1,
      'after-send-durable': 1,
    });
  });

  test('reports a failed sync to whoever asked for it', () => {
    for (const point of ['before-wal-sync', 'after-wal-sync']) {
      const { disk } = pointed([{ point, act: { kind: 'error', code: 'EIO' } }]);
      const handle = disk.open('d/wal-0000000001', CREATE);
      const errors: (string | undefined)[] = [];

      disk.sync(handle, (error) => errors.push(error?.code));

      expect(errors).toEqual(['EIO']);
      expect(() => disk.syncNow(handle)).toThrow(DiskError);
    }
  });

  test('ends a life at its point, before or after a frame left', () => {
    for (const [point, left] of [
      ['before-send-durable', 0],
      ['after-send-durable', 1],
    ] as const) {
      const { points } = pointed([{ point, act: { kind: 'panic' } }]);
      let sent = 0;

      expect(() => points.send(Uint8Array.of(FRAME.durable), () => sent++)).toThrow(Dead);
      points.send(Uint8Array.of(FRAME.pong), () => sent++);

      expect(sent).toBe(left + 1);
    }
  });
});
