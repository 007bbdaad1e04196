import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { lockDirectory } from '../../src/node/lock.ts';
import { unwrap } from '../storage/scenario.ts';

const LOCK = new URL('../../src/node/lock.ts', import.meta.url).href;

let directory = '';
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'coppice-lock-')), 'data');
});
afterEach(() => rmSync(join(directory, '..'), { recursive: true }));

test('a locked directory is refused in the same thread, also by another name, until it is released', () => {
  const lock = unwrap(lockDirectory(directory));
  symlinkSync(directory, `${directory}-link`);

  const refused = [lockDirectory(directory), lockDirectory(`${directory}-link`)];
  lock.release();
  lock.release();

  const message = `Data Dir Locked (pid ${process.pid}): ${directory}`;
  expect(refused).toMatchObject([{ error: { code: 'BUSY', message } }, { error: { code: 'BUSY' } }]);
  expect(existsSync(join(directory, '.lock'))).toBe(false);
  unwrap(lockDirectory(directory)).release();
});

test('another thread of the process is refused', async () => {
  const lock = unwrap(lockDirectory(directory));

  const outcome = await new Promise((resolve, reject) => {
    const code = `import(${JSON.stringify(LOCK)}).then(({ lockDirectory }) =>
      require('node:worker_threads').parentPort.postMessage(JSON.stringify(lockDirectory(${JSON.stringify(directory)}))))`;
    const worker = new Worker(code, { eval: true });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  lock.release();

  expect(outcome).toContain(`Data Dir Locked (pid ${process.pid})`);
});

test('a living process is named, and its lock taken over once it is killed', async () => {
  const holder = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    `import { lockDirectory } from ${JSON.stringify(LOCK)};
     console.log(JSON.stringify(lockDirectory(${JSON.stringify(directory)})));
     setInterval(() => {}, 1000);`,
  ]);
  await new Promise((resolve) => holder.stdout.once('data', resolve));

  const refused = lockDirectory(directory);
  const exited = new Promise((resolve) => holder.once('exit', resolve));
  holder.kill('SIGKILL');
  await exited;

  expect(refused).toMatchObject({ error: { message: `Data Dir Locked (pid ${holder.pid}): ${directory}` } });
  const lock = unwrap(lockDirectory(directory));
  expect(readFileSync(join(directory, '.lock'), 'utf8')).toMatch(new RegExp(`^${process.pid} `));
  lock.release();
});

test.each([
  ['a pid that nobody has', () => `${spawnSync(process.execPath, ['-e', '']).pid} 1 boot\n`],
  ['a pid that somebody else has now', () => `${process.ppid} 1 of-another-boot\n`],
  ['this very pid in a life before', () => `${process.pid} 1 of-another-boot\n`],
  ['nothing', () => ''],
])('a stale lock of %s is taken over', (_name, content) => {
  unwrap(lockDirectory(directory)).release();
  writeFileSync(join(directory, '.lock'), content());

  const lock = lockDirectory(directory);

  expect(lock.ok).toBe(true);
  unwrap(lock).release();
});

test('a directory that cannot be made is DISK', () => {
  unwrap(lockDirectory(directory)).release();
  writeFileSync(join(directory, 'file'), '');

  expect(lockDirectory(join(directory, 'file', 'data'))).toMatchObject({ error: { code: 'DISK' } });
});

test('a host that ended in order starts again on a disk that is full by then', (context) => {
  const disk = join(mkdtempSync(join(tmpdir(), 'coppice-lock-disk-')), 'disk');
  mkdirSync(disk);
  onTestFinished(() => {
    spawnSync('umount', ['-l', disk]);
    rmSync(join(disk, '..'), { recursive: true });
  });
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
  if (status !== 0) context.skip('nothing can be mounted here');
  unwrap(lockDirectory(disk)).release();
  expect(() => writeFileSync(join(disk, 'stranger'), new Uint8Array(1024 * 1024))).toThrow('ENOSPC');

  const again = lockDirectory(disk);

  expect(again).toMatchObject({ ok: true });
  unwrap(again).release();
  unwrap(lockDirectory(disk)).release();
});
