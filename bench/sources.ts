/**
 * The benchmarks that the sources describe, in their own shapes. 004: how many writes a second with more and more keys stored
 * before (fresh directory, bulks of 500, then one write after the other); 003: one by one beside one bulk. Here with several
 * rounds, several clients and the spread; each write synced. No timing is a test.
 */
import { alone, beside, type Row } from './measure/answer.ts';
import { ask, drive, oneByOne } from './measure/client.ts';
import { percentile, showNumber, showSpread, spreadOf } from './measure/figures.ts';
import { type Host, showShape, startHost, TWO_COPIES } from './measure/host.ts';
import { syncMicroseconds } from './measure/machine.ts';
import { report } from './measure/report.ts';
import { interleaved } from './measure/rounds.ts';
import { amount, settings } from './measure/settings.ts';

const STORED_BEFORE = [0, 1_000, ...(settings.isQuick ? [] : [5_000, 10_000, 20_000])];
const BULK_KEYS = 500;
const WRITES = amount(2_000);
const CLIENTS = [8, 64];
const COUNTS = [100, 1_000, ...(settings.isQuick ? [] : [5_000])];
/** What is left of the speed with an empty store: no slope to speak of. */
const KEPT_LEAST = 0.8;

const lines: string[] = [];
const latencies: number[] = [];
const syncs: number[] = [];
const rows = [...(await storedBefore()), ...(await oneByOneAndBulk())];
if (!settings.isJson) console.log(`${lines.join('\n')}\n`);
report({
  question: 'sources',
  title: `The benchmarks of the sources, ${showShape(TWO_COPIES)}, durable`,
  rows,
  notes: [
    `one client waits for a write: p50 ${micro(0.5)}, p95 ${micro(0.95)}, p99 ${micro(0.99)} µs; ` +
      `a bare sync of the disk: ${showNumber(spreadOf(syncs).median)} µs`,
    'with --index: not measured, this version has no indexes',
  ],
});

/** `  Pre-populated   1000 keys -> 1234.5 writes/sec` */
async function storedBefore(): Promise<Row[]> {
  const rates = await interleaved<string>(
    Object.fromEntries(
      STORED_BEFORE.map((keys) => [
        `${keys} stored before`,
        () =>
          withHost(async (host) => {
            await populate(host, keys);
            return writeOneByOne(host);
          }),
      ]),
    ),
  );
  const ofKeys = (keys: number): readonly number[] => rates[`${keys} stored before`] as readonly number[];
  for (const keys of STORED_BEFORE) {
    const { median, min, max } = spreadOf(ofKeys(keys));
    const spread = `(${min.toFixed(1)} … ${max.toFixed(1)})`;
    lines.push(`  Pre-populated ${String(keys).padStart(6)} keys -> ${median.toFixed(1)} writes/sec ${spread}`);
  }
  const rows = STORED_BEFORE.map((keys) => {
    const name = [`one client, ${keys.toLocaleString('en')} keys stored before`, 'writes/s'] as const;
    if (keys === 0) return alone(...name, ofKeys(0));
    return beside(name, ofKeys(keys), ['none before', ofKeys(0)], { least: KEPT_LEAST });
  });
  for (const clients of CLIENTS) {
    const load = { connections: clients, depth: 1, total: WRITES * Math.min(clients, 8) };
    const figures = await interleaved({ writes: () => withHost(({ text }) => drive(text, load, set)) });
    rows.push(alone(`${clients} clients, an empty store`, 'writes/s', figures.writes));
  }
  return rows;
}

/** `Count | Mode | Time (s) | Ops/sec` */
async function oneByOneAndBulk(): Promise<Row[]> {
  const rows: Row[] = [];
  lines.push('', 'Count | Mode | Time (s) | Ops/sec');
  for (const count of COUNTS) {
    const single = (): Promise<number> =>
      withHost(({ text }) => drive(text, { connections: 1, depth: 1, total: count }, set));
    const bulk = (): Promise<number> =>
      withHost(async (host) => {
        const begin = performance.now();
        await bulkSet(host, 'bulk', 0, count);
        return count / ((performance.now() - begin) / 1_000);
      });
    const figures = await interleaved({ 'SEQ SET': single, 'BULK SET': bulk });
    for (const mode of ['SEQ SET', 'BULK SET'] as const) {
      const seconds = spreadOf(figures[mode].map((rate) => count / rate)).median;
      lines.push(`${count} | ${mode} | ${seconds.toFixed(4)} | ${showSpread(spreadOf(figures[mode]))}`);
    }
    const name = [`one bulk of ${count.toLocaleString('en')}`, 'items/s'] as const;
    rows.push(beside(name, figures['BULK SET'], ['one by one', figures['SEQ SET']]));
  }
  return rows;
}

/** A fresh directory for each. */
async function withHost(work: (host: Host) => Promise<number>): Promise<number> {
  const host = await startHost(TWO_COPIES);
  try {
    return await work(host);
  } finally {
    await host.stop();
  }
}

async function writeOneByOne({ text }: Host): Promise<number> {
  const begin = performance.now();
  const times = await oneByOne(text, WRITES, set);
  const rate = WRITES / ((performance.now() - begin) / 1_000);
  for (const time of times) latencies.push(time);
  syncs.push(syncMicroseconds());
  return rate;
}

async function populate(host: Host, keys: number): Promise<void> {
  for (let first = 0; first < keys; first += BULK_KEYS) await bulkSet(host, 'pre', first, BULK_KEYS);
}

async function bulkSet({ text }: Host, name: string, first: number, count: number): Promise<void> {
  const items = Array.from({ length: count }, (_, i) => [`${name}_${first + i}`, `value_${first + i}`]);
  const [answer = ''] = await ask(text, [`BULKSET ${JSON.stringify(items)}`]);
  if (!answer.startsWith('OK')) throw new Error(`BULKSET: ${answer}`);
}

function set(n: number): string {
  return `SET bench_${n} "data_${n}"\n`;
}

function micro(part: number): string {
  return showNumber(Math.round(percentile(latencies, part)));
}
