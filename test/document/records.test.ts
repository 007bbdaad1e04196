import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatRecord } from '../../src/document/format.ts';
import { formatJson } from '../../src/document/json.ts';
import { parseRecords, parseValue } from '../../src/document/records.ts';
import type { Dialect } from '../../src/document/styles.ts';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { DEPTH_MAX, FIELDS_MAX, KEY_BYTES_MAX } from '../../src/model/limits.ts';
import { jsonOf, maps, nested, packedOf, readLine, readLines, RUNS, texts } from './models.ts';

const README_LINE =
  'key1 -> [ "level" -> [ "height" -> 80.38 | "name" -> "oq" | " level" -> 26 ] | "height" -> [ "name" -> "uk" | " age" -> 18 | "level" -> 89 | "height" -> 10.56 | "street" -> "fo" ] | " age" -> [ "street" -> "r" | "height" -> 59.67 | "age" -> 45 | "level" -> 7 ] | "street" -> [] | "name" -> [ "street" -> "fopv" | " height" -> 43.01 ] ]';

describe('what loads', () => {
  const same: [string, string][] = [
    ['"person1" -> [ "name" -> "John" | "age" -> 22 ]', '{"person1":{"name":"John","age":22}}'],
    ['"p"->["a"->1|"b"->[]]', '{"p":{"a":1,"b":{}}}'],
    ['  \t p  ->  [  ]  \r', '{"p":{}}'],
    ['"person2" -> [ "number" : 12 ]', '{"person2":{"number":12}}'],
    [
      "'person8':{'hair_color': 'Wc3aB', 'age': '55', 'family_members': {}}",
      '{"person8":{"hair_color":"Wc3aB","age":"55","family_members":{}}}',
    ],
    ["'person2':{}", '{"person2":{}}'],
    ['"person1" : { "name" : "John" ; "age" : 22 }', '{"person1":{"name":"John","age":22}}'],
    ['“person1” -> [ “name” -> ”John“ | ‘age’ -> 22 ]', '{"person1":{"name":"John","age":22}}'],
    ['“person1" -> [ "name” -> \'John’ ]', '{"person1":{"name":"John"}}'],
    ['p -> [ "a" -> “it’s” ]', '{"p":{"a":"it’s"}}'],
    ['p -> [ "a" -> "x” | y" ]', '{"p":{"a":"x” | y"}}'],
    ['user:1001 -> [ "a.b" -> 1 ]', '{"user:1001":{"a.b":1}}'],
    ['a.b: { "c" : -1.50e3 }', '{"a.b":{"c":-1.50e3}}'],
    ['my-key->[]', '{"my-key":{}}'],
    ['Μαρία -> [ "πόλη" -> "Αθήνα" ]', '{"Μαρία":{"πόλη":"Αθήνα"}}'],
    ['\ufeffp\u00a0->\u00a0[ "a"\u00a0-> 1 ]', '{"p":{"a":1}}'],
    ['p -> [ "a" -> true | "b" -> false | "c" -> null ]', '{"p":{"a":true,"b":false,"c":null}}'],
    ["'p': {'a': True, 'b': None, 'c': [1, 2.0, 'x']}", '{"p":{"a":true,"b":null,"c":[1,2.0,"x"]}}'],
    ["'p': {'a': 'it\\'s \\x41\\u00e9\\U0001f600'}", '{"p":{"a":"it\'s Aé😀"}}'],
    ['p -> [ "a" -> ( 1 | "x" | [ "b" -> () ] ) ]', '{"p":{"a":[1,"x",{"b":[]}]}}'],
    ['p -> { "a" : [] }', '{"p":{"a":[]}}'],
    ['p -> [ "a" -> { "b" -> 1 } ]', '{"p":{"a":{"b":1}}}'],
    ['{"k": null}', '{"k":null}'],
    ['{"k": "text"}', '{"k":"text"}'],
    ['{"k": {"": 1}}', '{"k":{"":1}}'],
    ['p -> [ "a" -> "tab\there \\n \\"q\\" \\ud83d\\ude00 \\ud800" ]', '{"p":{"a":"tab\\there \\n \\"q\\" 😀 �"}}'],
    ['p -> [ "__proto__" -> [ "constructor" -> 1 ] ]', '{"p":{"__proto__":{"constructor":1}}}'],
  ];
  test.each(same)('%s', (line, json) => {
    const { key, value } = readLine(line);

    const printed = formatRecord(key, value, 'json');

    expect(printed).toBe(json);
  });

  test('the line of the first source prints byte for byte as its README shows it', () => {
    const { key, value } = readLine(README_LINE);

    const printed = formatRecord(key, value, 'arrow');

    expect(printed).toBe(README_LINE);
  });

  test('a JSON line with several top-level keys is several records, a null root is kept', () => {
    const { records } = readLines('{"key1": {"key2": {"key3": 4, "key4": 8}}, "key5": null, "key6": {}}');

    const printed = records.map(({ key, value }) => formatRecord(key, value, 'arrow'));

    expect(printed).toEqual(['key1 -> [ "key2" -> [ "key3" -> 4 | "key4" -> 8 ] ]', 'key5 -> null', 'key6 -> []']);
  });

  test('lines of different dialects load together, blank ones are passed over', () => {
    const { records } = readLines('a -> []\r\n\n{"b": {}}\n  \nc: {}\n');

    const keys = records.map(({ key }) => text(key));

    expect(keys).toEqual(['a', 'b', 'c']);
  });

  test('of a key written twice in a set the last one wins, with a warning that says where', () => {
    const { records, warnings } = readLines('\np -> [ "a" -> 1 | "b" -> 2 | "a" -> [ "c" -> 3 ] ]');

    expect(formatJson((records[0] as { value: Uint8Array }).value)).toBe('{"b":2,"a":{"c":3}}');
    expect(warnings).toEqual(['2:30: duplicate key "a" in a set, the last one wins']);
  });

  test('of a top-level key written twice on a JSON line the last one wins, with a warning', () => {
    const { records, warnings } = readLines('{"a": 1, "b": 2, "a": 3}');

    expect(records.map(({ key, value }) => formatRecord(key, value, 'json'))).toEqual(['{"b":2}', '{"a":3}']);
    expect(warnings).toEqual(['line 1: duplicate key "a", the last one wins']);
  });

  test('records do not share memory with the text they came from', () => {
    const bytes = utf8('p -> [ "a" -> "text" ]');
    const parsed = parseRecords(bytes, 0, bytes.length, 1);
    if (!parsed.ok) throw new Error(parsed.error.message);

    bytes.fill(0);

    const record = parsed.value.records[0] as { key: Uint8Array; value: Uint8Array };
    expect(formatRecord(record.key, record.value, 'json')).toBe('{"p":{"a":"text"}}');
  });
});

describe('what does not load', () => {
  const ARROW_VALUE = "a value (a number, a quoted string, true, false, null, '[' or '(')";
  const BRACE_VALUE = "a value (a number, a quoted string, true, false, null, '{' or '[')";
  const bad: [string, number, string, string][] = [
    ['"person5" -> "hello"', 14, 'a string', "'['"],
    ['"person6" -> [ "address" -> [ "there" ] ]', 39, "']'", "'->'"],
    ['person5 -> 12', 12, '12', "'['"],
    ["'person5': 'hello'", 12, 'a string', "'{'"],
    ['person5: null', 10, 'null', "'{'"],
    ['p', 2, 'the end', "'->'"],
    ['p ->', 5, 'the end', "'['"],
    ['p - > []', 3, "'-'", "'->'"],
    ['p [ ]', 3, "'['", "'->'"],
    ['-> []', 1, "'-'", 'a key'],
    ['"" -> []', 1, 'a string', 'a key that is not empty'],
    ['p -> [', 7, 'the end', 'a quoted key'],
    ['p -> [ "a" -> 1', 16, 'the end', "'|' or ']'"],
    ['p -> [ "a" -> 1 }', 17, "'}'", "'|' or ']'"],
    ['p -> [ "a" -> [ "b" -> 1 ]', 27, 'the end', "'|' or ']'"],
    ['p -> [ "a" -> 1 ] ]', 19, "']'", 'the end of the line'],
    ['p -> [] extra', 9, 'extra', 'the end of the line'],
    ['p -> [ "a" 1 ]', 12, '1', "'->'"],
    ['p -> [ "a" -> 1 "b" -> 2 ]', 17, 'a string', "'|' or ']'"],
    ['p -> [ "a" -> 1 | ]', 19, "']'", 'a quoted key'],
    ['p -> [ | "a" -> 1 ]', 8, "'|'", 'a quoted key'],
    ['p -> [ "a" -> hello ]', 15, 'hello', ARROW_VALUE],
    ['p -> [ a -> 1 ]', 8, 'a', 'a quoted key'],
    ['p -> [ "" -> 1 ]', 8, 'a string', 'a key that is not empty'],
    ['p -> [ "a" -> ]', 15, "']'", ARROW_VALUE],
    ['p -> [ "a" -> "x ]', 19, 'the end', 'a closing quote'],
    ['p -> [ "a" -> 1. ]', 17, "' '", 'a digit'],
    ['p -> [ "a" -> 1e ]', 17, "' '", 'a digit'],
    ['p -> [ "a" -> - ]', 16, "' '", 'a digit'],
    ['p -> [ "a" -> 01 ]', 16, '1', "'|' or ']'"],
    ['p -> [ "a" -> 12abc ]', 17, 'abc', "'|' or ']'"],
    ['p -> [ "a" -> "\\q" ]', 16, "'\\'", String.raw`an escape (\" \\ \/ \b \f \n \r \t \uXXXX)`],
    ['p -> [ "a" -> ( 1 | ) ]', 21, "')'", ARROW_VALUE],
    ["'p': {'a': 1, }", 15, "'}'", 'a quoted key'],
    ["'p': {'a': 1]", 13, "']'", "',' or '}'"],
    ["'p': {'a': [1, x]}", 16, 'x', BRACE_VALUE],
    ['{"a": {}} {"b": {}}', 11, "'{'", 'the end of the line'],
    ['{"a" {}}', 6, "'{'", "':'"],
    ['{"a": {}', 9, 'the end', "',' or '}'"],
    ['{}', 2, "'}'", 'a quoted key'],
    ['{"a": {"b" 1}}', 12, '1', "':'"],
    ['κλειδί -> [ "α" -> β ]', 20, 'β', ARROW_VALUE],
  ];
  test.each(bad)('%s', (line, column, found, expected) => {
    const bytes = utf8(line);

    const parsed = parseRecords(bytes, 0, bytes.length, 7);

    const message = `7:${column}: found ${found}, expected ${expected} at column ${column}`;
    expect(parsed).toEqual({ ok: false, error: { code: 'PARSE', message } });
  });

  test('columns count from the start of the line that was typed, not from the record in it', () => {
    const bytes = utf8('GET x\nPUT "person5" -> "hello"\n');

    const parsed = parseRecords(bytes, 10, bytes.length - 1, 1);

    expect(parsed.ok ? '' : parsed.error.message).toBe("1:18: found a string, expected '[' at column 18");
  });

  test('a record that is not closed is reported on its own line', () => {
    const bytes = utf8('a -> []\nb -> [ "x" -> 1\nc -> []\n');

    const parsed = parseRecords(bytes, 0, bytes.length, 1);

    expect(parsed.ok ? '' : parsed.error.message).toBe(
      "2:16: found the end of the line, expected '|' or ']' at column 16",
    );
  });

  test('malformed UTF-8 is refused where it begins', () => {
    const bytes = Uint8Array.of(...utf8('p -> [ "a" -> "é'), 0xc3, ...utf8('" ]'));

    const parsed = parseRecords(bytes, 0, bytes.length, 1);

    expect(parsed.ok ? '' : parsed.error.message).toContain('1:17: ');
    expect(parsed.ok ? '' : parsed.error.message).toContain('expected well-formed UTF-8');
  });
});

describe('limits', () => {
  test(`${DEPTH_MAX} sets below the top-level one load and print, one more is TOODEEP`, () => {
    const deep = (depth: number): string => `p -> ${'[ "a" -> '.repeat(depth)}[]${' ]'.repeat(depth)}`;

    const { key, value } = readLine(deep(DEPTH_MAX));
    const bytes = utf8(deep(DEPTH_MAX + 1));
    const refused = parseRecords(bytes, 0, bytes.length, 1);

    expect(formatRecord(key, value, 'arrow')).toBe(deep(DEPTH_MAX));
    expect(refused.ok ? '' : refused.error.code).toBe('TOODEEP');
    expect(refused.ok ? '' : refused.error.message).toContain(
      '1001 sets below the top-level one, the limit DEPTH_MAX is 1000',
    );
  });

  test('ten megabytes of brackets are refused without reading them', () => {
    const bytes = new Uint8Array(10_000_000).fill(0x5b);
    bytes.set(utf8('p->'));

    const refused = [parseRecords(bytes, 0, bytes.length, 1), parseValue(bytes, 3)];

    expect(refused.map((result) => (result.ok ? '' : result.error.code))).toEqual(['PARSE', 'TOODEEP']);
  });

  test('a key over the limit is TOOLARGE with limit and size, one at the limit loads', () => {
    const atLimit = readLine(`${'k'.repeat(KEY_BYTES_MAX)} -> [ "${'n'.repeat(KEY_BYTES_MAX)}" -> 1 ]`);
    const over = [`${'k'.repeat(KEY_BYTES_MAX + 1)} -> []`, `k -> [ "${'n'.repeat(KEY_BYTES_MAX + 1)}" -> 1 ]`].map(
      (line) => parseRecords(utf8(line), 0, line.length, 1),
    );

    expect(atLimit.key.length).toBe(KEY_BYTES_MAX);
    for (const result of over) {
      expect(result.ok ? '' : result.error.code).toBe('TOOLARGE');
      expect(result.ok ? '' : result.error.message).toContain('a key of 65537 bytes, the limit KEY_BYTES_MAX is 65536');
    }
  });

  test('a document over the limit is TOOLARGE with limit and size', () => {
    const line = `k -> [ "a" -> "${'x'.repeat(17_000_000)}" ]`;

    const refused = parseRecords(utf8(line), 0, line.length, 1);

    expect(refused).toEqual({
      ok: false,
      error: {
        code: 'TOOLARGE',
        message: 'line 1: a document of 17000013 bytes, the limit DOCUMENT_BYTES_MAX is 16777216',
      },
    });
  });

  test('a set of more fields than the limit is TOOLARGE', () => {
    const bytes = utf8(`[${'1,'.repeat(FIELDS_MAX)}1]`);

    const refused = parseValue(bytes);

    expect(refused.ok ? '' : refused.error.code).toBe('TOOLARGE');
  });
});

describe('values', () => {
  test.each([
    ['[ "a" -> 1 ]', '{"a":1}'],
    ['[ "a" : 1 | "b" : ( 2 ) ]', '{"a":1,"b":[2]}'],
    ['[]', '{}'],
    ['{}', '{}'],
    ['[1, "a", []]', '[1,"a",[]]'],
    ['["a", "b"]', '["a","b"]'],
    ['( 1 | 2 )', '[1,2]'],
    ["{'a': None}", '{"a":null}'],
    ['{"a": {"": "\\u00e9"}}', '{"a":{"":"é"}}'],
    [' 42 ', '42'],
    ['"x"', '"x"'],
    ['null', 'null'],
    ['{\n  "a": 1\n}\n', '{"a":1}'],
    ['[ "a” -> 1 ]', '{"a":1}'],
  ])('%s', (written, json) => {
    const parsed = parseValue(utf8(written));

    expect(parsed.ok ? formatJson(parsed.value) : parsed.error.message).toBe(json);
  });

  test.each(['', 'hello', '[ "a" -> 1', '{"a":1} x', '["a" "b"]'])('%j is refused', (written) => {
    const parsed = parseValue(utf8(written));

    expect(parsed.ok ? '' : parsed.error.code).toBe('PARSE');
  });
});

describe('round trips', () => {
  test.each<Dialect>(['arrow', 'brace', 'json'])('what %s prints reads back to the same bytes', (dialect) => {
    const property = fc.property(
      texts.filter((key) => key !== ''),
      maps,
      (name, map) => {
        const key = utf8(name);
        const value = packedOf(jsonOf(map));

        const line = formatRecord(key, value, dialect);
        const again = readLine(line);

        expect(line).not.toMatch(/[\n\r]/);
        expect(again.key).toEqual(key);
        expect(again.value).toEqual(value);
      },
    );
    fc.assert(property, RUNS);
  });

  test('nesting of arrays to the limit prints and reads back in every dialect', () => {
    const value = packedOf(nested(DEPTH_MAX, '[', ']'));

    const lines = (['arrow', 'brace', 'json'] as const).map((dialect) => formatRecord(utf8('k'), value, dialect));

    expect(lines[0]).toBe(`k -> ${'( '.repeat(DEPTH_MAX)}()${' )'.repeat(DEPTH_MAX)}`);
    expect(readLine(lines[0] as string).value).toEqual(value);
    expect(readLine(lines[2] as string).value).toEqual(value);
  });
});
