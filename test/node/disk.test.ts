/** What only the machine's own disk can show; what every disk promises is in test/contract/disk.test.ts. */
import { spawnSync } from 'node:child_process';
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

const HAS_STRACE = spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']).status === 0;

test.runIf(HAS_STRACE)('a call that a signal interrupts is made again, and nobody hears of it', () => {
  const path = join(directory, 'file');
  const program = `
    import { nodeDisk } from ${JSON.stringify(new URL('../../src/node/disk.ts', import.meta.url).href)};
    const file = nodeDisk.open(${JSON.stringify(path)}, { access: 'create', sync: 'inline' });
    nodeDisk.write(file, 0, new TextEncoder().encode('hello'));
    nodeDisk.syncNow(file);
    const into = new Uint8Array(5);
    nodeDisk.read(file, 0, into);
    nodeDisk.truncate(file, 4);
    console.log(new TextDecoder().decode(into), nodeDisk.size(file));`;
  const interrupted = 'inject=pread64,pwrite64,fdatasync,ftruncate:error=EINTR:when=1..2';

  const { stdout, stderr } = spawnSync(
    'strace',
    [
      ...['-f', '-qq', '-P', path, '-e', 'signal=none', '-e', 'trace=pread64,pwrite64,fdatasync,ftruncate'],
      ...['-e', interrupted, process.execPath, '--input-type=module', '--eval', program],
    ],
    { encoding: 'utf8' },
  );

  expect(stdout, stderr).toBe('hello 4\n');
  for (const call of ['pread64', 'pwrite64', 'fdatasync', 'ftruncate'])
    expect(stderr.match(new RegExp(`${call}.*INJECTED`, 'g'))).toHaveLength(2);
});

function openFiles(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
}
