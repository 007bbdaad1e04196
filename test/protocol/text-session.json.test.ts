import { describe, expect, test } from 'vitest';
import { fail } from '../../src/model/errors.ts';
import { ask, withPersons } from './asked-session.ts';

describe('FORMAT json', () => {
  function askJson(lines: readonly string[], store = withPersons(), format = 'FORMAT json'): string[] {
    return ask([format, ...lines], {}, store).slice(1);
  }

  test.each([
    ['GET person1', '{"ok":true,"key":"person1","value":{"name":"John","age":22},"warnings":[]}'],
    ['QUERY person1.age', '{"ok":true,"key":"person1.age","value":22,"warnings":[]}'],
    ['GET nobody', '{"ok":true,"found":false,"key":"nobody","value":null,"warnings":[]}'],
    ['SET a 1', '{"ok":true,"items":1,"warnings":[]}'],
    ['BULKSET [["a",1],["b",2]]', '{"ok":true,"items":2,"warnings":[]}'],
    ['DELETE person1', '{"ok":true,"key":"person1","existed":true,"warnings":[]}'],
    ['DELETE nobody', '{"ok":true,"found":false,"key":"nobody","existed":false,"warnings":[]}'],
    ['DELETE person2.name', '{"ok":true,"found":false,"key":"person2.name","existed":false,"warnings":[]}'],
    ['COMPUTE 1/4', '{"ok":true,"value":0.25,"warnings":[]}'],
    ['PING', '{"ok":true,"message":"PONG","warnings":[]}'],
    ['KEYS person 2', '{"ok":true,"keys":["person1","person2"],"more":true,"warnings":[]}'],
    ['EXPORT person4', '{"ok":true,"items":[["person4",{}]],"more":false,"warnings":[]}'],
    [
      'QUERYMANY person1.age x',
      '{"ok":true,"items":[{"key":"person1.age","value":22},{"key":"x","found":false,"value":null}],"warnings":[]}',
    ],
    ['COMPUTE 1/0', '{"ok":false,"code":"MATH","message":"division by zero"}'],
    ['GET "a\\"b\\u0000"', '{"ok":true,"found":false,"key":"a\\"b\\u0000","value":null,"warnings":[]}'],
    ['EXIT', '{"ok":true,"warnings":[]}'],
  ])('%s answers %s', (request, reply) => {
    const replies = askJson([request]);

    expect(replies).toEqual([reply]);
  });

  test('carries warnings and doubt inside the object', () => {
    const store = withPersons();
    store.notes = { warnings: ['2 or more servers are down', 'a "b"'], uncertain: true };

    const replies = askJson(['GET nobody'], store);

    expect(replies).toEqual([
      '{"ok":true,"found":false,"key":"nobody","value":null,"uncertain":true,"warnings":["2 or more servers are down","a \\"b\\""]}',
    ]);
  });

  test('carries versions when they are asked for', () => {
    const replies = askJson(['GET person4', 'EXPORT person4'], withPersons(), 'FORMAT json versions');

    expect(replies).toEqual([
      '{"ok":true,"key":"person4","value":{},"version":4,"warnings":[]}',
      '{"ok":true,"items":[["person4",{},4]],"more":false,"warnings":[]}',
    ]);
  });

  test('shows the whole status', () => {
    const [reply] = askJson(['STATUS']);

    expect(JSON.parse(reply as string)).toMatchObject({
      ok: true,
      mode: 'replicated',
      replicas: 2,
      epoch: 7,
      servers: [{ id: 's1', state: 'up', role: 'owner', keys: 812, walBytes: 4096, lastError: null }],
    });
  });

  test('answers every failure of the store by its code', () => {
    const store = withPersons();
    store.failure = fail('UNAVAILABLE', 'all servers are down').error;

    const replies = askJson(['GET a', 'PUT a {"b":1}'], store);

    expect(replies).toEqual(Array(2).fill('{"ok":false,"code":"UNAVAILABLE","message":"all servers are down"}'));
  });
});
