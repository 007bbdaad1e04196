/**
 * What does reading a document cost beside reading a string of the same size? GET and QUERY of a document of 20 fields
 * and GET of a string, 50 connections on the text port, interleaved rounds. No timing is a test.
 */
import { drive, report, scratchDirectory, spreadOf, startHost } from './program.ts';

const ROUNDS = 7;
const LOAD = { connections: 50, depth: 16, total: 100_000 } as const;
const KEYS = 1_000;

const document = Array.from({ length: 20 }, (_, i) => `"field${i}" -> ${i % 2 === 0 ? i * 7 : `"value${i}"`}`).join(
  ' | ',
);
const answer = `doc1 -> [ ${document} ]`;
const host = await startHost(scratchDirectory());
const one = { connections: 1, depth: 100 };
await drive(host.port, { ...one, total: KEYS }, (n) => `PUT "doc${n}" -> [ ${document} ]`);
// As many bytes in the answer as the document has.
const text = 'x'.repeat(answer.length - 'str1 -> '.length);
await drive(host.port, { ...one, total: KEYS }, (n) => `SET str${n} "${text}"`);

const requests = {
  'GET of a string': (n: number) => `GET str${n % KEYS}`,
  'GET of a document of 20 fields': (n: number) => `GET doc${n % KEYS}`,
  'QUERY of one of its fields': (n: number) => `QUERY doc${n % KEYS}.field13`,
};
const rates: Record<string, number[]> = {};
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, request] of Object.entries(requests)) {
    const rate = LOAD.total / (await drive(host.port, LOAD, request));
    // The first round warms up.
    if (round > 0) (rates[name] ??= []).push(rate);
  }
}
await host.stop();
const [strings, ...documents] = Object.entries(rates) as [[string, number[]], ...[string, number[]][]];
const ratios = documents.map(([name, values]) => [
  `${name} ÷ string`,
  spreadOf(values.map((value, i) => value / (strings[1][i] as number))),
]);
report('reads a second, 50 connections, 16 deep', {
  ...Object.fromEntries(Object.entries(rates).map(([name, values]) => [name, spreadOf(values)])),
  ...Object.fromEntries(ratios),
});
