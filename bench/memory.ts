/**
 * What does a key weigh in memory beside one in Redis? Strings of 64 bytes and documents of 20 fields, one copy. Ours is
 * the growth of the whole process, because nothing less is honest of a program with a collector; Redis's is its own
 * used_memory. Both have done as much work on one key before, so that only what is stored is new. No timing is a test.
 */
import { beside, type Row } from './measure/answer.ts';
import { drive, keyOf, resp } from './measure/client.ts';
import { ONE_COPY, startHost } from './measure/host.ts';
import { residentBytes } from './measure/process-figures.ts';
import { cli, HAS_REDIS, NO_REDIS, startRedis } from './measure/redis.ts';
import { report } from './measure/report.ts';
import { interleaved } from './measure/rounds.ts';
import { amount, settings } from './measure/settings.ts';

/** Until a collector has done what it puts off. */
const SETTLE_MS = settings.isQuick ? 1_000 : 3_000;
const FIELDS = Array.from({ length: 20 }, (_, i) => [`field${i}`, `value number ${i}`] as const);
const DOCUMENT = `[ ${FIELDS.map(([name, value]) => `"${name}" -> "${value}"`).join(' | ')} ]`;
const STRING = 'v'.repeat(64);
const KINDS = [
  {
    name: 'strings of 64 bytes',
    keys: amount(300_000),
    ours: (key: string) => `SET "${key}" "${STRING}"\n`,
    redis: (key: string) => resp('SET', key, STRING),
  },
  {
    name: 'documents of 20 fields, beside a hash',
    keys: amount(100_000),
    ours: (key: string) => `PUT "${key}" -> ${DOCUMENT}\n`,
    redis: (key: string) => resp('HMSET', key, ...FIELDS.flat()),
  },
];

report({
  question: 'memory',
  title: 'P8: bytes of memory a key, one copy',
  rows: HAS_REDIS ? await measure() : [],
  notes: HAS_REDIS ? ['ours: growth of the resident memory of the whole process'] : [NO_REDIS],
});

async function measure(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, keys, ours, redis } of KINDS) {
    const figures = await interleaved(
      {
        ours: async () => {
          const host = await startHost(ONE_COPY);
          const growth = await growthOf(host.text, keys, ours, async () => residentBytes(host.pid));
          await host.stop();
          return growth;
        },
        redis: async () => {
          const server = await startRedis();
          const used = async (): Promise<number> =>
            Number(/used_memory:(\d+)/.exec(await cli(server.port, 'INFO', 'memory'))?.[1]);
          const growth = await growthOf(server.port, keys, redis, used);
          await server.stop();
          return growth;
        },
      },
      { warmUp: false },
    );
    const what = `${keys.toLocaleString('en')} ${name}`;
    rows.push(beside([what, 'bytes a key'], figures.ours, ['Redis', figures.redis], { most: 1 }));
  }
  return rows;
}

/** Bytes a key. */
async function growthOf(
  port: number,
  keys: number,
  request: (key: string) => string,
  measureBytes: () => Promise<number>,
): Promise<number> {
  const load = { connections: 4, depth: 500, total: keys };
  await drive(port, load, () => request(keyOf(0)));
  const before = await settled(measureBytes);
  await drive(port, load, (n) => request(keyOf(n)));
  return ((await settled(measureBytes)) - before) / keys;
}

async function settled(measureBytes: () => Promise<number>): Promise<number> {
  await new Promise((settle) => setTimeout(settle, SETTLE_MS));
  return measureBytes();
}
