import { expect, test } from 'vitest';
import { candidates, parsePath } from '../../src/document/path.ts';
import { text } from '../../src/lib/bytes.ts';
import { KEY_BYTES_MAX, PATH_SEGMENTS_MAX } from '../../src/model/limits.ts';

function read(written: string): [string[], string[]] | string {
  const parsed = parsePath(written);
  if (!parsed.ok) return parsed.error.message;
  return [
    parsed.value.segments.map((segment) => text(segment)),
    candidates(parsed.value).map(({ key, from }) => `${text(key)} ${from}`),
  ];
}

test.each<[string, string[], string[]]>([
  ['person2', ['person2'], ['person2 1']],
  [
    'person2.address.number',
    ['person2', 'address', 'number'],
    ['person2.address.number 3', 'person2.address 2', 'person2 1'],
  ],
  ['k." level".x', ['k', ' level', 'x'], ['k 1']],
  ['a.b."c.d".e', ['a', 'b', 'c.d', 'e'], ['a.b 2', 'a 1']],
  ['"a.b".c', ['a.b', 'c'], ['a.b 1']],
  ["'a.b'.“c”", ['a.b', 'c'], ['a.b 1']],
  ['a\\.b.c', ['a.b', 'c'], ['a.b.c 2', 'a.b 1']],
  ['a\\\\.\\"b', ['a\\', '"b'], ['a\\."b 2', 'a\\ 1']],
  ['k.0', ['k', '0'], ['k.0 2', 'k 1']],
  ['"a\\"b"', ['a"b'], ['a"b 1']],
  ['  Μαρία.πόλη ', ['Μαρία', 'πόλη'], ['Μαρία.πόλη 2', 'Μαρία 1']],
])('%s', (written, segments, keys) => {
  expect(read(written)).toEqual([segments, keys]);
});

test.each([
  ['', '1:1: found the end, expected a key between the dots at column 1'],
  ['.a', "1:1: found '.', expected a key between the dots at column 1"],
  ['a..b', "1:3: found '.', expected a key between the dots at column 3"],
  ['a.', '1:3: found the end, expected a key between the dots at column 3'],
  ['a."".b', '1:3: found a string, expected a key between the dots at column 3'],
  ['a b', "1:3: found b, expected '.' or the end of the path at column 3"],
  ['"a"b', "1:4: found b, expected '.' or the end of the path at column 4"],
  ['a."b', '1:5: found the end, expected a closing quote at column 5'],
  ['a\\', '1:3: found the end, expected a character after the backslash at column 3'],
])('%j is no path', (written, message) => {
  expect(read(written)).toBe(message);
});

test('a path of more segments than a document can have is TOOLARGE', () => {
  const longest = parsePath(Array.from({ length: PATH_SEGMENTS_MAX }, () => 'a').join('.'));
  const longer = parsePath(Array.from({ length: PATH_SEGMENTS_MAX + 1 }, () => 'a').join('.'));

  expect(longest.ok).toBe(true);
  expect(longer.ok ? '' : longer.error.code).toBe('TOOLARGE');
});

test('keys too long to exist are no candidates', () => {
  const half = 'k'.repeat(KEY_BYTES_MAX / 2);
  const parsed = parsePath(`${half}.${half}.x`);

  const lengths = parsed.ok ? candidates(parsed.value).map(({ key }) => key.length) : [];

  expect(lengths).toEqual([KEY_BYTES_MAX / 2]);
});
