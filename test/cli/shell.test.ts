import { expect, test } from 'vitest';
import { complete } from '../../src/cli/shell.ts';
import { connect } from '../../src/client/connect.ts';
import { openTextPort } from '../actors/gateway/text-port.ts';

test.each([
  ['', ['PUT ', 'GET '], ''],
  ['que', ['QUERY ', 'QUERYMANY '], 'que'],
  ['GET per', ['person1', 'person2'], 'per'],
  ['query person1.', ['person1.age', 'person1.name'], 'person1.'],
  ['QUERY person1.n', ['person1.name'], 'person1.n'],
  ['COMPUTE 2*x WHERE x = QUERY person2', ['person2'], 'person2'],
  ['FORMAT j', ['json'], 'j'],
  ['HELP del', ['DELETE'], 'del'],
  ['GET nobody', [], 'nobody'],
  ['NONSENSE per', [], 'per'],
  ['STATUS ', [], ''],
])('what may follow %j', async (line, expected, replaced) => {
  await using port = await openTextPort();
  await using client = await connect(port.url);
  await client.bulkSet([
    ['person1', { name: 'John', age: 22 }],
    ['person2', {}],
  ]);

  const [found, begun] = await complete(line, client);

  expect(begun).toBe(replaced);
  expect(line === '' ? found.slice(0, 2) : found.toSorted()).toEqual(expected);
});
