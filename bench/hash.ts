/**
 * Is a document of 20 fields as fast as a Redis hash of the same fields? PUT, GET and QUERY of a path on the text port
 * beside HSET, HGETALL and HGET, every write synced on both sides, one client for both. No timing is a test.
 */
import { beside, type Row } from './measure/answer.ts';
import { drive, keyOf, resp } from './measure/client.ts';
import { assertEqualDurability } from './measure/durability.ts';
import { type Host, ONE_COPY, type Shape, showShape, startHost, TWO_COPIES } from './measure/host.ts';
import { HAS_REDIS, NO_REDIS, type Redis, startRedis } from './measure/redis.ts';
import { report } from './measure/report.ts';
import { interleaved } from './measure/rounds.ts';
import { amount } from './measure/settings.ts';

const KEYS = 1_000;
const PATH = ['a', 'b', 'c'];
const LEAF = 'value of the deepest';
const FIELDS = Array.from({ length: 19 }, (_, i) => [`field${i}`, `value number ${i}`] as const);
const DOCUMENT = `[ ${FIELDS.map(([name, value]) => `"${name}" -> "${value}"`).join(' | ')} | "a" -> [ "b" -> [ "c" -> "${LEAF}" ] ] ]`;
const HASH = [...FIELDS.flat(), PATH.join('.'), LEAF];

const WORK = [
  {
    name: 'PUT beside HSET',
    ours: (key: string) => `PUT "${key}" -> ${DOCUMENT}\n`,
    redis: (key: string) => resp('HSET', key, ...HASH),
    totals: { 1: 20_000, 16: 60_000 },
  },
  {
    name: 'GET beside HGETALL',
    ours: (key: string) => `GET "${key}"\n`,
    redis: (key: string) => resp('HGETALL', key),
    totals: { 1: 40_000, 16: 200_000 },
  },
  {
    name: 'QUERY a.b.c beside HGET',
    ours: (key: string) => `QUERY "${key}".${PATH.join('.')}\n`,
    redis: (key: string) => resp('HGET', key, PATH.join('.')),
    totals: { 1: 40_000, 16: 300_000 },
  },
] as const;

report({
  question: 'hash',
  title: 'P6: a document of 20 fields beside a Redis hash, every write durable',
  rows: HAS_REDIS ? await measure() : [],
  notes: HAS_REDIS ? [] : [NO_REDIS],
});

async function measure(): Promise<Row[]> {
  const redis = await startRedis();
  const rows: Row[] = [];
  for (const shape of [ONE_COPY, TWO_COPIES]) {
    const host = await startHost(shape);
    await assertEqualDurability(host, redis);
    rows.push(...(await measureShape(host, redis, shape)));
    await host.stop();
  }
  await redis.stop();
  return rows;
}

async function measureShape(host: Host, redis: Redis, shape: Shape): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, totals, ...work } of WORK) {
    if (name === WORK[0].name) await fill(host, redis);
    for (const depth of [1, 16] as const) {
      const load = { connections: 50, depth, total: amount(totals[depth]) };
      const figures = await interleaved({
        ours: () => drive(host.text, load, (n) => work.ours(keyOf(n % KEYS))),
        redis: () => drive(redis.port, load, (n) => work.redis(keyOf(n % KEYS))),
      });
      const what = `${name}, 50 clients, ${depth} under way each, ${showShape(shape)}`;
      rows.push(beside([what, '/s'], figures.ours, ['Redis', figures.redis], { least: 1 }));
    }
  }
  return rows;
}

/** HSET answers how many fields are new: all are there before the rounds, by a command that only says OK. */
async function fill(host: Host, redis: Redis): Promise<void> {
  const [put] = WORK;
  const load = { connections: 1, depth: 50, total: KEYS };
  await drive(host.text, load, (n) => put.ours(keyOf(n)));
  await drive(redis.port, load, (n) => resp('HMSET', keyOf(n), ...HASH));
}
