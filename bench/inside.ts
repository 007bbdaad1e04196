/**
 * How fast is a host inside the program that uses it? The benchmark of sources/004.md with the library instead of a port: keys
 * stored before by bulks of 500, then one write after the other, and as many from 64 writers. Ends by itself and has
 * everything but the storage servers on the main thread, which makes it what `npm run profile` is given. No timing is a test.
 */
import { open } from '../actors/open.ts';
import { alone } from './measure/answer.ts';
import { scratchFolder } from './measure/processes.ts';
import { report } from './measure/report.ts';
import { interleaved } from './measure/rounds.ts';
import { amount } from './measure/settings.ts';

const STORED_BEFORE = 1_000;
const BULK_KEYS = 500;
const WRITES = amount(2_000);
const WRITERS = 64;

const db = await open({ dir: scratchFolder(), servers: 3, replicas: 2 });
for (let first = 0; first < STORED_BEFORE; first += BULK_KEYS) {
  await db.bulkSet(Array.from({ length: BULK_KEYS }, (_, i) => [`pre_${first + i}`, `value_${first + i}`]));
}
const figures = await interleaved({ one: () => writes(1, WRITES), many: () => writes(WRITERS, WRITES / 10), reads });
await db.close();
report({
  question: 'inside',
  title: 'The library, k = 2 on 3 servers, durable',
  rows: [
    alone(`one writer, ${STORED_BEFORE.toLocaleString('en')} keys stored before`, 'writes/s', figures.one),
    alone(`${WRITERS} writers`, 'writes/s', figures.many),
    alone('one reader', 'reads/s', figures.reads),
  ],
  notes: [],
});

/** A second. */
async function writes(writers: number, each: number): Promise<number> {
  const begin = performance.now();
  const lane = async (_: unknown, writer: number): Promise<void> => {
    for (let i = 0; i < each; i++) await db.set(`bench_${writer}_${i}`, `data_${i}`);
  };
  await Promise.all(Array.from({ length: writers }, lane));
  return (writers * each) / ((performance.now() - begin) / 1_000);
}

async function reads(): Promise<number> {
  const begin = performance.now();
  for (let i = 0; i < WRITES; i++) await db.get(`bench_0_${i}`);
  return WRITES / ((performance.now() - begin) / 1_000);
}
