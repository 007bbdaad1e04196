import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { openHome } from '../../actors/home.ts';
import type { HostOptions } from '../../src/cli/host.ts';
import { nodeDisk } from '../../src/node/disk.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coppice-home-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Options of a host whose first server has a directory elsewhere, or not. */
function options(root: string, elsewhere: string | null = null): HostOptions {
  const places = [elsewhere ?? `${root}/s1`, `${root}/s2`].map((each) => ({ directory: each, address: null }));
  const cluster = { mode: 'replicated', servers: 2, replicas: 2, durability: 'fsync' };
  return { cluster, directory: root, places } as unknown as HostOptions;
}

test('every folder that is made on the way to the data directory is durable before anything is put into it', () => {
  const synced = vi.spyOn(nodeDisk, 'syncDirectory');
  onTestFinished(() => synced.mockRestore());

  openHome(options(join(directory, 'a', 'b', 'c'))).release();

  expect(synced.mock.calls.flat()).toEqual(
    expect.arrayContaining([directory, join(directory, 'a'), join(directory, 'a', 'b')]),
  );
});

test('two hosts never have one directory of a server, wherever their own directories are', () => {
  const disk = join(directory, 'disk');
  const first = openHome(options(join(directory, 'first'), disk));

  expect(() => openHome(options(join(directory, 'second'), disk))).toThrow(/^Data Dir Locked .*disk$/);
  first.release();
  openHome(options(join(directory, 'second'), disk)).release();
});

test("a server's disk that cannot be used is that server's business", () => {
  const disk = join(directory, 'disk');
  mkdirSync(disk);
  writeFileSync(join(disk, 's1'), 'a file');

  expect(() => openHome(options(join(directory, 'host'), join(disk, 's1'))).release()).not.toThrow();
});
