/** What connections that cache are told to forget. Texts are those of Redis. */
import { describe, expect, test } from 'vitest';
import { utf8 } from '../../../src/lib/bytes.ts';
import { ask, askAll, newHost, type Opened, open, raw } from './client.ts';

/** A connection that tracks, in version 3, and another one; `told` are the keys that it was told since. */
function world(...options: string[]) {
  const on = newHost();
  const [cache, other] = [open(on), open(on)];
  ask(cache, 'HELLO', '3');
  ask(cache, 'CLIENT', 'TRACKING', 'ON', ...options);
  return { on, cache, other, told: () => toldTo(cache) };
}

function toldTo(opened: Opened): string[] {
  return [...raw(opened).matchAll(/>2\r\n\$10\r\ninvalidate\r\n(?:_\r\n|\*\d+\r\n((?:\$\d+\r\n.*?\r\n)+))/g)].map(
    ([, keys]) => (keys === undefined ? 'everything' : keys.replaceAll(/\$\d+\r\n(.*?)\r\n/g, '$1 ').trim()),
  );
}

describe('a connection that tracks', () => {
  test.each([
    ['get a', 'set a 1'],
    ['mget b a', 'incr a'],
    ['hget a f', 'hset a f 1'],
    ['query a.x', 'put a {"x":1}'],
    ['json.get a', 'json.set a $ 1'],
    ['compute 2*x WHERE x = QUERY a.x', 'put a {"x":1}'],
    ['get a', 'mset z 1 a 2'],
    ['get a', 'rename z a'],
    ['get a', 'multi;set a 1;exec'],
    ['get a', 'flushall'],
  ])('that asked %j is told of %j, once', (read, write) => {
    const { cache, other, told } = world();
    for (const command of ['set z 1', 'hset h f 1']) ask(other, ...command.split(' '));
    ask(other, ...(read.startsWith('get') ? 'set a 0' : 'set q 0').split(' '));
    ask(cache, ...read.split(' '));

    for (const command of write.split(';')) ask(other, ...command.split(' '));
    const once = told();
    for (const command of write.split(';')) ask(other, ...command.split(' '));

    expect([once, told()]).toEqual([['a'], []]);
  });

  test('is told of its own changes, after their replies; NOLOOP is not', () => {
    const [cache, silent] = [world().cache, world('NOLOOP').cache];
    for (const one of [cache, silent]) askAll(one, [['GET', 'a']]);

    for (const one of [cache, silent]) one.session.push(utf8('SET a 1\r\n'));

    expect(raw(cache)).toBe('+OK\r\n>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n');
    expect(raw(silent)).toBe('+OK\r\n');
    for (const words of [['GET', 'a'], ['INCR', 'a'], ['MULTI'], ['GET', 'a'], ['INCR', 'a'], ['EXEC']])
      ask(silent, ...words);
    expect(raw(silent)).toBe('');
  });

  test('is told of what comes by another way and of keys whose time came', () => {
    const { on, cache, other, told } = world();
    ask(other, 'SET', 'b', '1', 'PX', '10');
    ask(cache, 'MGET', 'a', 'b');

    on.store.submit(
      { kind: 'write', items: [{ key: utf8('a'), value: Uint8Array.of(0) }], onExisting: 'overwrite' },
      () => {},
    );
    on.store.now += 11;
    on.store.expire();

    expect(told()).toEqual(['a', 'b']);
  });

  test('hears nothing any more, and is forgotten, once it says so or is gone', () => {
    const { on, cache, other, told } = world();
    const second = open(on);
    ask(second, 'CLIENT', 'TRACKING', 'ON');
    ask(cache, 'GET', 'a');
    ask(second, 'GET', 'a');
    const before = on.host.tracking.size;

    ask(cache, 'CLIENT', 'TRACKING', 'OFF');
    second.session.abandon();
    ask(other, 'SET', 'a', '1');

    expect(before).toEqual({ keys: 1, items: 2, prefixes: 0 });
    expect(told()).toEqual([]);
    expect(on.host.tracking.size).toEqual({ keys: 0, items: 0, prefixes: 0 });
    expect(on.store.isObserved).toBe(false);
  });

  test('is told to forget the oldest when there are too many', () => {
    const { on, cache, told } = world();
    ask(open(on), 'CONFIG', 'SET', 'tracking-table-max-keys', '2');

    cache.session.push(utf8('GET a\r\nGET b\r\nGET c\r\n'));

    expect(told()).toEqual(['a']);
    expect(on.host.tracking.size.items).toBe(2);
  });

  test('is told at once when fewer may be remembered', () => {
    const { on, cache, told } = world();
    askAll(cache, [
      ['GET', 'a'],
      ['GET', 'b'],
      ['GET', 'c'],
    ]);

    ask(open(on), 'CONFIG', 'SET', 'tracking-table-max-keys', '1');

    expect(told()).toEqual(['a', 'b']);
    expect(on.host.tracking.size.items).toBe(1);
  });

  test('is told to forget the oldest when they have too many bytes', () => {
    const { on, cache, told } = world();
    on.host.tracking.limit(100, 10);

    cache.session.push(utf8('GET aaaa\r\nGET bbbb\r\nGET cccc\r\nGET bbbb\r\nGET d\r\n'));

    expect(told()).toEqual(['aaaa']);
    expect(on.host.tracking.size.items).toBe(3);
  });
});

describe('OPTIN and OPTOUT', () => {
  test('track the command after CACHING YES, or a whole transaction', () => {
    const { cache, other, told } = world('OPTIN');
    for (const command of 'get a;client caching yes;get b;get c;client caching yes;multi;get d;get e;exec;get f'.split(
      ';',
    ))
      ask(cache, ...command.split(' '));

    ask(other, 'MSET', ...'a 1 b 1 c 1 d 1 e 1 f 1'.split(' '));

    expect(told()).toEqual(['b d e']);
  });

  test('leave out the command after CACHING NO', () => {
    const { cache, other, told } = world('OPTOUT');
    for (const command of 'get a;client caching no;get b;get c'.split(';')) ask(cache, ...command.split(' '));

    ask(other, 'MSET', ...'a 1 b 1 c 1'.split(' '));

    expect(told()).toEqual(['a c']);
  });
});

describe('BCAST', () => {
  test('tells of all changes, or of those that begin so', () => {
    const [all, some] = [world('BCAST'), world('BCAST', 'PREFIX', 'a:', 'PREFIX', 'b:')];
    for (const { other } of [all, some]) ask(other, 'MSET', ...'a:1 x b:1 x c:1 x'.split(' '));

    expect([all.told(), some.told()]).toEqual([['a:1 b:1 c:1'], ['a:1 b:1']]);
  });

  test('of all is the empty prefix: it is shown so, no other is added to it, and it adds to others', () => {
    const [all, some] = [world('BCAST'), world('BCAST', 'PREFIX', 'a:')];

    const refused = ask(all.cache, 'CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', 'a:');
    const added = ask(some.cache, 'CLIENT', 'TRACKING', 'ON', 'BCAST');
    for (const { other } of [all, some]) ask(other, 'SET', 'c:1', 'x');

    expect(refused).toMatch(/^-ERR Prefix 'a:' overlaps with an existing prefix ''/);
    expect(added).toBe('OK');
    expect([all.told(), some.told()]).toEqual([['c:1'], ['c:1']]);
    all.cache.session.push(utf8('CLIENT TRACKINGINFO\r\n'));
    expect(raw(all.cache)).toContain('$8\r\nprefixes\r\n*1\r\n$0\r\n\r\n');
  });
});

describe('REDIRECT', () => {
  test('tells another connection: a push in version 3, a message to who listens in version 2', () => {
    const { on, other } = world();
    const [listener, cache] = [open(on), open(on)];
    const id = String(ask(listener, 'CLIENT', 'ID') as number);
    ask(cache, 'CLIENT', 'TRACKING', 'ON', 'REDIRECT', id);
    ask(cache, 'GET', 'a');
    ask(other, 'SET', 'a', '1');
    const unheard = raw(listener);
    ask(listener, 'SUBSCRIBE', '__redis__:invalidate');

    ask(cache, 'GET', 'a');
    ask(other, 'SET', 'a', '1');

    expect(unheard).toBe('');
    expect(raw(listener)).toBe('*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$1\r\na\r\n');
    expect(ask(cache, 'CLIENT', 'GETREDIR')).toBe(Number(id));
  });

  test('to a connection that is gone says so', () => {
    const { on, cache, other } = world();
    const listener = open(on);
    ask(cache, 'CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(ask(listener, 'CLIENT', 'ID') as number));
    ask(cache, 'GET', 'a');

    listener.session.abandon();
    ask(other, 'SET', 'a', '1');

    expect(raw(cache)).toMatch(/^>2\r\n\$21\r\ntracking-redir-broken\r\n:\d+\r\n$/);
  });
});

describe('CLIENT TRACKING', () => {
  test.each([
    ['on prefix a', 'ERR PREFIX option requires BCAST mode to be enabled'],
    ['on optin optout', "ERR You can't specify both OPTIN mode and OPTOUT mode"],
    ['on bcast optin', 'ERR OPTIN and OPTOUT are not compatible with BCAST'],
    ['on redirect 9999', 'ERR The client ID you want redirect to does not exist'],
    ['on redirect x', 'ERR value is not an integer or out of range'],
    ['on foo', 'ERR syntax error'],
    ['maybe', 'ERR syntax error'],
    [
      'on bcast prefix a prefix ab',
      "ERR Prefix 'a' overlaps with another provided prefix 'ab'. Prefixes for a single client must not overlap.",
    ],
  ])('%s is refused as Redis does', (options, line) => {
    expect(ask(open(), 'CLIENT', 'TRACKING', ...options.split(' '))).toBe(`-${line}`);
  });

  test('modes cannot be changed on the way, and are shown', () => {
    const { cache } = world('OPTIN', 'NOLOOP');

    expect(ask(cache, 'CLIENT', 'TRACKING', 'ON', 'BCAST')).toMatch(/^-ERR You can't switch BCAST mode on\/off/);
    expect(ask(cache, 'CLIENT', 'TRACKING', 'ON', 'OPTOUT')).toMatch(/^-ERR You can't switch OPTIN\/OPTOUT mode/);
    expect(ask(cache, 'CLIENT', 'CACHING', 'NO')).toMatch(/^-ERR CLIENT CACHING NO is only valid/);
    ask(cache, 'CLIENT', 'CACHING', 'YES');
    cache.session.push(utf8('CLIENT TRACKINGINFO\r\n'));
    expect(raw(cache)).toContain('~4\r\n$2\r\non\r\n$5\r\noptin\r\n$11\r\ncaching-yes\r\n$6\r\nnoloop\r\n');
    expect(ask(open(), 'CLIENT', 'CACHING', 'YES')).toMatch(/^-ERR CLIENT CACHING can be called only/);
    expect(ask(open(), 'CLIENT', 'GETREDIR')).toBe(-1);
  });
});
