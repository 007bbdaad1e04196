/** What listeners hear about keys: the names that Redis publishes for the same commands. */
import { describe, expect, test } from 'vitest';
import { text, utf8 } from '../../../src/lib/bytes.ts';
import { ask, newHost, open, raw } from './client.ts';

/** A client that asks, and what another one that listens to everything hears meanwhile, as `channel message`. */
function world(flags = 'KEA') {
  const on = newHost();
  const client = open(on);
  const listener = open(on);
  ask(client, 'CONFIG', 'SET', 'notify-keyspace-events', flags);
  ask(listener, 'PSUBSCRIBE', '__key*');
  const heard = (): string[] =>
    [...raw(listener).matchAll(/\$\d+\r\n__(\S+)@0__:(.*?)\r\n\$\d+\r\n(.*?)\r\n/g)].map(
      ([, kind, channel, message]) => `${kind} ${channel} ${message}`,
    );
  return { on, client, heard };
}

describe('a listener hears', () => {
  test.each<readonly [setup: string, command: string, events: string]>([
    ['', 'set a 1', 'a set'],
    ['', 'set a 1 ex 100', 'a set, a expire'],
    ['set a 1 ex 100', 'set a 2 keepttl', 'a set'],
    ['set a 1', 'set a 2 nx', ''],
    ['', 'setex a 100 1', 'a set, a expire'],
    ['', 'mset a 1 b 2', 'a set, b set'],
    ['', 'msetnx a 1 b 2', 'a set, b set'],
    ['set a 1', 'getset a 2', 'a set'],
    ['set a 1', 'getdel a', 'a del'],
    ['set a 1', 'getex a', ''],
    ['set a 1', 'getex a ex 100', 'a expire'],
    ['set a 1 ex 100', 'getex a persist', 'a persist'],
    ['set a 1', 'getex a persist', ''],
    ['', 'append a 1', 'a append'],
    ['', 'setrange a 3 1', 'a setrange'],
    ['', 'incr a', 'a incrby'],
    ['', 'decrby a 3', 'a incrby'],
    ['', 'incrbyfloat a 1.5', 'a incrbyfloat'],
    ['set a 1', 'del a b', 'a del'],
    ['', 'del a', ''],
    ['set a 1', 'rename a b', 'a rename_from, b rename_to'],
    ['set a 1', 'copy a b', 'b copy_to'],
    ['set a 1', 'expire a 100', 'a expire'],
    ['set a 1 ex 100', 'persist a', 'a persist'],
    ['', 'expire a 100', ''],
    ['set a 1 ex 100', 'incr a', 'a incrby'],
    ['', 'hset a f 1 g 2', 'a hset'],
    ['', 'hsetnx a f 1', 'a hset'],
    ['', 'hincrby a f 1', 'a hincrby'],
    ['', 'hincrbyfloat a f 1', 'a hincrbyfloat'],
    ['hset a f 1 g 2', 'hdel a f', 'a hdel'],
    ['hset a f 1', 'hdel a f', 'a hdel, a del'],
    ['', 'json.set a $ {"b":1}', 'a json.set'],
    ['json.set a $ {"b":1}', 'json.numincrby a $.b 2', 'a json.numincrby'],
    ['json.set a $ {"b":1}', 'json.del a', 'a json.del'],
    ['', 'put a {"b":1}', 'a set'],
    ['put a {}', 'delete a', 'a del'],
    ['set a 1', 'flushall', ''],
    ['set a 1', 'get a', ''],
    ['set a x', 'incr a', ''],
  ])('after %j of %j: %j', (setup, command, events) => {
    const { client, heard } = world();
    if (setup !== '') ask(client, ...setup.split(' '));
    heard();

    ask(client, ...command.split(' '));

    const wanted = events === '' ? [] : events.split(', ').map((event) => event.split(' '));
    expect(heard()).toEqual(wanted.flatMap(([key, name]) => [`keyspace ${key} ${name}`, `keyevent ${name} ${key}`]));
  });

  test('all commands of a transaction in their order, and none of one that did not happen', () => {
    const { client, heard } = world('EA');

    for (const command of ['multi', 'set a 1', 'incr a', 'del a', 'hset b f 1', 'exec'])
      ask(client, ...command.split(' '));
    const happened = heard();
    for (const command of ['watch b', 'set b 2', 'multi', 'set c 1', 'exec']) ask(client, ...command.split(' '));

    expect(happened).toEqual(['keyevent set a', 'keyevent incrby a', 'keyevent del a', 'keyevent hset b']);
    expect(heard()).toEqual(['keyevent set b']);
  });

  test('of writes that come by another way, and of keys whose time came', () => {
    const { client, on, heard } = world('KEA');

    on.store.submit(
      { kind: 'write', items: [{ key: utf8('t'), value: Uint8Array.of(0) }], onExisting: 'overwrite' },
      () => {},
    );
    on.store.submit({ kind: 'delete', key: utf8('t') }, () => {});
    ask(client, 'set', 'a', '1', 'px', '10');
    heard();
    on.store.now += 11;
    on.store.expire();

    expect(heard()).toEqual(['keyspace a expired', 'keyevent expired a']);
  });

  test.each([
    ['Kx', []],
    ['E$', ['keyevent set a']],
    ['Kg', ['keyspace a expire', 'keyspace a del']],
    ['KEh', []],
  ])('only the classes of %j', (flags, wanted) => {
    const { client, heard } = world(flags);

    ask(client, 'set', 'a', '1', 'ex', '100');
    ask(client, 'del', 'a');

    expect(heard()).toEqual(wanted);
  });
});

describe('notify-keyspace-events', () => {
  test.each([
    ['KEA', 'AKE'],
    ['Kg', 'gK'],
    ['K$g', 'g$K'],
    ['', ''],
    ['A', 'A'],
    ['xE', 'xE'],
  ])('set to %j is shown as %j', (flags, shown) => {
    const client = open();

    expect(ask(client, 'CONFIG', 'SET', 'notify-keyspace-events', flags)).toBe('OK');
    expect(ask(client, 'CONFIG', 'GET', 'notify-keyspace-events')).toEqual(['notify-keyspace-events', shown]);
  });

  test('of a letter that is no class is refused, with what would do', () => {
    const line = ask(open(), 'CONFIG', 'SET', 'notify-keyspace-events', 'KEm');

    expect(line).toBe(
      "-ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - Invalid event class character. Use 'Ag$lshzxetdKE'.",
    );
  });

  test.each(['', 'A', 'KE', 'K'])('%j observes nothing', (flags) => {
    const { on } = world('KEA');
    const wasObserved = on.store.isObserved;

    ask(open(on), 'CONFIG', 'SET', 'notify-keyspace-events', flags);

    expect([wasObserved, on.store.isObserved]).toEqual([true, false]);
  });
});

describe('a key of any bytes', () => {
  test('is named as it is', () => {
    const { on, client } = world('K$');
    const listener = open(on);
    ask(listener, 'PSUBSCRIBE', '__keyspace*');

    ask(client, 'SET', Uint8Array.of(0xc3, 0xa9, 0x0a), '1');

    expect(text(utf8(raw(listener)))).toContain('__keyspace@0__:é\n\r\n$3\r\nset\r\n');
  });
});
