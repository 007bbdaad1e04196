/**
 * Does a durable SET cost more when there are many keys already? With 0 to a million keys stored, one copy, beside itself with
 * none and beside Redis; each SET overwrites one of the keys that are there. No timing is a test.
 */
import { alone, beside, type Row } from './measure/answer.ts';
import { drive, keyOf, resp } from './measure/client.ts';
import { assertEqualDurability } from './measure/durability.ts';
import { type Host, ONE_COPY, startHost } from './measure/host.ts';
import { HAS_REDIS, NO_REDIS, type Redis, redisBenchmark, startRedis } from './measure/redis.ts';
import { report } from './measure/report.ts';
import { interleaved } from './measure/rounds.ts';
import { amount, settings } from './measure/settings.ts';

const STORED = [0, 1_000, 10_000, 100_000, ...(settings.isQuick ? [] : [1_000_000])];
const VALUE = 'v'.repeat(64);
const REQUESTS = { 1: 40_000, 16: 200_000 } as const;

type Store = { readonly keys: number; readonly host: Host; readonly redis: Redis };

report({
  question: 'growth',
  title: 'P11: durable SET with more and more keys stored, one copy',
  rows: HAS_REDIS ? await measure() : [],
  notes: HAS_REDIS ? [] : [NO_REDIS],
});

async function measure(): Promise<Row[]> {
  const stores: Store[] = [];
  for (const keys of STORED) stores.push(await fill(keys));
  const rows = [...(await measureAt(stores, 1)), ...(await measureAt(stores, 16))];
  for (const { host, redis } of stores) for (const { stop } of [host, redis]) await stop();
  return rows;
}

async function fill(keys: number): Promise<Store> {
  const [host, redis] = [await startHost(ONE_COPY), await startRedis()];
  await assertEqualDurability(host, redis);
  const load = { connections: 4, depth: 500, total: keys };
  if (keys > 0) {
    for (const port of [host.resp, redis.port]) await drive(port, load, (n) => resp('SET', keyOf(n), VALUE));
  }
  return { keys, host, redis };
}

/** All stores have their turn in each round: the same minute for the empty one and for the full ones. */
async function measureAt(stores: readonly Store[], depth: 1 | 16): Promise<Row[]> {
  const sides = stores.flatMap(({ keys, host, redis }) => {
    const load = { depth, requests: amount(REQUESTS[depth]), keys: Math.max(1, keys) };
    return [
      [`ours ${keys}`, () => redisBenchmark(host.resp, 'set', load)],
      [`redis ${keys}`, () => redisBenchmark(redis.port, 'set', load)],
    ] as const;
  });
  const figures = await interleaved<string>(Object.fromEntries(sides));
  const of = (side: string): readonly number[] => figures[side] as readonly number[];
  return stores.map(({ keys }) => {
    const what = `SET, 50 clients, ${depth} under way each, ${keys.toLocaleString('en')} keys stored`;
    if (keys === 0) return alone(what, '/s', of('ours 0'));
    // At 16 a store is held to what Redis keeps of its own speed, because the disk's share of a batch grows with both.
    if (depth === 1) return beside([what, '/s'], of(`ours ${keys}`), ['ours with none', of('ours 0')], { least: 0.8 });
    const kept = (side: string): number[] =>
      of(`${side} ${keys}`).map((rate, i) => rate / (of(`${side} 0`)[i] as number));
    return beside([`${what}: part of the speed with none`, ''], kept('ours'), ['Redis', kept('redis')], { least: 1 });
  });
}
