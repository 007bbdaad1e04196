import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ask, type Opened, open } from '../client.ts';

function withDocument(json: string): Opened {
  const opened = open();
  ask(opened, 'JSON.SET', 'd', '$', json);
  return opened;
}

const STORE = `{"store":{"book":[
  {"category":"reference","author":"Rees","title":"Sayings","price":8.95},
  {"category":"fiction","author":"Waugh","title":"Sword","price":12.99},
  {"category":"fiction","author":"Melville","title":"Moby Dick","isbn":"0-553","price":8.99}],
  "bicycle":{"color":"red","price":399}},"expensive":10}`;

describe('paths', () => {
  test.each([
    ['$.expensive', '[10]'],
    ['$.store.book[0].title', '["Sayings"]'],
    ['$.store.book[-1].title', '["Moby Dick"]'],
    ['$.store.book[*].author', '["Rees","Waugh","Melville"]'],
    ["$['store']['book'][0,2]['price']", '[8.95,8.99]'],
    ['$.store.book[0:2].price', '[8.95,12.99]'],
    ['$.store.book[1:].price', '[12.99,8.99]'],
    ['$.store.book[::2].price', '[8.95,8.99]'],
    ['$..price', '[8.95,12.99,8.99,399]'],
    ['$.store..color', '["red"]'],
    ['$.store.book[?(@.price<10)].title', '["Sayings","Moby Dick"]'],
    ['$.store.book[?(@.isbn)].author', '["Melville"]'],
    ['$.store.book[?(@.category=="fiction" && @.price>10)].author', '["Waugh"]'],
    ['$.store.book[?(!(@.price<10) || @.author=="Rees")].author', '["Rees","Waugh"]'],
    ['$.nothing', '[]'],
    ['$.store.book[9]', '[]'],
    ['.expensive', '10'],
    ['expensive', '10'],
    ['store.book[1].author', '"Waugh"'],
    ['.store.bicycle', '{"color":"red","price":399}'],
  ])('%s is %s', (path, json) => {
    expect(ask(withDocument(STORE), 'JSON.GET', 'd', path)).toBe(json);
  });

  test.each(['$.', '$[', '$[a]', '$["a', '$.a[', '$..', '$[1', '$[?]', '$[?(@.a', '$x', '$[::0]'])(
    '%s is none',
    (path) => {
      expect(ask(withDocument('{}'), 'JSON.GET', 'd', path)).toMatch(/^-ERR found .* at column \d+ of the path$/);
    },
  );

  test('a path of the older kind that leads nowhere is an error, and names itself', () => {
    expect(ask(withDocument('{}'), 'JSON.GET', 'd', '.a.b')).toBe("-ERR Path '$.a.b' does not exist");
  });
});

describe('changes', () => {
  test('JSON.SET adds a field to an object that exists, and nothing deeper', () => {
    const opened = withDocument('{"a":{}}');

    expect(ask(opened, 'JSON.SET', 'd', '$.a.b', '1')).toBe('OK');
    expect(ask(opened, 'JSON.SET', 'd', '$.x.y', '1')).toBe(null);
    expect(ask(opened, 'JSON.SET', 'd', '$.a.b', '2', 'NX')).toBe(null);
    expect(ask(opened, 'JSON.SET', 'd', '$.a.c', '2', 'XX')).toBe(null);
    expect(ask(opened, 'JSON.SET', 'new', '$.a', '1')).toBe('-ERR new objects must be created at the root');
    expect(ask(opened, 'JSON.GET', 'd')).toBe('{"a":{"b":1}}');
  });

  test('digits and the order of fields stay what they were', () => {
    const opened = withDocument('{"z":1.50,"10":9007199254740993,"a":{"b":-0,"c":1e3}}');

    ask(opened, 'JSON.SET', 'd', '$.a.d', '2.0');
    ask(opened, 'JSON.DEL', 'd', '$.a.b');

    expect(ask(opened, 'JSON.GET', 'd')).toBe('{"z":1.50,"10":9007199254740993,"a":{"c":1e3,"d":2.0}}');
  });

  test('a time to live survives a change inside', () => {
    const opened = withDocument('{"a":1}');
    ask(opened, 'EXPIRE', 'd', '100');

    ask(opened, 'JSON.NUMINCRBY', 'd', '$.a', '1');

    expect(ask(opened, 'TTL', 'd')).toBe(100);
  });

  test('of values inside one another the outermost is changed', () => {
    const opened = withDocument('{"a":{"a":{"a":1}},"b":[{"a":2}]}');

    expect(ask(opened, 'JSON.DEL', 'd', '$..a')).toBe(2);
    expect(ask(opened, 'JSON.GET', 'd')).toBe('{"b":[{}]}');
    ask(opened, 'JSON.SET', 'd', '$', '{"a":{"a":{"a":1}}}');
    expect(ask(opened, 'JSON.SET', 'd', '$..a', '[]')).toBe('OK');
    expect(ask(opened, 'JSON.GET', 'd')).toBe('{"a":[]}');
  });

  test('all commands have one answer a value for $, a plain one for older paths', () => {
    const opened = withDocument(
      '{"n":1,"s":"ab","l":[1,2,3],"o":{"x":1},"t":true,"deep":{"n":2.5,"s":1,"l":"no","o":3,"t":0}}',
    );
    const both = (command: string, path: string, ...rest: string[]) => [
      ask(opened, command, 'd', `$..${path}`, ...rest),
      ask(opened, command, 'd', `.${path}`, ...rest),
    ];

    expect(both('JSON.NUMINCRBY', 'n', '2')).toEqual(['[3,4.5]', '5']);
    expect(both('JSON.NUMMULTBY', 'n', '2')).toEqual(['[10,9.0]', '20']);
    expect(both('JSON.STRLEN', 's')).toEqual([[2, null], 2]);
    expect(both('JSON.STRAPPEND', 's', '"c"')).toEqual([[3, null], 4]);
    expect(both('JSON.ARRLEN', 'l')).toEqual([[3, null], 3]);
    expect(both('JSON.ARRAPPEND', 'l', '4', '"x"')).toEqual([[5, null], 7]);
    expect(both('JSON.ARRINDEX', 'l', '"x"')).toEqual([[4, null], 4]);
    expect(both('JSON.ARRPOP', 'l')).toEqual([['"x"', null], '4']);
    expect(both('JSON.ARRINSERT', 'l', '0', '0')).toEqual([[6, null], 7]);
    expect(both('JSON.ARRTRIM', 'l', '1', '3')).toEqual([[3, null], 2]);
    expect(both('JSON.OBJLEN', 'o')).toEqual([[1, null], 1]);
    expect(both('JSON.OBJKEYS', 'o')).toEqual([[['x'], null], ['x']]);
    expect(both('JSON.TOGGLE', 't')).toEqual([[0, null], 'true']);
    expect(both('JSON.TYPE', 'l')).toEqual([['array', 'string'], 'array']);
    expect(ask(opened, 'JSON.CLEAR', 'd', '$.l')).toBe(1);
    expect(ask(opened, 'JSON.STRLEN', 'd', '.n')).toBe(
      '-WRONGTYPE wrong type of path value - expected string but found integer',
    );
    expect(ask(opened, 'JSON.ARRLEN', 'none', '.a')).toBe(null);
    expect(ask(opened, 'JSON.ARRLEN', 'none', '$.a')).toBe(
      "-ERR could not perform this operation on a key that doesn't exist",
    );
    expect(ask(opened, 'JSON.RESP', 'd', '.o')).toEqual(['{', 'x', 1]);
  });

  test('JSON.MSET stores all or none', () => {
    const opened = open();
    ask(opened, 'SET', 's', 'text');

    expect(ask(opened, 'JSON.MSET', 'a', '$', '1', 's', '$.x', '1')).toMatch(/^-WRONGTYPE/);
    expect(ask(opened, 'EXISTS', 'a')).toBe(0);
    expect(ask(opened, 'JSON.MSET', 'a', '$', '{}', 'a', '$.x', '[1]')).toBe('OK');
    expect(ask(opened, 'JSON.MGET', 'a', 'none', '$.x')).toEqual(['[[1]]', null]);
  });

  test('a JSON.MSET that fails changes no key, not even one that is absent', () => {
    const opened = open();
    const changed: unknown[] = [];
    opened.store.observe((changes) => changed.push(...(changes?.items ?? [])));

    const alone = ask(opened, 'JSON.MSET', 'a', '$', '1', 'b', '$.x', '1');
    ask(opened, 'MULTI');
    ask(opened, 'JSON.SET', 'c', '$', '2');
    ask(opened, 'JSON.MSET', 'a', '$', '1', 'c', '$', '1', 'b', '$.x', '1');
    ask(opened, 'EXEC');

    expect(alone).toBe('-ERR new objects must be created at the root');
    expect(changed).toHaveLength(1);
    expect(ask(opened, 'JSON.GET', 'c')).toBe('2');
  });

  test('JSON.MERGE does what RFC 7396 says', () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(value, value, (target, patch) => {
        fc.pre(target !== null && patch !== null);
        const opened = withDocument(JSON.stringify(target));

        expect(ask(opened, 'JSON.MERGE', 'd', '$', JSON.stringify(patch))).toBe('OK');

        const merged = JSON.parse(Buffer.from(ask(opened, 'JSON.GET', 'd') as string, 'latin1').toString());
        expect(merged).toEqual(normal(merge(target, patch)));
      }),
      { numRuns: 300 },
    );
  });
});

describe('types', () => {
  test('strings, hashes and documents are told apart, also a JSON string from a string', () => {
    const opened = withDocument('"text"');
    ask(opened, 'SET', 's', 'text');
    ask(opened, 'HSET', 'h', 'f', 'v');
    ask(opened, 'PUT', 'p', '{"f":"v"}');

    expect(['d', 's', 'h', 'p', 'none'].map((key) => ask(opened, 'TYPE', key))).toEqual([
      'ReJSON-RL',
      'string',
      'hash',
      'ReJSON-RL',
      'none',
    ]);
    expect(['d', 's', 'p'].map((key) => ask(opened, 'GET', key))).toEqual(['"text"', 'text', '{"f":"v"}']);
    expect(ask(opened, 'JSON.GET', 's')).toMatch(/^-WRONGTYPE/);
    expect(ask(opened, 'HGET', 'p', 'f')).toMatch(/^-WRONGTYPE/);
    expect(ask(opened, 'APPEND', 'd', 'x')).toMatch(/^-WRONGTYPE/);
    expect(ask(opened, 'QUERY', 'h.f')).toBe('v');
  });

  test('names that JavaScript knows are names like any other', () => {
    const opened = open();
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      ask(opened, 'HSET', name, name, name);
      ask(opened, 'JSON.SET', `j${name}`, '$', `{"${name}":{"x":1}}`);

      expect(ask(opened, 'HGETALL', name)).toEqual([name, name]);
      expect(ask(opened, 'JSON.GET', `j${name}`, `$.${name}.x`)).toBe('[1]');
    }
    expect(({} as { x?: number }).x).toBe(undefined);
  });

  test('a thousand sets inside one another are fine, more are refused, and neither is slow', () => {
    const opened = open();
    const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

    expect(ask(opened, 'JSON.SET', 'd', '$', deep(1_001))).toBe('OK');
    expect(ask(opened, 'JSON.SET', 'e', '$', deep(1_002))).toMatch(/^-ERR .*DEPTH_MAX/);
    ask(opened, 'JSON.SET', 'f', '$', `{"a":${deep(990)},"b":1}`);
    expect(ask(opened, 'JSON.SET', 'f', '$.b', deep(1_001))).toMatch(/^-ERR .*DEPTH_MAX/);
    expect(ask(opened, 'JSON.SET', 'f', '$.b', deep(1_000))).toBe('OK');
    expect((ask(opened, 'JSON.TYPE', 'd', '$..*') as string[]).length).toBe(1_000);
  });
});

type Json = ReturnType<typeof JSON.parse>;

/** RFC 7396, as it is written there. */
function merge(target: Json, patch: Json): Json {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const merged = new Map<string, Json>(
    typeof target === 'object' && target !== null && !Array.isArray(target) ? Object.entries(target) : [],
  );
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, merge(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

function normal(value: Json): Json {
  return JSON.parse(JSON.stringify(value));
}
