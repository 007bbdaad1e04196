/** What only the machine's own disk can show; what every disk promises is in test/contract/disk.test.ts. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { utf8 } from '../../src/lib/bytes.ts';
import { nodeDisk } from '../../src/node/disk.ts';
import type { Version } from '../../src/model/ids.ts';
import { DiskError } from '../../src/storage/disk.ts';
import { openStore } from '../../src/storage/recovery.ts';
import type { Recovery } from '../../src/storage/store.ts';
import { append, leavesOf, recordsOf, unwrap, write } from '../storage/scenario.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coppice-store-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function open(sync: 'inline' | 'background' = 'inline'): Recovery {
  return unwrap(
    openStore(nodeDisk, join(directory, 's1'), { server: 's1', durability: 'fsync', segmentBytes: 65_536, sync }),
  );
}

test('a store keeps records and a checkpoint in real files over lives', async () => {
  const store = unwrap(open().start(1));
  write(store, 'a');
  const leaf = { key: 'k', version: 1, value: 'v' };
  const writer = store.beginCheckpoint();
  writer.add(utf8('k'), 1 as Version, false, utf8('v'));
  await new Promise((resolve) => writer.finish(resolve));
  expect(writer.publish()).toBe(null);
  for (let i = 0; i < 50; i++) write(store, `${i} ${'x'.repeat(5_000)}`);
  store.close();
  const next = unwrap(open().start(2));
  write(next, 'last');
  next.close();

  const recovery = open();

  expect(leavesOf(recovery)).toEqual([leaf]);
  expect(recordsOf(recovery).length).toBe(51);
  expect(recovery.notes).toEqual([]);
});

test('with background syncs commits share what came meanwhile, and closing waits for them', async () => {
  const store = unwrap(open('background').start(1));
  const told: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    append(store, name);
    store.commit(() => told.push(name));
  }
  expect(told).toEqual([]);

  await new Promise<void>((resolve) => store.close(resolve));

  expect(told).toEqual(['a', 'b', 'c']);
  expect(recordsOf(open())).toEqual(['a', 'b', 'c']);
});

test('an error of the system names its code, the call and the path', () => {
  const path = join(directory, 'none', 'file');

  const attempt = (): unknown => nodeDisk.open(path, { access: 'create', sync: 'inline' });

  expect(attempt).toThrow(new DiskError('ENOENT', 'open', path));
  expect(attempt).toThrow(`ENOENT from open of ${path}`);
});

test('a closed store holds no file open', () => {
  const before = openFiles();
  const store = unwrap(open().start(1));
  for (let i = 0; i < 50; i++) write(store, 'x'.repeat(5_000));

  store.close();

  expect(openFiles()).toBe(before);
});

function openFiles(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
}
