import { describe, expect, test } from 'vitest';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import { SimulatedDisk } from '../../src/sim/disk.ts';
import { CrashSignal } from '../../src/sim/disk-faults.ts';
import type { DiskError, FileHandle } from '../../src/storage/disk.ts';

const SECTOR = 512;

/** A file whose name and content are durable, still open. */
function durableFile(disk: SimulatedDisk, bytes: Uint8Array): FileHandle {
  const file = disk.open('f', { access: 'create', sync: 'inline' });
  disk.write(file, 0, bytes);
  disk.syncNow(file);
  disk.syncDirectory('.');
  return file;
}

/** Content of the file after many crashes, each from the same beginning. */
function ends(disk: SimulatedDisk, survivors: 'none' | 'prefix' | 'random'): string[] {
  return Array.from({ length: 200 }, (_, seed) => {
    const end = disk.fork();
    end.crash(survivors, new Prng(seed));
    return end.exists('f') ? text(end.contentOf('f')) : 'gone';
  });
}

describe('a crash', () => {
  test('of which nothing survives leaves what was synced', () => {
    const disk = new SimulatedDisk();
    const file = durableFile(disk, utf8('synced'));
    disk.write(file, 0, utf8('SYN'));
    disk.truncate(file, 4);

    expect(new Set(ends(disk, 'none'))).toEqual(new Set(['synced']));
  });

  test('of which a prefix survives keeps the order of writes', () => {
    const disk = new SimulatedDisk();
    const file = durableFile(disk, utf8('....'));
    for (const [offset, letter] of [...'abcd'].entries()) disk.write(file, offset, utf8(letter));

    expect(new Set(ends(disk, 'prefix'))).toEqual(new Set(['....', 'a...', 'ab..', 'abc.', 'abcd']));
  });

  test('of which anything survives takes each write by itself', () => {
    const disk = new SimulatedDisk();
    const file = durableFile(disk, utf8('..'));
    disk.write(file, 0, utf8('a'));
    disk.write(file, 1, utf8('b'));

    expect(new Set(ends(disk, 'random'))).toEqual(new Set(['..', 'a.', '.b', 'ab']));
  });

  test('tears a write between sectors, never within one', () => {
    const disk = new SimulatedDisk();
    const file = durableFile(disk, new Uint8Array(3 * SECTOR).fill(0x61));
    disk.write(file, 100, new Uint8Array(2 * SECTOR).fill(0x62));

    const runs = ends(disk, 'random').map((content) =>
      [...content.matchAll(/b+/g)].map(({ index, 0: run }) => [index, index + run.length]),
    );

    const edges = new Set(runs.flat(2));
    expect([...edges].sort((a, b) => a - b)).toEqual([100, SECTOR, 2 * SECTOR, 2 * SECTOR + 100]);
  });

  test('keeps size and content of a growing file apart', () => {
    const disk = new SimulatedDisk();
    const file = durableFile(disk, utf8('a'));
    disk.write(file, 1, utf8('bc'));

    const found = new Set(ends(disk, 'random'));

    expect([...['a', 'abc', 'a\0\0'].filter((content) => !found.has(content))]).toEqual([]);
  });

  test('keeps names and contents apart', () => {
    const disk = new SimulatedDisk();
    const synced = disk.open('f', { access: 'create', sync: 'inline' });
    disk.write(synced, 0, utf8('content'));
    disk.syncNow(synced);
    expect(new Set(ends(disk, 'random'))).toEqual(new Set(['content', 'gone']));

    const named = new SimulatedDisk();
    const file = named.open('f', { access: 'create', sync: 'inline' });
    named.syncDirectory('.');
    named.write(file, 0, utf8('content'));
    expect(new Set(ends(named, 'none'))).toEqual(new Set(['']));
  });

  test('a rename survives whole or not at all', () => {
    const disk = new SimulatedDisk();
    durableFile(disk, utf8('old'));
    const file = disk.open('new', { access: 'create', sync: 'inline' });
    disk.write(file, 0, utf8('new'));
    disk.syncNow(file);

    disk.rename('new', 'f');

    expect(new Set(ends(disk, 'random'))).toEqual(new Set(['old', 'new']));
  });

  test('ends every handle', () => {
    const disk = new SimulatedDisk();
    const file = durableFile(disk, utf8('x'));

    disk.crash('none', new Prng(1));

    expect(() => disk.size(file)).toThrow('before the crash');
  });

  test('the death of a process alone keeps all that was written', () => {
    const disk = new SimulatedDisk();
    disk.write(disk.open('f', { access: 'create', sync: 'inline' }), 0, utf8('cached'));

    disk.kill();

    expect(text(disk.contentOf('f'))).toBe('cached');
  });
});

describe('a sync', () => {
  test('that fails leaves its pages clean: readable now, gone after a crash, and no later sync brings them', () => {
    const disk = new SimulatedDisk();
    const file = durableFile(disk, utf8('old'));
    disk.write(file, 0, utf8('new'));
    disk.inject({ call: 'sync', nth: 1, effect: 'EIO' });
    const outcomes: (DiskError | null)[] = [];

    for (let i = 0; i < 2; i++) disk.sync(file, (error) => outcomes.push(error));

    expect(outcomes.map((error) => error?.code ?? null)).toEqual(['EIO', null]);
    expect(text(disk.contentOf('f'))).toBe('new');
    expect(new Set(ends(disk, 'random'))).toEqual(new Set(['old']));
  });

  test('covers what was written before it began, and completes when its time has come', () => {
    const queue: { delayMs: number; work: () => void }[] = [];
    const disk = new SimulatedDisk({ after: (delayMs, work) => queue.push({ delayMs, work }), latencyMs: () => 20 });
    const file = durableFile(disk, utf8('....'));
    let done = 0;
    disk.write(file, 0, utf8('a'));

    disk.sync(file, () => done++);
    disk.write(file, 1, utf8('b'));
    expect([done, queue[0]?.delayMs]).toEqual([0, 20]);
    queue[0]?.work();

    expect(done).toBe(1);
    expect(new Set(ends(disk, 'none'))).toEqual(new Set(['a...']));
  });

  test('that stalls completes when it is released, and never after a crash', () => {
    const disk = new SimulatedDisk({ latencyMs: () => Number.POSITIVE_INFINITY });
    const file = durableFile(disk, utf8('x'));
    const told: string[] = [];

    disk.sync(file, () => told.push('released'));
    disk.release();
    disk.sync(file, () => told.push('never'));
    disk.crash('none', new Prng(1));
    disk.release();

    expect(told).toEqual(['released']);
  });
});

describe('faults', () => {
  test('the nth call of a kind fails, as often as asked, on the paths asked for', () => {
    const disk = new SimulatedDisk();
    const files = ['a', 'b'].map((name) => disk.open(name, { access: 'create', sync: 'inline' }));
    disk.inject({ call: 'write', path: 'b', nth: 2, times: 2, effect: 'EIO' });

    const outcomes = files.map((file) =>
      Array.from({ length: 5 }, () => {
        try {
          disk.write(file, 0, utf8('x'));
          return 'done';
        } catch (error) {
          return (error as DiskError).code;
        }
      }).join(' '),
    );

    expect(outcomes).toEqual(['done done done done done', 'done EIO EIO done done']);
  });

  test('a short write leaves its first half', () => {
    const disk = new SimulatedDisk();
    const file = durableFile(disk, utf8('....'));
    disk.inject({ call: 'write', nth: 1, effect: 'short' });

    expect(() => disk.write(file, 0, utf8('abcd'))).toThrow('ENOSPC');

    expect(text(disk.contentOf('f'))).toBe('ab..');
  });

  test('a full disk takes overwriting and removing, and growing again when there is space', () => {
    const disk = new SimulatedDisk({ capacityBytes: 10 });
    const file = durableFile(disk, utf8('12345678'));

    expect(() => disk.write(file, 8, utf8('90ab'))).toThrow('ENOSPC');
    disk.write(file, 0, utf8('x'));
    expect(text(disk.contentOf('f'))).toBe('x234567890');
    disk.capacityBytes = 12;
    disk.write(file, 8, utf8('90ab'));

    expect(text(disk.contentOf('f'))).toBe('x234567890ab');
  });

  test.each(['lost', 'misdirected'] as const)('a %s write reports success and is not where it should be', (effect) => {
    const disk = new SimulatedDisk();
    const file = durableFile(disk, new Uint8Array(4 * SECTOR));
    disk.inject({ call: 'write', nth: 1, effect });

    disk.write(file, 2 * SECTOR, new Uint8Array(SECTOR).fill(1));
    disk.syncNow(file);
    disk.crash('none', new Prng(1));

    const found = disk.contentOf('f').indexOf(1);
    expect(found).toBe(effect === 'lost' ? -1 : 0);
  });

  test.each(['crash-before', 'crash-after'] as const)(
    '%s a call throws the signal, with the call undone or done',
    (effect) => {
      const disk = new SimulatedDisk();
      disk.inject({ call: 'makeDirectory', nth: 1, effect });

      expect(() => disk.makeDirectory('d')).toThrow(CrashSignal);

      expect(disk.exists('d')).toBe(effect === 'crash-after');
    },
  );

  test('a flipped bit is there for readers and after a crash', () => {
    const disk = new SimulatedDisk();
    durableFile(disk, utf8('a'));

    disk.flipBit('f', 1);

    expect([text(disk.contentOf('f')), ...new Set(ends(disk, 'none'))]).toEqual(['c', 'c']);
  });

  test('a copy goes its own way', () => {
    const disk = new SimulatedDisk();
    durableFile(disk, utf8('a'));

    const copy = disk.fork();
    copy.damage('f', () => utf8('changed'));
    copy.makeDirectory('d');

    expect([text(disk.contentOf('f')), disk.list('.')]).toEqual(['a', ['f']]);
  });
});
