import { expect, test } from 'vitest';
import { parseEndpoints, showEndpoint } from '../../src/client/endpoints.ts';

test.each([
  ['coppice://127.0.0.1:7400', ['127.0.0.1:7400']],
  ['COPPICE://db.example', ['db.example:7400']],
  ['localhost', ['localhost:7400']],
  ['coppice://a:1,b:2/', ['a:1', 'b:2']],
  [
    ['coppice://a:1', 'b'],
    ['a:1', 'b:7400'],
  ],
  ['coppice://[::1]:7', ['[::1]:7']],
])('%j names %j', (addresses, expected) => {
  const parsed = parseEndpoints(addresses);

  expect(parsed.ok && parsed.value.map(showEndpoint)).toEqual(expected);
});

test.each([['redis://a:1'], ['coppice://'], ['a:0'], ['a:65536'], ['a:b'], ['a,,b'], ['a b'], [[]]])(
  '%j is refused',
  (addresses) => {
    expect(parseEndpoints(addresses).ok).toBe(false);
  },
);
