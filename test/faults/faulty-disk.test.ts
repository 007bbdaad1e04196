import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DiskFault, Survivors } from '../../src/faults/action.ts';
import { FaultyDisk } from '../../src/faults/faulty-disk.ts';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import { SimulatedDisk } from '../../src/sim/disk.ts';
import { type Disk, DiskError, type FileHandle } from '../../src/storage/disk.ts';
import { readWhole, writeAtomically } from '../../src/storage/files.ts';

class Dead extends Error {}

/** A disk under a wrapper with these faults; each that counts acts once. */
function faulty(faults: readonly DiskFault[] = [], seed = 1) {
  const below = new SimulatedDisk();
  below.makeDirectory('d');
  below.syncDirectory('');
  const waits: number[] = [];
  let now = 0;
  const active = faults.map((fault) => {
    let left = 1;
    return { fault, take: () => left-- > 0 };
  });
  const disk = new FaultyDisk(
    below,
    {
      faults: () => active,
      now: () => now,
      wait: (ms) => {
        waits.push(ms);
        now += ms;
      },
      after: (_ms, then) => then(),
      stall: () => waits.push(Number.POSITIVE_INFINITY),
      die: (reason) => {
        throw new Dead(reason);
      },
    },
    new Prng(seed),
  );
  return { disk, below, waits };
}

function create(disk: Disk, path: string, content: Uint8Array): FileHandle {
  const handle = disk.open(path, { access: 'create', sync: 'inline' });
  disk.write(handle, 0, content);
  return handle;
}

function contents(disk: Disk): Record<string, string> {
  return Object.fromEntries(disk.list('d').map((name) => [name, text(readWhole(disk, `d/${name}`))]));
}

function failPower(disk: FaultyDisk, survivors: Survivors): void {
  expect(() => disk.failPower(survivors)).toThrow(Dead);
}

const NAMES = ['a', 'b', 'c'];
const operation = fc.oneof(
  fc.record({
    kind: fc.constant('write' as const),
    name: fc.constantFrom(...NAMES),
    at: fc.nat(1_500),
    length: fc.nat(1_200),
  }),
  fc.record({ kind: fc.constant('truncate' as const), name: fc.constantFrom(...NAMES), at: fc.nat(2_000) }),
  fc.record({ kind: fc.constant('sync' as const), name: fc.constantFrom(...NAMES) }),
  fc.record({ kind: fc.constant('rename' as const), name: fc.constantFrom(...NAMES), to: fc.constantFrom(...NAMES) }),
  fc.record({ kind: fc.constant('remove' as const), name: fc.constantFrom(...NAMES) }),
  fc.record({ kind: fc.constant('syncDirectory' as const) }),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

function perform(disk: Disk, each: Operation, fill: number): void {
  if (each.kind === 'syncDirectory') {
    disk.syncDirectory('d');
    return;
  }
  const path = `d/${each.name}`;
  if (each.kind === 'remove') {
    // Its removal is made durable, as everybody does who uses the name again.
    if (!disk.exists(path)) return;
    disk.remove(path);
    disk.syncDirectory('d');
    return;
  }
  if (each.kind === 'rename') {
    if (disk.exists(path) && each.to !== each.name) disk.rename(path, `d/${each.to}`);
    return;
  }
  const access = disk.exists(path) ? 'write' : 'create';
  const handle = disk.open(path, { access, sync: 'inline' });
  if (each.kind === 'write') disk.write(handle, each.at, new Uint8Array(each.length).fill(fill));
  else if (each.kind === 'truncate') disk.truncate(handle, each.at);
  else disk.syncNow(handle);
  disk.close(handle);
}

describe('a loss of power', () => {
  test('leaves what was synced and nothing else, exactly like a disk that forgets', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
        const { disk, below } = faulty();
        const model = new SimulatedDisk();
        model.makeDirectory('d');
        model.syncDirectory('');
        operations.forEach((each, i) => {
          perform(disk, each, i + 1);
          perform(model, each, i + 1);
        });
        expect(contents(disk)).toEqual(contents(model));

        failPower(disk, 'none');
        model.crash('none', new Prng(1));

        expect(contents(below)).toEqual(contents(model));
      }),
      { numRuns: 500 },
    );
  });

  test.each<Survivors>(['none', 'prefix', 'random'])(
    'keeps every byte that was synced when %s of the rest survives',
    (survivors) => {
      for (let seed = 0; seed < 50; seed++) {
        const { disk, below } = faulty([], seed);
        writeAtomically(disk, 'd/kept', utf8('durable'));
        const log = create(disk, 'd/log', new Uint8Array(4_096));
        disk.syncNow(log);
        disk.syncDirectory('d');
        disk.write(log, 0, new Uint8Array(1_024).fill(1));
        disk.syncNow(log);

        disk.write(log, 1_024, new Uint8Array(2_048).fill(2));
        writeLater(disk);
        failPower(disk, survivors);

        const after = readWhole(below, 'd/log');
        expect(text(readWhole(below, 'd/kept'))).toBe('durable');
        expect([...after.subarray(0, 1_024)].every((byte) => byte === 1)).toBe(true);
        expect([...after.subarray(1_024, 3_072)].every((byte) => byte === 0 || byte === 2)).toBe(true);
      }
    },
  );

  test('brings a removed file back unless its directory was synced', () => {
    const { disk, below } = faulty();
    for (const name of ['a', 'b']) {
      disk.syncNow(create(disk, `d/${name}`, utf8(name)));
      disk.syncDirectory('d');
    }
    disk.remove('d/a');
    disk.syncDirectory('d');
    disk.remove('d/b');
    const seen = disk.list('d');

    failPower(disk, 'none');

    expect([seen, below.list('d')]).toEqual([[], ['b']]);
  });

  test('happens at one of the next calls when it is told to, and never behind a sync that was reported', () => {
    for (let seed = 0; seed < 30; seed++) {
      const { disk, below } = faulty([], seed);
      const log = create(disk, 'd/log', new Uint8Array(100));
      disk.syncNow(log);
      disk.syncDirectory('d');
      let synced = 0;
      disk.powerWillFail('none', new Prng(seed));

      expect(() => {
        for (let i = 1; i < 100; i++) {
          disk.write(log, i, Uint8Array.of(i));
          disk.syncNow(log);
          synced = i;
        }
      }).toThrow(Dead);

      expect(readWhole(below, 'd/log')[synced]).toBe(synced);
      expect(synced).toBeLessThan(10);
    }
  });
});

describe('a faulty disk', () => {
  test('fails a sync once, and what it covered is gone after a loss of power', () => {
    const { disk, below } = faulty([{ kind: 'sync-fail', count: 1 }]);
    const log = create(disk, 'd/log', utf8('x'));
    disk.syncDirectory('d');

    expect(() => disk.syncNow(log)).toThrow(DiskError);
    disk.syncNow(log);
    const cached = text(readWhole(disk, 'd/log'));
    failPower(disk, 'random');

    expect([cached, text(readWhole(below, 'd/log'))]).toEqual(['x', '']);
  });

  test('that is full refuses what grows and nothing else', () => {
    const { disk, below } = faulty([{ kind: 'full' }]);
    below.syncNow(create(below, 'd/log', new Uint8Array(10)));
    const log = disk.open('d/log', { access: 'write', sync: 'inline' });

    disk.write(log, 0, utf8('within'));

    for (const grow of [() => disk.write(log, 5, new Uint8Array(6)), () => disk.truncate(log, 11)]) {
      expect(grow).toThrow(expect.objectContaining({ code: 'ENOSPC' }));
    }
  });

  test('tears the next write and ends the life that wrote it', () => {
    const { disk, below } = faulty([{ kind: 'torn-write' }], 3);
    below.syncNow(create(below, 'd/log', new Uint8Array(4_096)));
    const log = disk.open('d/log', { access: 'write', sync: 'inline' });

    expect(() => disk.write(log, 0, new Uint8Array(4_096).fill(7))).toThrow(Dead);

    const written = readWhole(below, 'd/log').filter((byte) => byte === 7).length;
    expect(written % 512).toBe(0);
    expect(written).toBeLessThan(4_096);
  });

  test.each<DiskFault>([{ kind: 'misdirect' }, { kind: 'lose-write' }])(
    'says that a write succeeded when it did not: $kind',
    (fault) => {
      const { disk } = faulty([fault]);
      const log = disk.open('d/log', { access: 'create', sync: 'inline' });
      disk.write(log, 0, new Uint8Array(8_192));

      disk.write(log, 4_096, new Uint8Array(512).fill(7));
      const first = readWhole(disk, 'd/log')[4_096];
      disk.write(log, 4_096, new Uint8Array(512).fill(7));

      expect([first, readWhole(disk, 'd/log')[4_096]]).toEqual([0, 7]);
    },
  );

  test('waits with every sync as long as it is slow, and for ever while it stalls', () => {
    const slow = faulty([{ kind: 'slow', delayMs: 20, factor: 1 }]);
    slow.disk.syncNow(create(slow.disk, 'd/log', utf8('x')));
    const stalled = faulty([{ kind: 'stall' }]);
    create(stalled.disk, 'd/log', utf8('x'));

    expect(slow.waits).toEqual([20]);
    expect(stalled.waits[0]).toBe(Number.POSITIVE_INFINITY);
  });

  test('fails as many writes and reads as it is told', () => {
    const failing = faulty([
      { kind: 'write-fail', code: 'EROFS', probability: 1 },
      { kind: 'read-fail', probability: 1 },
    ]);
    const log = failing.disk.open('d/log', { access: 'create', sync: 'inline' });

    expect(() => failing.disk.write(log, 0, utf8('x'))).toThrow(expect.objectContaining({ code: 'EROFS' }));
    expect(() => failing.disk.read(log, 0, new Uint8Array(1))).toThrow(expect.objectContaining({ code: 'EIO' }));
  });
});

/** A file that is still under its temporary name when power fails. */
function writeLater(disk: Disk): void {
  create(disk, 'd/later.tmp', new Uint8Array(3_000).fill(3));
  disk.rename('d/later.tmp', 'd/later');
}
