import { expect, test } from 'vitest';
import { parseKeyFile } from '../../src/document/key-file.ts';
import { SAMPLE_KEY_FILE } from '../../src/document/sample.ts';

const NAMES = ['name string', 'age int', 'height float', 'street string', 'level int'];

test.each([
  ['as the sources ship it', SAMPLE_KEY_FILE],
  ['without a last line end', NAMES.join('\n')],
  ['with CRLF', `${NAMES.join('\r\n')}\r\n`],
  ['with tabs and blanks', NAMES.map((line) => ` ${line.replace(' ', ' \t ')} `).join('\n')],
  ['with blank lines at the end', `${NAMES.join('\n')}\n\n \n`],
])('a key file %s is read', (_, text) => {
  const parsed = parseKeyFile(text);

  expect(parsed.ok ? parsed.value.map(({ name, type }) => `${name} ${type}`) : parsed.error).toEqual(NAMES);
});

test.each([
  ['', 'line 1: the key file is empty, expected "name type"'],
  ['\n\n', 'line 1: the key file is empty, expected "name type"'],
  ['name string\nage', 'line 2: "age" has no type, expected int, float or string'],
  ['name text', 'line 1: unknown type "text", expected int, float or string'],
  ['name Int', 'line 1: unknown type "Int", expected int, float or string'],
  ['name string\n\nage int', 'line 2: blank, expected "name type"'],
  ['name string x', 'line 1: "x" after the type, expected the end of the line'],
  ['a int\nb int\na float', 'line 3: "a" is named a second time, first in line 1'],
])('%j is refused', (text, message) => {
  expect(parseKeyFile(text)).toEqual({ ok: false, error: { code: 'PARSE', message } });
});

test('__proto__ is a name like any other', () => {
  expect(parseKeyFile('__proto__ int\nconstructor string').ok).toBe(true);
});
