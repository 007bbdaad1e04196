/**
 * What does a host take that does nothing, and how long does one client wait who does one thing at a time? Three servers,
 * k = 2, beside Redis with `appendfsync always` and beside a bare sync of the same disk. No timing is a test.
 */
import { alone, beside, type Row } from './measure/answer.ts';
import { keyOf, oneByOne, resp } from './measure/client.ts';
import { syncMicroseconds } from './measure/machine.ts';
import { assertEqualDurability } from './measure/durability.ts';
import { percentile } from './measure/figures.ts';
import { ONE_COPY, type Shape, showShape, startHost, TWO_COPIES } from './measure/host.ts';
import { processorSeconds } from './measure/process-figures.ts';
import { HAS_REDIS, NO_REDIS, startRedis } from './measure/redis.ts';
import { report } from './measure/report.ts';
import { interleaved } from './measure/rounds.ts';
import { amount, settings } from './measure/settings.ts';

const IDLE_SECONDS = settings.isQuick ? 5 : 10;
/** Until the collector has gone through what the start left behind. */
const SETTLE_SECONDS = settings.isQuick ? 5 : 60;
const REQUESTS = amount(10_000);
const KEYS = 1_000;
/** With a disk that takes 0.1 ms for a sync. */
const P50_MS_MOST = 0.3;
const IDLE_PERCENT_MOST = 1;

const set = (n: number): string => resp('SET', keyOf(n % KEYS), 'v'.repeat(64));
const get = (n: number): string => resp('GET', keyOf(n % KEYS));

const rows = await measureIdle();
if (HAS_REDIS) for (const shape of [ONE_COPY, TWO_COPIES]) rows.push(...(await measureOne(shape)));
report({ question: 'idle', title: 'P12: an idle host, and one client', rows, notes: HAS_REDIS ? [] : [NO_REDIS] });

/** Percent of one core. */
async function measureIdle(): Promise<Row[]> {
  const host = await startHost(TWO_COPIES);
  await new Promise((settle) => setTimeout(settle, SETTLE_SECONDS * 1_000));
  const figures = await interleaved({
    idle: async () => {
      const before = processorSeconds(host.pid);
      await new Promise((settle) => setTimeout(settle, IDLE_SECONDS * 1_000));
      return ((processorSeconds(host.pid) - before) / IDLE_SECONDS) * 100;
    },
  });
  await host.stop();
  const what = `processor time of an idle host, ${showShape(TWO_COPIES)}`;
  return [alone(what, '% of a core', figures.idle, { most: IDLE_PERCENT_MOST })];
}

async function measureOne(shape: Shape): Promise<Row[]> {
  const [host, redis] = [await startHost(shape), await startRedis()];
  await assertEqualDurability(host, redis);
  const median = async (port: number, request: typeof set): Promise<number> =>
    percentile(await oneByOne(port, REQUESTS, request), 0.5) / 1_000;
  const figures = await interleaved({
    disk: () => syncMicroseconds() / 1_000,
    set: () => median(host.resp, set),
    redisSet: () => median(redis.port, set),
    get: () => median(host.resp, get),
    redisGet: () => median(redis.port, get),
  });
  for (const { stop } of [host, redis]) await stop();
  const name = (test: string): [string, string] => [`p50 of ${test}, one client, ${showShape(shape)}`, 'ms'];
  const target = { most: P50_MS_MOST, of: 'ours' } as const;
  return [
    beside(name('a durable SET'), figures.set, ['Redis', figures.redisSet], target),
    beside(name('a durable SET'), figures.set, ['a bare sync', figures.disk]),
    beside(name('GET'), figures.get, ['Redis', figures.redisGet]),
  ];
}
