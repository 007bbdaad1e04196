import { expect, test } from 'vitest';
import { checkReplicas, parseServerFile } from '../../src/cli/server-file.ts';

test.each([
  ['127.0.0.1 8000\n127.0.0.1 8001\n', ['127.0.0.1 8000', '127.0.0.1 8001']],
  ['127.0.0.1 8000', ['127.0.0.1 8000']],
  ['\uFEFF127.0.0.1\t8000\r\n\r\n  localhost   8001  \r\n\n', ['127.0.0.1 8000', 'localhost 8001']],
  ['::1 65535\n::1 1\n', ['::1 65535', '::1 1']],
])('%j names its servers', (content, expected) => {
  const parsed = parseServerFile(content);

  expect(parsed.ok && parsed.value.map(({ host, port }) => `${host} ${port}`)).toEqual(expected);
});

test.each([
  ['', 'no servers in the file'],
  ['\n \n', 'no servers in the file'],
  ['127.0.0.1\n', 'line 1: expected "<host> <port>", got 1 words'],
  ['a 1\nb 2 3\n', 'line 2: expected "<host> <port>", got 3 words'],
  ['a 0\n', 'line 1: port 0 is not between 1 and 65535'],
  ['a 65536\n', 'line 1: port 65536 is not between 1 and 65535'],
  ['a 80x\n', 'line 1: port 80x is not between 1 and 65535'],
  ['a -1\n', 'line 1: port -1 is not between 1 and 65535'],
  ['a 1\n\na 01\n', 'line 3: a 1 was named already at line 1'],
  ['A 1\na 1\n', 'line 2: a 1 was named already at line 1'],
  [Array.from({ length: 17 }, (_, i) => `a ${i + 1}`).join('\n'), '17 servers are more than 16'],
])('%j is refused', (content, message) => {
  expect(parseServerFile(content)).toEqual({ ok: false, error: message });
});

test.each([
  [1, 1, null],
  [3, 3, null],
  [4, 3, 'Not as many servers as the k number! Please reduce -k or change -s file.'],
  [0, 3, '-k must be at least 1, got 0'],
])('%i copies on %i servers', (replicas, servers, expected) => {
  expect(checkReplicas(replicas, servers)).toBe(expected);
});
