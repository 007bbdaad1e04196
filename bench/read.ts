/**
 * What do the ways to read cost beside GET of a string? GET and QUERY of a document of 20 fields and COMPUTE over three
 * of them, 50 clients on the text port, with different numbers of servers and copies. No timing is a test.
 */
import { alone, beside, type Row } from './measure/answer.ts';
import { drive, keyOf } from './measure/client.ts';
import { type Shape, showShape, startHost } from './measure/host.ts';
import { report } from './measure/report.ts';
import { interleaved } from './measure/rounds.ts';
import { amount } from './measure/settings.ts';

const SHAPES: readonly Shape[] = [
  { servers: 1, replicas: 1 },
  { servers: 3, replicas: 2 },
  { servers: 5, replicas: 3 },
];
const LOAD = { connections: 50, depth: 16, total: amount(100_000) };
const KEYS = 1_000;
const FIELDS = Array.from({ length: 20 }, (_, i) => `"field${i}" -> ${i % 2 === 0 ? i * 7 : `"value${i}"`}`);
const DOCUMENT = FIELDS.join(' | ');
// As many bytes in the answer as the document has.
const STRING = 'x'.repeat(`[ ${DOCUMENT} ]`.length - '""'.length);
const WHERE = ['x = QUERY', 'y = QUERY', 'z = QUERY'];

const rows: Row[] = [];
for (const shape of SHAPES) rows.push(...(await measure(shape)));
report({
  question: 'read',
  title: 'Ways to read, 50 clients, 16 requests under way each',
  rows,
  notes: ['SEARCH: not measured, this version has no indexes'],
});

async function measure(shape: Shape): Promise<Row[]> {
  const host = await startHost(shape);
  const filling = { connections: 1, depth: 100, total: KEYS };
  await drive(host.text, filling, (n) => `PUT "doc.${keyOf(n)}" -> [ ${DOCUMENT} ]\n`);
  await drive(host.text, filling, (n) => `SET "str.${keyOf(n)}" "${STRING}"\n`);
  const of = (request: (n: number) => string) => () => drive(host.text, LOAD, (n) => `${request(n % KEYS)}\n`);
  const strings = 'GET of a string';
  const figures = await interleaved({
    [strings]: of((n) => `GET "str.${keyOf(n)}"`),
    'GET of a document of 20 fields': of((n) => `GET "doc.${keyOf(n)}"`),
    'QUERY of one of its fields': of((n) => `QUERY "doc.${keyOf(n)}".field13`),
    'COMPUTE over three of its fields': of((n) => {
      const bound = WHERE.map((text, i) => `${text} "doc.${keyOf(n)}".field${i * 2 + 2}`);
      return `COMPUTE 2/(x+3*(y+z)) WHERE ${bound.join(' AND ')}`;
    }),
  });
  await host.stop();
  return Object.entries(figures).map(([name, rates]) => {
    const what = `${name}, ${showShape(shape)}`;
    if (name === strings) return alone(what, '/s', rates);
    return beside([what, '/s'], rates, [strings, figures[strings] as readonly number[]]);
  });
}
