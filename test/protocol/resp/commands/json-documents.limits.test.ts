/** What JSON commands refuse: paths, replies and documents beyond their limits, whatever the document holds. */
import { describe, expect, test } from 'vitest';
import { DEPTH_MAX, JSON_PATH_VALUES_MAX } from '../../../../src/model/limits.ts';
import { ask, open } from '../client.ts';
import type { Decoded } from '../decode.ts';

function holding(json: string): (...words: readonly string[]) => Decoded {
  const opened = open();
  const say = (...words: readonly string[]): Decoded => ask(opened, ...words);
  expect(say('JSON.SET', 'd', '$', json)).toBe('OK');
  return say;
}

/** Arrays inside one another, `depth` below the outermost. */
function nested(depth: number): string {
  return '['.repeat(depth + 1) + ']'.repeat(depth + 1);
}

describe('limits of JSON commands', () => {
  test('a path that leads to too many values is refused at once', () => {
    const row = `[${'0,'.repeat(999)}0]`;
    const say = holding(`[${`${row},`.repeat(JSON_PATH_VALUES_MAX / 1_000)}${row}]`);

    for (const path of ['$..*', '$[*][*]']) {
      expect(say('JSON.TYPE', 'd', path)).toMatch(/^-ERR paths that lead to more than .* JSON_PATH_VALUES_MAX$/);
    }
    expect(say('JSON.ARRLEN', 'd', '$')).toEqual([JSON_PATH_VALUES_MAX / 1_000 + 1]);
  });

  test('a reply that would be too long is refused: one value in many answers, one indent in front of many', () => {
    const say = holding(`{"s":"${'x'.repeat(1_000_000)}"}`);

    const many = say('JSON.GET', 'd', ...new Array<string>(100).fill('$.s'));
    const indented = holding(nested(DEPTH_MAX).replace('[]', `[${'0,'.repeat(9_999)}0]`))(
      'JSON.GET',
      'd',
      'INDENT',
      ' '.repeat(64),
    );

    for (const reply of [many, indented]) expect(reply).toMatch(/^-ERR a reply of more than .* JSON_REPLY_BYTES_MAX$/);
  });

  test('documents as deep as they may be are read, changed and answered; deeper ones are refused and nothing is changed', () => {
    const say = holding(nested(DEPTH_MAX));
    const bottom = `$${'[0]'.repeat(DEPTH_MAX)}`;

    expect(say('JSON.ARRAPPEND', 'd', bottom, '1')).toEqual([1]);
    expect(say('JSON.ARRAPPEND', 'd', bottom, '[]')).toMatch(/^-ERR .*DEPTH_MAX/);
    expect(say('JSON.SET', 'd', bottom, '[[]]')).toMatch(/^-ERR .*DEPTH_MAX/);
    expect(say('JSON.GET', 'd', bottom)).toBe('[[1]]');
    expect(say('JSON.NUMINCRBY', 'd', '$..*', '1')).toContain('2');
    expect(say('JSON.ARRINDEX', 'd', '$', nested(DEPTH_MAX - 1).replace('[]', '[2]'))).toEqual([0]);
    expect(say('JSON.CLEAR', 'd', bottom)).toBe(1);
    expect(say('JSON.DEL', 'd', '$[0]')).toBe(1);
    expect(say('JSON.GET', 'd')).toBe('[]');
  });

  test('a JSON.MSET that stores a large document too often is refused and changes nothing', () => {
    const say = holding(`{"a":0,"s":"${'x'.repeat(1_000_000)}"}`);

    const many = say('JSON.MSET', ...Array.from({ length: 200 }, (_, i) => ['d', '$.a', String(i)]).flat());

    expect(many).toMatch(/^-ERR .* EXEC_BYTES_MAX/);
    expect(say('JSON.GET', 'd', '$.a')).toBe('[0]');
  });

  test('one value put in many places is refused when the document would be too large', () => {
    const say = holding(`[${'0,'.repeat(99)}0]`);

    const reply = say('JSON.SET', 'd', '$[*]', JSON.stringify('x'.repeat(1_000_000)));

    expect(reply).toMatch(/^-ERR .*DOCUMENT_BYTES_MAX/);
    expect(say('JSON.GET', 'd', '$[0]')).toBe('[0]');
  });

  test('paths and filters that are too long are refused before anything is looked at', () => {
    const say = holding('[1]');

    expect(say('JSON.GET', 'd', `$.${'a'.repeat(200_000)}`)).toMatch(/JSON_PATH_BYTES_MAX/);
    expect(say('JSON.GET', 'd', `$${'.a'.repeat(2_000)}`)).toMatch(/PATH_SEGMENTS_MAX/);
    expect(say('JSON.GET', 'd', `$[?${'@.a||'.repeat(40)}@.a]`)).toMatch(/JSON_PATH_TESTS_MAX/);
    expect(say('JSON.GET', 'd', `$[?${'('.repeat(100)}@.a${')'.repeat(100)}]`)).toMatch(/^-ERR/);
  });

  test('paths that are no paths are refused, and name the column', () => {
    const say = holding('{}');

    for (const path of ['$.', '$[', '$[1', '$..', "$['a", '$[?(@.a', '$.a b', '$[1:2:0]'])
      expect(say('JSON.GET', 'd', path)).toMatch(/^-ERR .*column \d+/);
  });

  test('in a transaction each command sees what those before it changed, and a refused one changes nothing', () => {
    const say = holding('{"a":[1]}');

    say('MULTI');
    for (const words of [
      ['JSON.ARRAPPEND', 'd', '$.a', '2'],
      ['JSON.ARRINSERT', 'd', '$.a', '9', '0'],
      ['JSON.NUMINCRBY', 'd', '$.a[1]', '3'],
      ['HSET', 'd', 'f', 'v'],
      ['JSON.GET', 'd', '$.a'],
      ['JSON.DEL', 'd'],
      ['HSET', 'd', 'f', 'v'],
      ['JSON.GET', 'd'],
      ['TYPE', 'd'],
    ])
      expect(say(...words)).toBe('QUEUED');

    expect(say('EXEC')).toEqual([
      [2],
      '-ERR index out of range',
      '[5]',
      '-WRONGTYPE Operation against a key holding the wrong kind of value',
      '[[1,5]]',
      1,
      1,
      '-WRONGTYPE Operation against a key holding the wrong kind of value',
      'hash',
    ]);
  });
});
