import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatRecord } from '../../src/document/format.ts';
import { isShownBare, isValidKey, parseKey, parseKeyBytes } from '../../src/document/keys.ts';
import { EMPTY_MAP } from '../../src/document/packed.ts';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { KEY_BYTES_MAX } from '../../src/model/limits.ts';
import { RUNS, texts } from './models.ts';

function read(written: string): string {
  const parsed = parseKey(written);
  return parsed.ok ? text(parsed.value) : parsed.error.message;
}

test.each([
  'person1',
  '"person1"',
  "'person1'",
  '“person1”',
  '‘person1’',
  '”person1“',
  '“person1"',
  '"person1”',
  '  person1\t',
])('the key %s is person1', (written) => {
  expect(read(written)).toBe('person1');
});

test.each([
  ['a.b', 'a.b'],
  ['user:1', 'user:1'],
  ['"my key"', 'my key'],
  ['" level"', ' level'],
  ['"a\\"b"', 'a"b'],
  ["it's", "it's"],
  ['[x]', '[x]'],
  ['__proto__', '__proto__'],
  ['👩‍🚀', '👩‍🚀'],
])('%s means the key %j', (written, key) => {
  expect(read(written)).toBe(key);
});

test.each([
  ['', '1:1: found the end, expected a key at column 1'],
  ['""', '1:1: found a string, expected a key at column 1'],
  ['a b', '1:3: found b, expected the end after the key at column 3'],
  ['"a', '1:3: found the end, expected a closing quote at column 3'],
  ['"a" x', '1:5: found x, expected the end after the key at column 5'],
])('%j is no key', (written, message) => {
  expect(read(written)).toBe(message);
});

test('columns count from the start of the request that was typed', () => {
  const bytes = utf8('GET a b\r\n');

  const parsed = parseKeyBytes(bytes, 4, 7);

  expect(parsed.ok ? '' : parsed.error.message).toBe('1:7: found b, expected the end after the key at column 7');
});

test('a key over the limit is TOOLARGE, one at the limit is valid', () => {
  const over = parseKey('k'.repeat(KEY_BYTES_MAX + 1));

  expect(over.ok ? '' : over.error.code).toBe('TOOLARGE');
  expect([0, 1, KEY_BYTES_MAX, KEY_BYTES_MAX + 1].map((length) => isValidKey(new Uint8Array(length)))).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

test('a key as a record shows it reads back as the same key', () => {
  const property = fc.property(texts, (name) => {
    fc.pre(name !== '');
    const key = utf8(name);
    const shown = formatRecord(key, EMPTY_MAP, 'arrow').slice(0, -' -> []'.length);

    const parsed = parseKey(shown);

    expect(parsed).toEqual({ ok: true, value: key });
    if (isShownBare(key)) expect(shown).toBe(name);
  });
  fc.assert(property, RUNS);
});
