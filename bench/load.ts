/**
 * How fast do 100,000 generated documents (d = 3, m = 5) go in, durable, each round into a fresh directory? `coppice load`
 * beside `redis-cli --pipe` into a Redis with `appendfsync always`, which stores the text of each as a string: it has no
 * documents. Both with the start of the command. A fresh host still compiles what it runs: what one that is warm does,
 * beside it. No timing is a test.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alone, beside, type Row } from './measure/answer.ts';
import { resp } from './measure/client.ts';
import { assertEqualDurability } from './measure/durability.ts';
import { coppice, ONE_COPY, type Shape, showShape, startHost, TWO_COPIES } from './measure/host.ts';
import { run, scratchFolder } from './measure/processes.ts';
import { HAS_REDIS, NO_REDIS, startRedis } from './measure/redis.ts';
import { report } from './measure/report.ts';
import { interleaved } from './measure/rounds.ts';
import { amount } from './measure/settings.ts';

const DOCUMENTS = amount(100_000);

type LoadFigures = { readonly seconds: number };

const folder = scratchFolder();
const keyFile = join(folder, 'keyFile.txt');
const data = join(folder, 'data.txt');
const requests = join(folder, 'requests.resp');
writeFileSync(keyFile, 'name string\nage int\nheight float\nstreet string\nlevel int\n');
const sizes = ['-n', String(DOCUMENTS), '-d', '3', '-l', '4', '-m', '5'];
await coppice(['gen', '-k', keyFile, ...sizes, '--seed', '1', '-o', data]);
const lines = readFileSync(data, 'utf8').trimEnd().split('\n');
writeFileSync(requests, lines.map((line) => resp('SET', line.slice(0, line.indexOf(' ')), line)).join(''));

report({
  question: 'load',
  title: `P7: ${DOCUMENTS.toLocaleString('en')} documents into an empty store, durable`,
  rows: [...(await measure(ONE_COPY)), ...(await measure(TWO_COPIES))],
  notes: [
    ...(HAS_REDIS ? [] : [NO_REDIS]),
    'the Python server of sources/004.md, one `set` at a time, is not measured: the program does not come with its README',
  ],
});

async function measure(shape: Shape): Promise<Row[]> {
  const inside: number[] = [];
  const again: number[] = [];
  const ours = async (): Promise<number> => {
    const host = await startHost(shape);
    const load = async (): Promise<number> => {
      const report = JSON.parse(await coppice(['load', data, '-p', String(host.text), '--json'])) as LoadFigures;
      return DOCUMENTS / report.seconds;
    };
    const begin = performance.now();
    inside.push(await load());
    const seconds = (performance.now() - begin) / 1_000;
    again.push(await load());
    await host.stop();
    return DOCUMENTS / seconds;
  };
  const redis = async (): Promise<number> => {
    const server = await startRedis();
    const begin = performance.now();
    await run(['sh', '-c', `redis-cli -p ${server.port} --pipe < ${requests}`]);
    const seconds = (performance.now() - begin) / 1_000;
    await server.stop();
    return DOCUMENTS / seconds;
  };
  const what = `documents loaded, ${showShape(shape)}`;
  const withoutStart = (): Row[] => [
    alone(`${what}, first byte to last answer`, '/s', inside.slice(1)),
    alone(`${what}, first byte to last answer, by a host that has loaded them before`, '/s', again.slice(1)),
  ];
  if (!HAS_REDIS) {
    const figures = await interleaved({ ours });
    return [alone(what, '/s', figures.ours), ...withoutStart()];
  }
  const [host, server] = [await startHost(shape), await startRedis()];
  await assertEqualDurability(host, server);
  for (const { stop } of [host, server]) await stop();
  const figures = await interleaved({ ours, redis });
  return [beside([what, '/s'], figures.ours, ['redis-cli --pipe', figures.redis], { least: 1 }), ...withoutStart()];
}
