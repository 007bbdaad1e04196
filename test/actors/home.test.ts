import { mkdtempSync, rmSync } from 'node:fs';
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

function options(root: string): HostOptions {
  const places = [`${root}/s1`, `${root}/s2`].map((each) => ({ directory: each, address: null }));
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
