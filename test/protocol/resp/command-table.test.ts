import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utf8 } from '../../../src/lib/bytes.ts';
import { keysIn } from '../../../src/protocol/resp/command-index.ts';
import { RESP_COMMANDS } from '../../../src/protocol/resp/command-table.ts';
import { argumentsOf, arityOf, keyPlacesOf } from '../../../src/protocol/resp/syntax.ts';
import { ask, newHost, open, request } from './client.ts';
import { type Decoded, decodeAll } from './decode.ts';

const ALL = [...RESP_COMMANDS.entries, ...RESP_COMMANDS.groups.flatMap(({ entries }) => entries)];

/** Commands that a client of 2026 looks for, by what they ask at least. */
const WANTED =
  `append auth bgsave client command config copy dbsize decr decrby del delete discard echo exec exists expire
expireat expiretime fault flushall flushdb get getdel getex getrange getset hdel hello hexists hget hgetall hincrby
hincrbyfloat hkeys hlen hmget hmset hscan hset hsetnx hstrlen hvals incr incrby incrbyfloat info json.arrappend
json.arrindex json.arrinsert json.arrlen json.arrpop json.arrtrim json.clear json.del json.forget json.get json.merge
json.mget json.mset json.numincrby json.objkeys json.objlen json.set json.strappend json.strlen json.toggle json.type
keys lastsave latency memory mget module monitor mset msetnx multi object persist pexpire pexpireat ping psetex
psubscribe pttl publish pubsub punsubscribe put query quit randomkey rename renamenx reset save scan select set setex
setnx setrange shutdown slowlog status strlen subscribe substr time touch ttl type unlink unsubscribe unwatch wait watch
acl bulkset compute`.split(/\s+/);

describe('the table', () => {
  test('has every command that clients ask for, and none of lists, sets, sorted sets, streams and scripts', () => {
    const missing = WANTED.filter((name) => RESP_COMMANDS.named(utf8(name)).kind === 'none');

    expect(missing).toEqual([]);
    for (const name of ['lpush', 'sadd', 'zadd', 'xadd', 'eval', 'function'])
      expect(RESP_COMMANDS.named(utf8(name)).kind).toBe('none');
  });

  test('names are found in any case of letters, and nothing else is', () => {
    for (const { name } of RESP_COMMANDS.entries) {
      expect(RESP_COMMANDS.called([utf8(name.toUpperCase())])?.name).toBe(name);
      expect(RESP_COMMANDS.called([utf8(`${name} `)])).toBe(null);
    }
  });

  test.each([
    ['get', 2, ['a']],
    ['set', -3, ['a']],
    ['mget', -2, ['a', 'b', 'c', 'd', 'e']],
    ['mset', -3, ['a', 'c', 'e']],
    ['del', -2, ['a', 'b', 'c', 'd', 'e']],
    ['rename', 3, ['a', 'b']],
    ['copy', -3, ['a', 'b']],
    ['hset', -4, ['a']],
    ['json.mget', -3, ['a', 'b', 'c', 'd']],
    ['json.mset', -4, ['a', 'd']],
    ['ping', -1, []],
    ['publish', 3, []],
    ['expire', -3, ['a']],
    ['setex', 4, ['a']],
    ['object|encoding', 3, ['b']],
    ['memory|usage', -3, ['b']],
  ])('%s takes %d words, of which these are keys: %j', (name, arity, keys) => {
    const entry = RESP_COMMANDS.byName(name);

    expect(entry?.arity).toBe(arity);
    const words = [name, 'a', 'b', 'c', 'd', 'e'].map((word) => utf8(word));
    expect(entry === null ? null : keysIn(entry, words).map((key) => Buffer.from(key).toString())).toEqual(keys);
  });

  test('a line of syntax says how many words there are and which are keys', () => {
    const items = argumentsOf('key (field value) ... [NX|XX] [EX seconds|KEEPTTL] [COUNT count]');

    expect(items.map(({ name, type, isOptional, isMultiple }) => [name, type, isOptional, isMultiple])).toEqual([
      ['key', 'key', false, false],
      ['field-value', 'block', false, true],
      ['nx-or-xx', 'oneof', true, false],
      ['seconds-or-keepttl', 'oneof', true, false],
      ['count', 'integer', true, false],
    ]);
    expect(arityOf(items, 1)).toBe(-4);
    expect(keyPlacesOf(items, 1)).toEqual({ first: 1, last: 1, step: 1 });
  });
});

describe('COMMAND DOCS', () => {
  type Docs = Readonly<Record<string, unknown>>;

  /** A flat list of names and values as an object. */
  function fieldsOf(flat: unknown): Docs {
    const list = flat as unknown[];
    return Object.fromEntries(list.flatMap((name, i) => (i % 2 === 0 ? [[String(name), list[i + 1]]] : [])));
  }

  test('lacks nothing of any command: what it is for, since when, to which group it belongs, what it takes', () => {
    const docs = fieldsOf(ask(open(), 'COMMAND', 'DOCS'));
    const lacking: string[] = [];

    for (const entry of ALL) {
      const [container, subcommand] = entry.name.split('|');
      const outer = fieldsOf(docs[container as string]);
      const own = subcommand === undefined ? outer : fieldsOf(fieldsOf(outer['subcommands'])[entry.name]);
      for (const field of ['summary', 'since', 'group', 'complexity'])
        if (typeof own[field] !== 'string' || own[field] === '') lacking.push(`${entry.name}: ${field}`);
      const items = (own['arguments'] ?? []) as unknown[];
      if (items.length !== entry.arguments.length) lacking.push(`${entry.name}: arguments`);
      for (const item of items) {
        const { name, type } = fieldsOf(item);
        if (typeof name !== 'string' || typeof type !== 'string')
          lacking.push(`${entry.name}: an argument's name or type`);
      }
    }

    expect(Object.keys(docs)).toHaveLength(RESP_COMMANDS.entries.length + RESP_COMMANDS.groups.length);
    expect(lacking).toEqual([]);
  });
});

describe('COMMAND LIST', () => {
  test.each([
    ['', 'get client client|list config|get', 'list'],
    ['FILTERBY PATTERN c*|get', 'config|get', 'client get'],
    ['FILTERBY ACLCAT admin', 'client|kill acl|setuser shutdown', 'client acl get'],
  ])('%s has subcommands too', (filter, inside, outside) => {
    const names = ask(open(), 'COMMAND', 'LIST', ...filter.split(' ').filter((word) => word !== '')) as string[];

    expect(inside.split(' ').filter((name) => !names.includes(name))).toEqual([]);
    expect(outside.split(' ').filter((name) => names.includes(name))).toEqual([]);
  });
});

describe('replies', () => {
  test('any words after any command get exactly one reply of the protocol, in both versions', () => {
    const word = fc.constantFrom(
      'a',
      'b',
      '0',
      '1',
      '-1',
      'NX',
      'GET',
      '*',
      '$',
      '$.a',
      '{"a":1}',
      '',
      'EX',
      'MATCH',
      'x=1',
      'WHERE',
    );
    const asked = fc.record({
      entry: fc.constantFrom(...ALL.filter(({ name }) => !NOT_ONE_REPLY.has(name))),
      words: fc.array(word, { maxLength: 6 }),
    });
    fc.assert(
      fc.property(fc.array(asked, { minLength: 1, maxLength: 30 }), fc.boolean(), (commands, isThree) => {
        const opened = open(newHost());
        if (isThree) ask(opened, 'HELLO', '3');

        for (const { entry, words } of commands) {
          opened.session.push(request(...entry.name.split('|'), ...words));

          const replies = decodeAll(opened.session.output().slice()).filter((reply) => !isPush(reply));
          opened.session.sent();
          expect([entry.name, words, replies.length]).toEqual([entry.name, words, 1]);
        }
      }),
      { numRuns: 400 },
    );
  });

  test('COMMAND, its DOCS and INFO have the shapes that clients read', () => {
    const opened = open();
    ask(opened, 'HELLO', '3');

    const all = ask(opened, 'COMMAND') as Decoded[][];
    const docs = ask(opened, 'COMMAND', 'DOCS', 'set', 'client') as { map: [string, { map: [string, Decoded][] }][] };
    const info = ask(opened, 'COMMAND', 'INFO', 'get', 'nope', 'client|list') as Decoded[][];

    expect(all).toHaveLength(ask(opened, 'COMMAND', 'COUNT') as number);
    for (const row of all) expect(row).toHaveLength(10);
    expect(docs.map.map(([name]) => name)).toEqual(['set', 'client']);
    expect(new Map(docs.map[0]?.[1].map).get('group')).toBe('string');
    expect(new Map(docs.map[1]?.[1].map).has('subcommands')).toBe(true);
    expect(info.map((row) => row?.[0] ?? null)).toEqual(['get', null, 'client|list']);
    expect(info[0]?.slice(1, 6)).toEqual([2, ['readonly', 'fast'], 1, 1, 1]);
  });
});

/** Those that answer nothing, more than once, later, or end the conversation; and those that change what replies look like. */
const NOT_ONE_REPLY = new Set([
  'quit',
  'shutdown',
  'subscribe',
  'psubscribe',
  'unsubscribe',
  'punsubscribe',
  'client|reply',
  'client|kill',
  'monitor',
  'config|set',
  'save',
  'bgsave',
  'bgrewriteaof',
  'snapshot',
  'force',
  'fault',
  'debug|reload',
]);

function isPush(reply: Decoded): boolean {
  return typeof reply === 'object' && reply !== null && Object.hasOwn(reply, 'push');
}
