/** A storage server whose directory is where a disk of its own is mounted. Linux and root only. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import type { ServerIndex } from '../../../src/model/ids.ts';
import { RealCluster } from './real-cluster.ts';

const S2 = 1 as ServerIndex;

/** Mounts a small file system, or answers why it cannot. */
function mounted(directory: string): string | null {
  mkdirSync(directory, { recursive: true });
  const { status, error, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', directory], {
    encoding: 'utf8',
  });
  return status === 0 ? null : (error?.message ?? stderr.trim());
}

/** Turns a byte in the middle of the server's log. */
function rot(directory: string): void {
  const name = readdirSync(directory).find((each) => /^wal-\d+$/.test(each));
  const path = `${directory}/${name}`;
  const bytes = readFileSync(path);
  bytes[200] = (bytes[200] as number) ^ 1;
  writeFileSync(path, bytes);
}

/** A cluster with some data whose second server has a disk of its own, and that server's directory. */
async function started(context: TestContext): Promise<{ cluster: RealCluster; directory: string }> {
  const cluster = new RealCluster();
  const directory = `${cluster.directory}/s2`;
  onTestFinished(() => {
    spawnSync('umount', ['-l', directory]);
    return cluster.stop();
  });
  const problem = process.platform === 'linux' ? mounted(directory) : `there is no tmpfs on ${process.platform}`;
  if (problem !== null) context.skip(problem);
  cluster.supervisor.start();
  await cluster.until(() => cluster.broker.isSettled);
  await Promise.all(Array.from({ length: 200 }, (_, i) => cluster.put(`k${i}`, { i })));
  return { cluster, directory };
}

test('a server whose directory cannot be moved, because a disk is mounted there, is refilled when its log is rotten', async (context) => {
  const { cluster, directory } = await started(context);

  cluster.host.begin({ kind: 'crash', servers: [S2] }, 1);
  await cluster.until(() => cluster.stateOf(1) === 'down');
  rot(directory);
  await cluster.restart([S2]);
  await cluster.until(() => cluster.supervisor.server(S2).state === 'givenUp' || cluster.broker.isSettled);

  expect(cluster.stateOf(1)).toBe('up');
  expect(cluster.notes.join('\n')).toMatch(/s2: its directory is damaged and set aside/);
  expect(readdirSync(directory).join(' ')).toMatch(/wal-\d+\.corrupt-2/);
});

test('a server on a disk of its own that a fault wipes comes back empty and is refilled', async (context) => {
  const { cluster, directory } = await started(context);

  const heal = cluster.host.begin({ kind: 'wipe', servers: [S2] }, 1);
  await cluster.host.settled();
  const left = readdirSync(directory);
  heal();
  await cluster.until(() => cluster.broker.isSettled);

  expect(left).toEqual([]);
  expect(cluster.stateOf(1)).toBe('up');
});
