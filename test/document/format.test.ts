import { describe, expect, test } from 'vitest';
import { formatAnswer, formatRecord, withWriter, writeAnswer } from '../../src/document/format.ts';
import { packString } from '../../src/document/packed.ts';
import { DIALECTS } from '../../src/document/styles.ts';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { packedOf } from './models.ts';

const PERSON = packedOf('{"name":"John","age":22,"tags":["a",2.0,null],"home":{},"list":[],"ok":true}');

describe('a record', () => {
  test.each([
    [
      'arrow',
      'person1 -> [ "name" -> "John" | "age" -> 22 | "tags" -> ( "a" | 2.0 | null ) | "home" -> [] | "list" -> () | "ok" -> true ]',
    ],
    [
      'plain',
      'person1 -> [ name -> John | age -> 22 | tags -> ( a | 2.0 | null ) | home -> [] | list -> () | ok -> true ]',
    ],
    ['brace', "person1: {'name': 'John', 'age': 22, 'tags': ['a', 2.0, None], 'home': {}, 'list': [], 'ok': True}"],
    ['json', '{"person1":{"name":"John","age":22,"tags":["a",2.0,null],"home":{},"list":[],"ok":true}}'],
  ] as const)('in %s', (dialect, line) => {
    expect(formatRecord(utf8('person1'), PERSON, dialect)).toBe(line);
  });

  test.each([
    ['my key', '"my key"'],
    [' level', '" level"'],
    ['a"b', '"a\\"b"'],
    ['a->b', '"a->b"'],
    ['a|b', '"a|b"'],
    ['a:', '"a:"'],
    ['line\nfeed', '"line\\nfeed"'],
    ['it’s', '"it’s"'],
    ['user:1.x@y', 'user:1.x@y'],
    ['κλειδί', 'κλειδί'],
  ])('with the key %j shows it as %s', (key, shown) => {
    expect(formatRecord(utf8(key), packedOf('{}'), 'arrow')).toBe(`${shown} -> []`);
  });
});

describe('an answer', () => {
  test.each([
    ['arrow', 'person2.name -> Mary'],
    ['plain', 'person2.name -> Mary'],
    ['brace', 'person2.name: Mary'],
    ['json', '{"person2.name":"Mary"}'],
  ] as const)('that is a string is bare in %s', (dialect, line) => {
    expect(formatAnswer('person2.name', packedOf('"Mary"'), dialect)).toBe(line);
  });

  test('that is a set or a number looks as in a record', () => {
    const answers = ['{"street":"Pan","number":12}', '12', '-0', '1e3', '{}'].map((json) =>
      formatAnswer('p.a', packedOf(json), 'arrow'),
    );

    expect(answers).toEqual([
      'p.a -> [ "street" -> "Pan" | "number" -> 12 ]',
      'p.a -> 12',
      'p.a -> -0',
      'p.a -> 1e3',
      'p.a -> []',
    ]);
  });

  test('stays on its line whatever label and string hold', () => {
    const everything = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
    const value = packedOf(JSON.stringify({ [everything]: everything }));
    const leaf = packedOf(JSON.stringify(everything));

    const lines = DIALECTS.flatMap((dialect) => [
      formatAnswer(everything, leaf, dialect),
      formatAnswer(everything, value, dialect),
      formatRecord(utf8(everything), value, dialect),
    ]);

    for (const line of lines) expect(Math.min(...utf8(line))).toBeGreaterThanOrEqual(0x20);
  });

  test('goes behind what the writer holds, bytes that are no UTF-8 as they are', () => {
    const written = withWriter((writer) => {
      writer.u8(0x3e);
      writeAnswer(writer, utf8('k'), packString(Uint8Array.of(0xff, 0x41)), 'arrow');
      return writer.copy();
    });

    expect(text(written, 0, 6)).toBe('>k -> ');
    expect(written.subarray(6)).toEqual(Uint8Array.of(0xff, 0x41));
  });
});
