/** Users: their rules, their passwords, what they are refused. Texts are those of Redis. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ok } from '../../../src/lib/result.ts';
import { ask, askAll, newHost, open, raw, request } from './client.ts';
import { MemoryStore } from './memory-store.ts';

const sha256 = (password: string): string => createHash('sha256').update(password).digest('hex');

const shown = (reply: unknown): string => (typeof reply === 'string' ? reply : JSON.stringify(reply));

function world(...rules: string[]) {
  const on = newHost();
  const [operator, user] = [open(on), open(on)];
  ask(operator, 'ACL', 'SETUSER', 'al', 'on', '>pw', ...rules);
  ask(user, 'AUTH', 'al', 'pw');
  return { on, operator, user };
}

describe('selectors', () => {
  test('are shown as Redis shows them, and make the same user again', () => {
    const client = open();
    ask(
      client,
      'ACL',
      'SETUSER',
      'al',
      'on',
      '+ping',
      '(+get ~a*)',
      '(+@read',
      '%R~z',
      '&c*)',
      '()',
      '(allkeys +@all)',
    );

    const [line] = ask(client, 'ACL', 'LIST') as [string];
    ask(client, 'ACL', 'SETUSER', 'bo', ...line.split(' ').slice(2));

    const selectors =
      '(~a* resetchannels -@all +get) (%R~z resetchannels &c* -@all +@read) (resetchannels -@all) (~* resetchannels +@all)';
    expect(line).toBe(`user al on resetchannels -@all +ping ${selectors}`);
    expect((ask(client, 'ACL', 'LIST') as string[])[1]).toBe(line.replace('user al', 'user bo'));
    expect((ask(client, 'ACL', 'GETUSER', 'al') as unknown[]).at(-1)).toHaveLength(4);
    expect((ask(client, 'ACL', 'GETUSER', 'al') as unknown[][]).at(-1)?.[1]).toEqual([
      'commands',
      '-@all +@read',
      'keys',
      '%R~z',
      'channels',
      '&c*',
    ]);
  });

  test('one of them must allow all of a command, and DRYRUN says which part none allows', () => {
    const { operator, user } = world('+ping', '(+get +mget ~a*)', '(+get +mget ~b*)', '(+publish &c)');

    const asked = ['GET a1', 'GET b1', 'MGET a1 b1', 'PING', 'SET a1 1', 'PUBLISH c 1', 'PUBLISH d 1'];

    expect(asked.map((line) => shown(ask(user, ...line.split(' '))))).toEqual([
      'null',
      'null',
      '-NOPERM No permissions to access a key',
      'PONG',
      "-NOPERM User al has no permissions to run the 'set' command",
      '0',
      '-NOPERM No permissions to access a channel',
    ]);
    expect(ask(operator, 'ACL', 'DRYRUN', 'al', 'GET', 'c1')).toBe("User al has no permissions to access the 'c1' key");
  });

  test.each([
    ['(on)', "Error in ACL SETUSER modifier '(on)': Syntax error"],
    ['(reset)', "Error in ACL SETUSER modifier '(reset)': Syntax error"],
    ['(+foo)', "Error in ACL SETUSER modifier '(+foo)': Unknown command or category name in ACL"],
    ['(+get ~a* ~a b)', "Error in ACL SETUSER modifier '(+get ~a* ~a b)': Syntax error"],
    ['(+get', "Unmatched parenthesis in acl selector starting at '(+get'."],
    ['(+get)x', "Unmatched parenthesis in acl selector starting at '(+get)x'."],
    [')', "Error in ACL SETUSER modifier ')': Syntax error"],
  ])('%s is refused as by Redis', (rule, line) => {
    expect(ask(open(), 'ACL', 'SETUSER', 'al', 'clearselectors', rule)).toBe(`-ERR ${line}`);
  });

  test('CLEARSELECTORS and RESET take them away', () => {
    for (const rule of ['clearselectors', 'reset']) {
      const { operator, user } = world('(+@all ~*)');
      const before = ask(user, 'GET', 'a');

      ask(operator, 'ACL', 'SETUSER', 'al', rule);

      expect([before, ask(user, 'GET', 'a')]).toEqual([null, expect.stringMatching(/^-NOPERM/)]);
    }
  });

  test('who listens to a channel that only a selector allows stays until it is taken away', () => {
    const { operator, user } = world('(+subscribe &c*)');
    ask(user, 'SUBSCRIBE', 'c1');

    ask(operator, 'ACL', 'SETUSER', 'al', '(+subscribe &d*)');
    const wasOver = user.session.isOver;
    ask(operator, 'ACL', 'SETUSER', 'al', 'clearselectors');

    expect([wasOver, user.session.isOver]).toEqual([false, true]);
  });
});

describe('ACL SETUSER', () => {
  test('makes a user who may do nothing until he is told', () => {
    const client = open();

    expect(ask(client, 'ACL', 'SETUSER', 'al')).toBe('OK');

    expect(ask(client, 'ACL', 'LIST')).toEqual([
      'user al off resetchannels -@all',
      'user default on nopass ~* &* +@all',
    ]);
    expect(ask(client, 'ACL', 'GETUSER', 'al')).toEqual([
      'flags',
      ['off'],
      'passwords',
      [],
      'commands',
      '-@all',
      'keys',
      '',
      'channels',
      '',
      'selectors',
      [],
    ]);
    expect(ask(client, 'ACL', 'GETUSER', 'nobody')).toBe(null);
  });

  test('rules are shown as they were given, a password as its hash', () => {
    const client = open();
    const rules = '>pw on ~k* %R~r* %W~w* %R~w* &c* +@read -keys +client|id -client +client|info +client|info';

    ask(client, 'ACL', 'SETUSER', 'al', ...rules.split(' '));

    expect((ask(client, 'ACL', 'LIST') as string[])[0]).toBe(
      `user al on #${sha256('pw')} ~k* %R~r* ~w* resetchannels &c* -@all +@read -keys -client +client|info`,
    );
  });

  test('the rules of ACL LIST make the same user', () => {
    const client = open();
    ask(client, 'ACL', 'SETUSER', 'al', 'on', '>a', '>b', '~x', '%R~y', '&z', '+@all', '-@dangerous', '+config|get');
    const [line] = ask(client, 'ACL', 'LIST') as string[];

    ask(client, 'ACL', 'SETUSER', 'bo', ...(line as string).split(' ').slice(2));

    expect((ask(client, 'ACL', 'LIST') as string[])[1]).toBe((line as string).replace('user al', 'user bo'));
  });

  test.each([
    ['foo', 'Syntax error'],
    ['+foo', 'Unknown command or category name in ACL'],
    ['-client|foo', 'Unknown command or category name in ACL'],
    ['+@foo', 'Unknown command or category name in ACL'],
    ['+get|k|l', 'Unknown command or category name in ACL'],
    ['-select|0', 'Unknown command or category name in ACL'],
    ['+select|', 'Syntax error'],
    ['+select|a b', 'Syntax error'],
    ['+config|get|dir', 'Allowing first-arg of a subcommand is not supported'],
    ['%Q~x', 'Syntax error'],
    ['~a b', 'Syntax error'],
    ['#12', 'The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters'],
  ])('%s is refused, and with it all other rules', (rule, words) => {
    const client = open();

    expect(ask(client, 'ACL', 'SETUSER', 'al', 'on', '+get', rule)).toBe(
      `-ERR Error in ACL SETUSER modifier '${rule}': ${words}`,
    );
    expect(ask(client, 'ACL', 'USERS')).toEqual(['default']);
  });

  test('an error never shows a password', () => {
    const line = ask(open(), 'ACL', 'SETUSER', 'al', '<hidden');

    expect(line).toMatch(/^-ERR Error in ACL SETUSER modifier '<...': The password you are trying to remove/);
  });

  test.each([
    ['+select|0', 'select 0', true],
    ['+SELECT|0', 'select 0', true],
    ['+echo|hi', 'echo HI', true],
    ['+select|0', 'select 1', false],
    ['+select|0 -select', 'select 0', false],
    ['+select|0 -@connection', 'select 0', false],
    ['+select|0 -@all', 'select 0', false],
    ['+select|0 +select', 'select 1', true],
    ['(+select|0)', 'select 0', true],
  ])('%s allows %s: %s', (rules, command, isAllowed) => {
    const { user } = world(...rules.split(' '));

    expect(shown(ask(user, ...command.split(' '))).startsWith('-NOPERM')).toBe(!isAllowed);
  });

  test('a command with its first words is shown so, and makes the same user again', () => {
    const client = open();

    ask(client, 'ACL', 'SETUSER', 'al', '+select|0', '+select|1', '+get', '+select|0');

    expect((ask(client, 'ACL', 'LIST') as string[])[0]).toBe(
      'user al off resetchannels -@all +select|1 +get +select|0',
    );
  });

  test('acl-pubsub-default says what a new user, a reset one and a new selector may hear', () => {
    const client = open();
    ask(client, 'ACL', 'SETUSER', 'al');
    ask(client, 'CONFIG', 'SET', 'acl-pubsub-default', 'allchannels');
    ask(client, 'ACL', 'SETUSER', 'bo', '(+get)');
    ask(client, 'ACL', 'SETUSER', 'default', 'reset', 'on', 'nopass', '+@all');

    expect(ask(client, 'ACL', 'LIST')).toEqual([
      'user al off resetchannels -@all',
      'user bo off &* -@all (&* -@all +get)',
      'user default on nopass &* +@all',
    ]);
    expect(ask(client, 'ACL', 'SETUSER', 'cy', '&a')).toMatch(/Try 'resetchannels' to start with an empty list/);
    expect(ask(client, 'CONFIG', 'SET', 'acl-pubsub-default', 'all')).toMatch(/must be one of the following/);
  });

  test('categories that Redis has for what is not here are no error', () => {
    expect(ask(open(), 'ACL', 'SETUSER', 'al', '+@all', '-@scripting', '+@sortedset')).toBe('OK');
  });
});

describe('categories', () => {
  test.each([
    ['fast', 'append getdel getex getset hdel hincrby hset hsetnx setnx hmget mget exists unlink', true],
    ['fast', 'copy del rename getrange substr hgetall hkeys hvals hscan hrandfield exec client|id', false],
    ['keyspace', 'dbsize flushall flushdb', true],
    ['connection', 'command command|info command|docs wait', true],
    ['admin', 'role client|no-evict', true],
  ])('have the commands that they have in Redis: @%s %s: %s', (category, names, isIn) => {
    const commands = ask(open(), 'ACL', 'CAT', category) as string[];

    for (const name of names.split(' ')) expect([name, commands.includes(name)]).toEqual([name, isIn]);
  });
});

describe('a user', () => {
  test.each([
    ['get k1', true],
    ['get z', false],
    ['get r1', true],
    ['set r1 x', false],
    ['get w1', false],
    ['set w1 x', true],
    ['set w1 x get', false],
    ['incr w1', false],
    ['incr k1', true],
    ['exists w1', true],
    ['mget k1 z', false],
    ['mset k1 1 r1 2', false],
    ['copy r1 w1', true],
    ['copy w1 r1', false],
    ['rename r1 k1', false],
    ['query r1.a', true],
    ['query w1.a', false],
    ['put r1 {}', false],
    ['put w1 {}', true],
    ['compute 2*x WHERE x = QUERY z.a', false],
    ['watch z', false],
    ['json.get z', false],
    ['json.set k1 $ 1', true],
    ['hget z f', false],
    ['memory usage z', false],
  ])('with ~k* %%R~r* %%W~w*: %s is allowed: %s', (command, isAllowed) => {
    const { user } = world('+@all', '~k*', '%R~r*', '%W~w*');

    const answer = shown(ask(user, ...command.split(' ')));

    expect([command, answer.startsWith('-NOPERM') ? answer : 'allowed']).toEqual([
      command,
      isAllowed ? 'allowed' : '-NOPERM No permissions to access a key',
    ]);
  });

  test('listens and publishes only where he may; a pattern only if it is his', () => {
    const { user } = world('+@all', 'resetchannels', '&news.*');

    expect(ask(user, 'PUBLISH', 'news.a', 'x')).toBe(0);
    expect(ask(user, 'PUBLISH', 'other', 'x')).toBe('-NOPERM No permissions to access a channel');
    expect(ask(user, 'SUBSCRIBE', 'news.a', 'other')).toBe('-NOPERM No permissions to access a channel');
    expect(ask(user, 'PSUBSCRIBE', 'news.a*')).toBe('-NOPERM No permissions to access a channel');
    expect(ask(user, 'PSUBSCRIBE', 'news.*')).toEqual(['psubscribe', 'news.*', 1]);
  });

  test('has his transaction refused whole, and what is forbidden meanwhile refused in it', () => {
    const { user, operator } = world('+@all', '-set', 'allkeys');
    const refused = askAll(user, [['MULTI'], ['SET', 'a', '1'], ['EXEC']]);

    ask(user, 'MULTI');
    ask(user, 'INCR', 'n');
    ask(operator, 'ACL', 'SETUSER', 'al', '-incr');
    const [late] = ask(user, 'EXEC') as unknown as { line: string }[];

    expect(refused).toEqual([
      'OK',
      "-NOPERM User al has no permissions to run the 'set' command",
      '-EXECABORT Transaction discarded because of previous errors.',
    ]);
    expect(shown(late)).toContain('NOPERM User al');
  });

  test('who is deleted has no connection any more', () => {
    const { user, operator } = world('+@all');

    expect(ask(operator, 'ACL', 'DELUSER', 'al', 'nobody')).toBe(1);

    expect(user.session.isOver).toBe(true);
    expect(ask(operator, 'ACL', 'DELUSER', 'default')).toBe("-ERR The 'default' user cannot be removed");
  });

  test('who may no longer hear what he listens to has no connection any more', () => {
    const { user, operator } = world('+@all', '&a');
    ask(user, 'SUBSCRIBE', 'a');

    ask(operator, 'ACL', 'SETUSER', 'al', 'resetchannels', '&b');

    expect(user.session.isOver).toBe(true);
  });

  test('is named where connections are', () => {
    const { user, operator } = world('+@all');

    expect(ask(user, 'ACL', 'WHOAMI')).toBe('al');
    expect(shown(ask(operator, 'CLIENT', 'LIST'))).toMatch(/user=default .*\n.*user=al /);
    expect(ask(operator, 'CLIENT', 'KILL', 'USER', 'al')).toBe(1);
  });

  test('is nobody while he is off', () => {
    const { operator, on } = world('off');

    expect(ask(open(on), 'AUTH', 'al', 'pw')).toMatch(/^-WRONGPASS/);
    ask(operator, 'ACL', 'SETUSER', 'al', 'on', 'resetpass');
    expect(ask(open(on), 'AUTH', 'al', 'pw')).toMatch(/^-WRONGPASS/);
    ask(operator, 'ACL', 'SETUSER', 'al', 'nopass');
    expect(ask(open(on), 'AUTH', 'al', 'anything')).toBe('OK');
  });
});

describe('ACL LOG', () => {
  test('lists what was refused, the newest first, the same thing once', () => {
    const { user, operator } = world('+@all', '-config', '~k');
    for (const words of [
      ['GET', 'z'],
      ['CONFIG', 'GET', 'x'],
      ['GET', 'z'],
      ['AUTH', 'al', 'hidden'],
    ])
      ask(user, ...words);

    const entries = (ask(operator, 'ACL', 'LOG') as string[][]).map((entry) => {
      const fields = new Map<string, string>();
      for (let i = 0; i < entry.length; i += 2) fields.set(entry[i] as string, entry[i + 1] as string);
      return ['count', 'reason', 'context', 'object', 'username'].map((name) => fields.get(name));
    });

    expect(entries).toEqual([
      [1, 'auth', 'toplevel', 'AUTH', 'al'],
      [2, 'key', 'toplevel', 'z', 'al'],
      [1, 'command', 'toplevel', 'config|get', 'al'],
    ]);
    expect(ask(operator, 'ACL', 'LOG', 'RESET')).toBe('OK');
    expect(ask(operator, 'ACL', 'LOG')).toEqual([]);
  });
});

describe('ACL LOG of a user with selectors', () => {
  test('names the key that none of them allows, though one of them refused another before', () => {
    const { operator, user } = world('+mget', '~a', '(+mget ~a ~b)');

    for (const keys of [
      ['b', 'c'],
      ['a', 'b', 'c'],
    ]) {
      ask(operator, 'ACL', 'LOG', 'RESET');
      ask(user, 'MGET', ...keys);
      expect((ask(operator, 'ACL', 'LOG') as unknown[][])[0]?.slice(6, 8)).toEqual(['object', 'c']);
    }
  });

  test('has as many entries as acllog-max-len says', () => {
    const { operator, user } = world();
    for (const key of 'abcdef') ask(user, 'GET', key);
    for (const name of ['get', 'set', 'incr', 'del']) ask(user, name, 'a', 'b');

    ask(operator, 'CONFIG', 'SET', 'acllog-max-len', '2');
    const fewer = ask(operator, 'ACL', 'LOG') as unknown[];
    ask(user, 'ECHO', 'x');

    expect([fewer.length, (ask(operator, 'ACL', 'LOG') as unknown[]).length]).toEqual([2, 2]);
  });
});

test.each([
  ['ACL CAT Foo', "Unknown category 'Foo'"],
  ['ACL CAT x y', "unknown subcommand or wrong number of arguments for 'CAT'. Try ACL HELP."],
  ['acl genpass 1 2', "unknown subcommand or wrong number of arguments for 'genpass'. Try ACL HELP."],
  ['ACL LOG 1 2', "unknown subcommand or wrong number of arguments for 'LOG'. Try ACL HELP."],
  ['PUBSUB CHANNELS a b', "unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP."],
  ['SLOWLOG GET 1 2', "unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG HELP."],
  ['CLIENT UNBLOCK 1 x', 'CLIENT UNBLOCK reason should be TIMEOUT or ERROR'],
  ['CLIENT UNBLOCK 1 error x', "unknown subcommand or wrong number of arguments for 'UNBLOCK'. Try CLIENT HELP."],
])('%s is refused as by Redis', (command, line) => {
  expect(ask(open(), ...command.split(' '))).toBe(`-ERR ${line}`);
});

describe('passwords', () => {
  test('are in no output but the one that was sent: no log, no list, no monitor', () => {
    const { on, operator, user } = world('+@all', 'allkeys');
    const watcher = open(on);
    ask(operator, 'CONFIG', 'SET', 'slowlog-log-slower-than', '0');
    ask(watcher, 'MONITOR');
    for (const words of [
      ['AUTH', 'al', 'hunter2'],
      ['AUTH', 'hunter2'],
      ['HELLO', '3', 'AUTH', 'al', 'hunter2'],
      ['ACL', 'SETUSER', 'bo', '>hunter2'],
      ['ACL', 'SETUSER', 'bo', '<hunter2x'],
      ['CONFIG', 'SET', 'requirepass', 'hunter2'],
      ['MULTI'],
      ['AUTH', 'al', 'hunter2'],
      ['EXEC'],
    ])
      ask(user, ...words);

    const shown = [
      raw(watcher),
      ...['SLOWLOG GET -1', 'ACL LIST', 'ACL LOG 100', 'CLIENT LIST', 'CONFIG GET *', 'INFO everything'].map(
        (words) => {
          operator.session.push(request(...words.split(' ')));
          return raw(operator);
        },
      ),
    ].join('\n');

    expect(shown).toContain('MONITOR');
    expect(shown).not.toContain('hunter2');
  });

  test('five may be wrong; from then on each attempt from there waits for the one before it', () => {
    const waiting: { readonly milliseconds: number; readonly run: () => void }[] = [];
    const on = newHost(new MemoryStore(), { later: (milliseconds, run) => void waiting.push({ milliseconds, run }) });
    const [operator, guesser, other] = [open(on), open(on), open(on)];
    ask(operator, 'ACL', 'SETUSER', 'al', 'on', '>pw');
    for (let i = 0; i < 5; i++) ask(guesser, 'AUTH', 'al', `wrong${i}`);

    guesser.session.push(request('AUTH', 'al', 'pw'));
    other.session.push(request('AUTH', 'al', 'wrong'));
    other.session.push(request('PING'));
    const early = [raw(guesser), raw(other)];
    for (const { run } of waiting) run();

    expect(early).toEqual(['', '']);
    expect(waiting.map(({ milliseconds }) => milliseconds)).toEqual([100, 200]);
    expect(raw(guesser)).toBe('+OK\r\n');
    expect(raw(other)).toMatch(/^-WRONGPASS .*\r\n\+PONG\r\n$/);
  });

  test('a transaction is no way around the wait', () => {
    const on = newHost();
    const client = open(on);
    ask(client, 'ACL', 'SETUSER', 'al', 'on', '>pw');

    const guesses = Array.from({ length: 8 }, (_, i) => ['AUTH', 'al', i === 7 ? 'pw' : 'wrong']);
    const replies = askAll(client, [['MULTI'], ...guesses, ['EXEC']]).at(-1) as unknown[];

    expect(replies).toHaveLength(8);
    expect(ask(client, 'ACL', 'WHOAMI')).toBe('default');
  });
});

describe('the file of users', () => {
  test('keeps what ACL SAVE wrote, and ACL LOAD has no others', () => {
    let file: string | null = null;
    const users = {
      read: () => ok(file),
      write: (lines: string) => {
        file = lines;
        return null;
      },
    };
    const on = newHost(new MemoryStore(), { users });
    const [client, gone] = [open(on), open(on)];
    ask(client, 'ACL', 'SETUSER', 'al', 'on', '>pw', '~a', '+get');
    expect(ask(client, 'ACL', 'SAVE')).toBe('OK');
    ask(client, 'ACL', 'SETUSER', 'bo', 'on', 'nopass', '+@all');
    ask(gone, 'AUTH', 'bo', 'x');

    expect(ask(client, 'ACL', 'LOAD')).toBe('OK');

    expect(file).toBe(`user al on #${sha256('pw')} ~a resetchannels -@all +get\nuser default on nopass ~* &* +@all\n`);
    expect(ask(client, 'ACL', 'USERS')).toEqual(['al', 'default']);
    expect(gone.session.isOver).toBe(true);
    file = 'user al on\nuser bo +nonsense\n';
    expect(ask(client, 'ACL', 'LOAD')).toMatch(/line 2: rule '\+nonsense': Unknown command/);
    expect(ask(client, 'ACL', 'USERS')).toEqual(['al', 'default']);
  });

  test('ends who listens to what its users may no longer hear', () => {
    const users = {
      read: () => ok('user al on nopass &b +@all\nuser default on nopass ~* &* +@all'),
      write: () => null,
    };
    const on = newHost(new MemoryStore(), { users });
    const [client, stays, goes] = [open(on), open(on), open(on)];
    ask(client, 'ACL', 'SETUSER', 'al', 'on', 'nopass', '+@all', 'allchannels');
    for (const [listener, channel] of [
      [stays, 'b'],
      [goes, 'a'],
    ] as const)
      askAll(listener, [
        ['AUTH', 'al', 'x'],
        ['SUBSCRIBE', channel],
      ]);

    ask(client, 'ACL', 'LOAD');

    expect([stays.session.isOver, goes.session.isOver, client.session.isOver]).toEqual([false, true, false]);
  });

  test('is not there where no data is kept', () => {
    expect(ask(open(), 'ACL', 'SAVE')).toMatch(/^-ERR there is no file of users/);
  });
});
