/**
 * How fast do 100,000 generated documents (d=3, m=5) go in through `coppice load`, durable, two copies on three
 * servers? Each round a fresh directory. No timing is a test.
 */
import { join } from 'node:path';
import { coppice, report, scratchDirectory, spreadOf, startHost } from './program.ts';
import { writeFileSync } from 'node:fs';

const DOCUMENTS = 100_000;
const ROUNDS = 5;

const scratch = scratchDirectory();
const keyFile = join(scratch, 'keyFile.txt');
const data = join(scratch, 'data.txt');
writeFileSync(keyFile, 'name string\nage int\nheight float\nstreet string\nlevel int\n');
await coppice([
  'gen',
  '-k',
  keyFile,
  '-n',
  String(DOCUMENTS),
  '-d',
  '3',
  '-l',
  '4',
  '-m',
  '5',
  '--seed',
  '1',
  '-o',
  data,
]);

const whole: number[] = [];
const rates: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const host = await startHost(join(scratch, `round${round}`));
  const begin = performance.now();
  const report = JSON.parse(await coppice(['load', data, '-p', String(host.port), '--json'])) as { seconds: number };
  whole.push(DOCUMENTS / ((performance.now() - begin) / 1_000));
  rates.push(DOCUMENTS / report.seconds);
  await host.stop();
}
report(`load of ${DOCUMENTS} documents, durable, k=2, 3 servers, into a host that was just started`, {
  'documents a second, first byte to last answer': spreadOf(rates),
  'documents a second, start of the command included': spreadOf(whole),
});
