/**
 * How long until a host with many keys is ready again? 10,000 to a million keys of 64 bytes: from a checkpoint beside
 * Redis from its RDB file, and from what lies there when no checkpoint was asked for. Every time is that above the start
 * of an empty one. No timing is a test.
 */
import { join } from 'node:path';
import { alone, beside, type Row } from './measure/answer.ts';
import { ask, drive, keyOf, resp } from './measure/client.ts';
import { type Host, ONE_COPY, type Shape, showShape, startHost, statusOf, TWO_COPIES } from './measure/host.ts';
import { scratchFolder } from './measure/processes.ts';
import { cli, HAS_REDIS, NO_REDIS, type Redis, startRedis } from './measure/redis.ts';
import { report } from './measure/report.ts';
import { interleaved } from './measure/rounds.ts';
import { progress, settings } from './measure/settings.ts';

const SIZES = settings.isQuick ? [10_000] : [10_000, 100_000, 1_000_000];
const VALUE = 'v'.repeat(64);
const TARGET = { most: 0.5 };
/** What is left of a log when all of it is in a checkpoint. */
const LITTLE_LOG_BYTES = 1_000_000;
const POLL_MS = 100;

const rows: Row[] = [];
for (const keys of SIZES) {
  for (const shape of [ONE_COPY, TWO_COPIES]) rows.push(...(await measure(keys, shape)));
}
report({
  question: 'restart',
  title: 'P9: ready again, above the start of an empty one',
  rows,
  notes: HAS_REDIS ? ['Redis loads an RDB file, with no append-only file beside it'] : [NO_REDIS],
});

async function measure(keys: number, shape: Shape): Promise<Row[]> {
  const directory = join(scratchFolder(), 'data');
  const host = await startHost({ ...shape, directory });
  progress(`filling ${keys} keys`);
  await drive(host.resp, { connections: 4, depth: 500, total: keys }, (n) => resp('SET', keyOf(n), VALUE));
  await host.stop();
  const empty = scratchFolder();
  const oursEmpty = (): Promise<number> => milliseconds(() => startHost({ ...shape, directory: empty }));
  const ours = (): Promise<number> => milliseconds(() => startHost({ ...shape, directory }));
  const what = `${keys.toLocaleString('en')} keys, ${showShape(shape)}`;

  const fromLog = await interleaved({ empty: oursEmpty, filled: ours });
  const above = (filled: readonly number[], bare: readonly number[]): number[] =>
    filled.map((time, i) => Math.max(0, time - (bare[i] as number)));
  const log = alone(`${what}, from the log as it lies`, 'ms', above(fromLog.filled, fromLog.empty));

  await checkpoint(await startHost({ ...shape, directory }));
  if (!HAS_REDIS) {
    const { empty: bare, filled } = await interleaved({ empty: oursEmpty, filled: ours });
    return [alone(`${what}, from a checkpoint`, 'ms', above(filled, bare)), log];
  }
  const rdb = await fillRedis(keys);
  const emptyRdb = scratchFolder();
  const figures = await interleaved({
    oursEmpty,
    ours,
    redisEmpty: () => milliseconds(() => startRedis({ isDurable: false, directory: emptyRdb })),
    redis: () => milliseconds(() => startRedis({ isDurable: false, directory: rdb })),
  });
  const theirs = above(figures.redis, figures.redisEmpty).map((time) => Math.max(1, time));
  const mine = above(figures.ours, figures.oursEmpty);
  return [beside([`${what}, from a checkpoint`, 'ms'], mine, ['Redis from RDB', theirs], TARGET), log];
}

/** Until everything that is stored is in checkpoints, and the host has ended. */
async function checkpoint(host: Host): Promise<void> {
  progress('making a checkpoint');
  await ask(host.text, ['SNAPSHOT']);
  while ((await statusOf(host)).servers.some(({ walBytes }) => walBytes > LITTLE_LOG_BYTES)) {
    await new Promise((settle) => setTimeout(settle, POLL_MS));
  }
  await host.stop();
}

/** A folder with an RDB file of so many keys. */
async function fillRedis(keys: number): Promise<string> {
  const directory = scratchFolder();
  const redis = await startRedis({ isDurable: false, directory });
  await drive(redis.port, { connections: 4, depth: 500, total: keys }, (n) => resp('SET', keyOf(n), VALUE));
  await cli(redis.port, 'SAVE');
  await redis.stop('SIGKILL');
  return directory;
}

/** From the start of the program until it answers. */
async function milliseconds(begin: () => Promise<Host | Redis>): Promise<number> {
  const before = performance.now();
  const { stop } = await begin();
  const time = performance.now() - before;
  await stop();
  return time;
}
