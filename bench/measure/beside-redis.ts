/** The same load by redis-benchmark on a host of ours and on a Redis, in turns. */
import { beside, type Row, type Target } from './answer.ts';
import { assertEqualDurability } from './durability.ts';
import { ONE_COPY, type Shape, showShape, startHost } from './host.ts';
import { redisBenchmark, startRedis } from './redis.ts';
import { interleaved } from './rounds.ts';
import { amount } from './settings.ts';

/** Drawn from, and there before the first round. */
const KEYS = 100_000;

export type Comparison = {
  readonly shape: Shape;
  readonly test: 'set' | 'get';
  readonly depth: number;
  readonly target: Target;
};

/** Requests of a round: about a second's. */
function requestsAt(depth: number): number {
  return amount(depth === 1 ? 60_000 : 400_000);
}

/** A row for each: both with every write synced. */
export async function besideRedis(comparisons: readonly Comparison[]): Promise<Row[]> {
  const rows: Row[] = [];
  const redis = await startRedis();
  await fill(redis.port);
  for (const { shape, test, depth, target } of comparisons) {
    const host = await startHost(shape);
    await assertEqualDurability(host, redis);
    await fill(host.resp);
    const load = { depth, requests: requestsAt(depth), keys: KEYS };
    const figures = await interleaved({
      ours: () => redisBenchmark(host.resp, test, load),
      redis: () => redisBenchmark(redis.port, test, load),
    });
    await host.stop();
    const copies = shape === ONE_COPY ? '' : `, ${showShape(shape)}`;
    const what = `${test.toUpperCase()}, 50 clients, ${depth} under way each${copies}`;
    rows.push(beside([what, '/s'], figures.ours, ['Redis', figures.redis], target));
  }
  await redis.stop();
  return rows;
}

async function fill(port: number): Promise<void> {
  await redisBenchmark(port, 'set', { depth: 100, requests: amount(3 * KEYS), keys: KEYS });
}
