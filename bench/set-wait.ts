/**
 * What do two durable copies cost beside two durable copies in Redis? Three servers, k = 2, against a Redis and its
 * replica, both with `appendfsync always`, `WAIT 1` behind every SET. redis-benchmark cannot send two commands as one
 * request, so one client of our own asks both sides. No timing is a test.
 */
import { beside, type Row } from './measure/answer.ts';
import { drive, keyOf, resp } from './measure/client.ts';
import { assertEqualDurability, witnessHost, witnessRedis } from './measure/durability.ts';
import { startHost, TWO_COPIES } from './measure/host.ts';
import { HAS_REDIS, NO_REDIS, startRedis } from './measure/redis.ts';
import { report } from './measure/report.ts';
import { interleaved } from './measure/rounds.ts';
import { amount } from './measure/settings.ts';

const KEYS = 100_000;
const VALUE = 'v'.repeat(64);
const WAIT = resp('WAIT', '1', '0');
const COMPARISONS = [
  { depth: 1, total: 30_000, least: 1.5 },
  { depth: 16, total: 100_000, least: 3 },
];

report({
  question: 'set-wait',
  title: 'P3: SET durable in two copies, beside Redis and a replica with `WAIT 1`',
  rows: HAS_REDIS ? await measure() : [],
  notes: HAS_REDIS ? [await witnessHost(TWO_COPIES), await witnessRedis(2)] : [NO_REDIS],
});

async function measure(): Promise<Row[]> {
  const rows: Row[] = [];
  const host = await startHost(TWO_COPIES);
  const primary = await startRedis();
  const replica = await startRedis({ replicaOf: primary });
  await assertEqualDurability(host, primary, 2);
  await assertEqualDurability(host, replica, 2);
  for (const { depth, total, least } of COMPARISONS) {
    const load = { connections: 50, depth, total: amount(total) };
    const set = (n: number): string => resp('SET', keyOf((n * 7_919) % KEYS), VALUE);
    const figures = await interleaved({
      ours: () => drive(host.resp, load, set),
      redis: () => drive(primary.port, load, (n) => set(n) + WAIT),
    });
    const what = `SET, 50 clients, ${depth} under way each`;
    rows.push(beside([what, '/s'], figures.ours, ['Redis + replica', figures.redis], { least }));
  }
  for (const { stop } of [host, replica, primary]) await stop();
  return rows;
}
