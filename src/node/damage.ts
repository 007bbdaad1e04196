/**
 * Damage to files of a storage server that lie there: bits that flip and files that are cut short, unseen by whoever has
 * them open. Zeros that were only prepared for a log to come are not content, so nothing there is damaged.
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { DamagedFile, DiskDamage } from '../faults/action.ts';
import { rot } from '../faults/rot.ts';
import type { Prng } from '../lib/prng.ts';
import { fail, type KvError } from '../model/errors.ts';
import { ok, type Result } from '../lib/result.ts';
import { classify } from '../storage/names.ts';

/** Why such damage cannot be done in this directory, in one line, or null. */
export function lackOfDamage(directory: string, { file }: DiskDamage): string | null {
  return damagedName(directory, file) === null ? `no ${describe(file)} in ${directory}` : null;
}

/** Damages a file of the directory; what was done, in words. BADFAULT when there is no such file, or nothing in it. */
export function damageFile(directory: string, damage: DiskDamage, prng: Prng): Result<string, KvError> {
  const name = damagedName(directory, damage.file);
  if (name === null) return fail('BADFAULT', `no ${describe(damage.file)} in ${directory}`);
  const fd = openSync(join(directory, name), 'r+');
  try {
    const bytes = contentOf(fd);
    if (bytes.length === 0) return fail('BADFAULT', `${name} is empty`);
    if (damage.kind === 'truncate') {
      const size = Math.max(0, bytes.length - damage.bytes);
      ftruncateSync(fd, size);
      fsyncSync(fd);
      return ok(`${name} cut to ${size} bytes`);
    }
    if (damage.kind === 'rot') {
      const turned = rot(bytes, damage.percent, prng);
      writeSync(fd, bytes, 0, bytes.length, 0);
      fsyncSync(fd);
      return ok(`${name}: ${turned} bits`);
    }
    const flipped = new Set<number>();
    while (flipped.size < Math.min(damage.bits, bytes.length * 8)) flipped.add(prng.below(bytes.length * 8));
    for (const bit of flipped) {
      const at = bit >> 3;
      bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7));
      writeSync(fd, bytes, at, 1, at);
    }
    fsyncSync(fd);
    return ok(`${name}: bit ${[...flipped].map((bit) => `${bit & 7} of byte ${bit >> 3}`).join(', ')}`);
  } finally {
    closeSync(fd);
  }
}

/** Removes the directory with all that is in it; where a disk is mounted it stays, empty. */
export function wipeDirectory(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch (error) {
    if (namesIn(directory).length > 0) throw error;
  }
}

/** The oldest WAL segment when it is full, which it is when another follows it; else the only one. */
function damagedName(directory: string, file: DamagedFile): string | null {
  const names = namesIn(directory);
  switch (file.kind) {
    case 'wal':
      return names.find((name) => classify(name).kind === 'segment') ?? null;
    case 'checkpoint':
      return names.findLast((name) => classify(name).kind === 'checkpoint') ?? null;
    case 'meta':
      return names.find((name) => name === 'incarnation') ?? null;
    case 'named':
      return names.find((name) => name === file.name) ?? null;
    default:
      return file satisfies never;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The bytes of a file up to its last one that is not zero. */
function contentOf(fd: number): Uint8Array {
  const bytes = new Uint8Array(fstatSync(fd).size);
  let length = readSync(fd, bytes, 0, bytes.length, 0);
  while (length > 0 && bytes[length - 1] === 0) length--;
  return bytes.subarray(0, length);
}

function describe(file: DamagedFile): string {
  return file.kind === 'named' ? `file ${file.name}` : `${file.kind === 'wal' ? 'WAL segment' : file.kind} file`;
}
