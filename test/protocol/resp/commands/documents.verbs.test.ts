/** The store's own verbs on the RESP port: what the text port means by them, in the replies of RESP. */
import { describe, expect, test } from 'vitest';
import { ask, newHost, open, raw, request } from '../client.ts';
import type { Decoded } from '../decode.ts';

function asker(putMode: 'upsert' | 'insert' = 'upsert'): (...words: readonly string[]) => Decoded {
  const opened = open(newHost(undefined, { putMode }));
  return (...words) => ask(opened, ...words);
}

describe('PUT and BULKSET', () => {
  test.each([
    ['"p" -> [ "name" -> "John" | "age" -> 22 ]'],
    ["p: {'name': 'John', 'age': 22}"],
    ['{"p":{"name":"John","age":22}}'],
  ])('PUT stores the record %s', (record) => {
    const say = asker();

    expect(say('PUT', record)).toBe('OK');
    expect([say('GET', 'p'), say('TYPE', 'p')]).toEqual(['{"name":"John","age":22}', 'ReJSON-RL']);
  });

  test.each([['{"a":{"b":[1,2.0]}}'], ['[ "a" -> [ "b" -> (1, 2.0) ] ]']])('PUT stores the document %s', (document) => {
    const say = asker();

    expect(say('PUT', 'any key: at all', document)).toBe('OK');
    expect(say('JSON.GET', 'any key: at all', '$.a.b')).toBe('[[1,2.0]]');
  });

  test('PUT refuses what is no document, and stores nothing of a record with an error', () => {
    const say = asker();

    expect(say('PUT', 'k', '"text"')).toMatch(/^-ERR found a string, expected a document/);
    expect(say('PUT', 'k', '{"a":')).toMatch(/^-ERR .*1:6|^-ERR .*column 6/);
    expect(say('PUT', '"k" -> [ "a" 1 ]')).toMatch(/^-ERR /);
    expect(say('PUT', '', '{}')).toMatch(/^-ERR /);
    expect(say('EXISTS', 'k')).toBe(0);
  });

  test('PUT of a host that only inserts refuses a key that exists', () => {
    const say = asker('insert');

    expect(say('PUT', 'k', '{"a":1}')).toBe('OK');
    expect(say('PUT', 'k', '{"a":2}')).toBe('-ERR high-level key k already exists, overwrite is not supported');
    expect(say('GET', 'k')).toBe('{"a":1}');
  });

  test('BULKSET stores all pairs or none', () => {
    const say = asker();

    expect(say('BULKSET', '[["a",1],["b",{"c":[]}],["a","last"]]')).toBe('OK');
    expect(say('MGET', 'a', 'b')).toEqual(['last', '{"c":[]}']);
    expect(say('BULKSET', '[["x",1],["",2]]')).toMatch(/^-ERR /);
    expect(say('BULKSET', '[["x",1],2]')).toMatch(/^-ERR /);
    expect(say('EXISTS', 'x')).toBe(0);
    expect(say('BULKSET', '[]')).toBe('OK');
  });
});

describe('QUERY, QUERYMANY and COMPUTE', () => {
  test('QUERY answers text bare and all else as JSON, nil for what is not there', () => {
    const say = asker();
    say('PUT', 'p', '{"name":"Mary","address":{"number":18,"tags":["a","b"]},"none":null}');

    expect(say('QUERY', 'p.name')).toBe('Mary');
    expect(say('QUERY', 'p.address.number')).toBe('18');
    expect(say('QUERY', 'p.address.tags.1')).toBe('b');
    expect(say('QUERY', 'p.address')).toBe('{"number":18,"tags":["a","b"]}');
    expect(say('QUERY', 'p.none')).toBe('null');
    expect(say('QUERY', 'p.nothing.here')).toBeNull();
    expect(say('QUERYMANY', 'p.name', 'q', 'p.address.number')).toEqual(['Mary', null, '18']);
    expect(say('QUERY', 'p..name')).toMatch(/^-ERR .*column 3/);
  });

  test('the longest key that exists decides, also in a transaction', () => {
    const say = asker();
    say('PUT', 'a', '{"b":{"c":"short"}}');
    say('PUT', 'a.b', '{"c":"long"}');

    expect(say('QUERY', 'a.b.c')).toBe('long');
    say('MULTI');
    for (const words of [
      ['QUERY', 'a.b.c'],
      ['DELETE', 'a.b'],
      ['QUERY', 'a.b.c'],
      ['PUT', 'a.b', '{}'],
      ['QUERY', 'a.b.c'],
    ])
      expect(say(...words)).toBe('QUEUED');
    expect(say('EXEC')).toEqual(['long', 1, 'short', 'OK', null]);
  });

  test('COMPUTE takes its words as one argument or many, and answers a double in version 3', () => {
    const opened = open();
    ask(opened, 'PUT', 'p', '{"x":4,"name":"Mary"}');

    expect(ask(opened, 'COMPUTE', '2*x+1 WHERE x = QUERY p.x')).toBe('9');
    expect(ask(opened, 'COMPUTE', '2*x+1', 'WHERE', 'x', '=', 'QUERY', 'p.x')).toBe('9');
    expect(ask(opened, 'COMPUTE', '2+3')).toBe('5');
    expect(ask(opened, 'COMPUTE', '1/0')).toMatch(/^-MATH /);
    expect(ask(opened, 'COMPUTE', 'x', 'WHERE', 'x', '=', 'QUERY', 'p.name')).toMatch(/^-WRONGTYPE /);
    expect(ask(opened, 'COMPUTE', 'x', 'WHERE', 'x', '=', 'QUERY', 'q')).toMatch(/^-ERR .*NOT FOUND/);
    ask(opened, 'HELLO', '3');
    opened.session.push(request('COMPUTE', '7/2'));
    expect(raw(opened)).toBe(',3.5\r\n');
  });

  test('COMPUTE in a transaction reads what the commands before it stored', () => {
    const say = asker();

    say('MULTI');
    say('JSON.SET', 'p', '$', '{"x":2}');
    say('COMPUTE', 'x^10', 'WHERE', 'x', '=', 'QUERY', 'p.x');

    expect(say('EXEC')).toEqual(['OK', '1024']);
  });
});

describe('DELETE and operators', () => {
  test('DELETE takes one key, whatever it holds, and says whether it was there', () => {
    const say = asker();
    say('SET', 'a.b', '1');

    expect([say('DELETE', 'a.b'), say('DELETE', 'a.b'), say('GET', 'a.b')]).toEqual([1, 0, null]);
  });

  test('STATUS shows the cluster; FAULT goes to the host and its refusals come back', async () => {
    const opened = open();

    expect(JSON.stringify(ask(opened, 'STATUS'))).toContain('s1');
    opened.session.push(request('FAULT', 'crash', 's1'));
    opened.session.push(request('FAULT', 'nonsense'));
    await new Promise((settle) => setImmediate(settle));

    expect(opened.administration.calls).toEqual(['fault crash s1', 'fault nonsense']);
    expect(raw(opened)).toBe('+OK\r\n-ERR 1:1: unknown nonsense\r\n');
  });
});
