import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DamagedFile, DiskDamage } from '../../src/faults/action.ts';
import { Prng } from '../../src/lib/prng.ts';
import { damageFile, lackOfDamage, wipeDirectory } from '../../src/node/damage.ts';

const OLDEST = 'wal-0000000003';
const NEWEST = 'wal-0000000004';

describe('damage to files', () => {
  let directory = '';

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'coppice-damage-'));
    // Zeros behind the content, as a log prepares them.
    for (const name of [OLDEST, NEWEST])
      writeFileSync(join(directory, name), Buffer.concat([content(), Buffer.alloc(500)]));
    writeFileSync(join(directory, 'incarnation'), content());
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function damaged(damage: DiskDamage, name: string): Buffer {
    expect(damageFile(directory, damage, new Prng(1)).ok).toBe(true);
    return readFileSync(join(directory, name));
  }

  test.each<[DamagedFile, string]>([
    [{ kind: 'wal' }, OLDEST],
    [{ kind: 'meta' }, 'incarnation'],
    [{ kind: 'named', name: NEWEST }, NEWEST],
  ])('turns as many bits as it is told, all of them in the content: %o', (file, name) => {
    const bytes = damaged({ kind: 'flip', file, bits: 5 }, name);

    expect(bitsThatDiffer(bytes.subarray(0, 1_000), content())).toBe(5);
    expect(bytes.subarray(1_000).every((byte) => byte === 0)).toBe(true);
  });

  test.each([
    [0, 0, 0],
    [5, 300, 500],
    [100, 8_000, 8_000],
  ])('turns %d percent of the bits, all of them in the content', (percent, low, high) => {
    const bytes = damaged({ kind: 'rot', file: { kind: 'wal' }, percent }, OLDEST);

    const turned = bitsThatDiffer(bytes.subarray(0, 1_000), content());
    expect(turned).toBeGreaterThanOrEqual(low);
    expect(turned).toBeLessThanOrEqual(high);
    expect(bytes.subarray(1_000).every((byte) => byte === 0)).toBe(true);
  });

  test('cuts the last bytes of the content', () => {
    const bytes = damaged({ kind: 'truncate', file: { kind: 'wal' }, bytes: 300 }, OLDEST);

    expect(bytes.equals(content().subarray(0, 700))).toBe(true);
  });

  test('says what it lacks when there is no such file', () => {
    const damage: DiskDamage = { kind: 'flip', file: { kind: 'checkpoint' }, bits: 1 };

    expect(lackOfDamage(directory, damage)).toBe(`no checkpoint file in ${directory}`);
    expect(damageFile(directory, damage, new Prng(1))).toMatchObject({ ok: false, error: { code: 'BADFAULT' } });
    expect(lackOfDamage(directory, { kind: 'flip', file: { kind: 'wal' }, bits: 1 })).toBeNull();
  });

  test('a directory that is wiped is gone, and wiping it again does nothing', () => {
    wipeDirectory(directory);
    wipeDirectory(directory);

    expect(lackOfDamage(directory, { kind: 'flip', file: { kind: 'wal' }, bits: 1 })).not.toBeNull();
  });
});

function content(): Buffer {
  return Buffer.alloc(1_000, 0xa5);
}

function bitsThatDiffer(left: Buffer, right: Buffer): number {
  let count = 0;
  for (let i = 0; i < left.length; i++) {
    for (let rest = (left[i] as number) ^ (right[i] as number); rest > 0; rest &= rest - 1) count++;
  }
  return count;
}
