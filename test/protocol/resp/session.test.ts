import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { text, utf8 } from '../../../src/lib/bytes.ts';
import { Prng } from '../../../src/lib/prng.ts';
import { fail } from '../../../src/model/errors.ts';
import { ask, askAll, joined, newHost, open, raw, request } from './client.ts';
import { decodeAll } from './decode.ts';
import { MemoryStore } from './memory-store.ts';

/** Bytes in, bytes out: a conversation as it was recorded. */
function converse(input: string): string {
  const opened = open();
  opened.session.push(utf8(input));
  return raw(opened);
}

describe('recorded conversations', () => {
  test.each([
    ['PING\r\n', '+PONG\r\n'],
    ['*1\r\n$4\r\nPING\r\n', '+PONG\r\n'],
    ['*2\r\n$4\r\nping\r\n$2\r\nhi\r\n', '$2\r\nhi\r\n'],
    ['SET a 1\r\nGET a\r\nINCR a\r\nGET b\r\n', '+OK\r\n$1\r\n1\r\n:2\r\n$-1\r\n'],
    ['FOO bar baz\r\n', "-ERR unknown command 'FOO', with args beginning with: 'bar' 'baz' \r\n"],
    ['GET\r\n', "-ERR wrong number of arguments for 'get' command\r\n"],
    ['CLIENT\r\n', "-ERR wrong number of arguments for 'client' command\r\n"],
    ['CLIENT FOO\r\n', "-ERR unknown subcommand 'FOO'. Try CLIENT HELP.\r\n"],
    ['CLIENT SETNAME\r\n', "-ERR wrong number of arguments for 'client|setname' command\r\n"],
    ['HELLO 4\r\n', '-NOPROTO unsupported protocol version\r\n'],
    ['SELECT 1\r\n', '-ERR DB index is out of range\r\n'],
    ['MULTI\r\nSET a 1\r\nGET a\r\nEXEC\r\n', '+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n$1\r\n1\r\n'],
    ['EXEC\r\n', '-ERR EXEC without MULTI\r\n'],
    [
      'MULTI\r\nFOO\r\nEXEC\r\n',
      "+OK\r\n-ERR unknown command 'FOO', with args beginning with: \r\n-EXECABORT Transaction discarded because of previous errors.\r\n",
    ],
    [
      'MULTI\r\nMULTI\r\nWATCH a\r\nDISCARD\r\n',
      '+OK\r\n-ERR MULTI calls can not be nested\r\n-ERR WATCH inside MULTI is not allowed\r\n+OK\r\n',
    ],
    ['*1\r\n*1\r\n', "-ERR Protocol error: expected '$', got '*'\r\n"],
    ['get "a\r\nPING\r\n', '-ERR Protocol error: unbalanced quotes in request\r\n'],
    ['HELLO 3\r\nGET a\r\nHGETALL h\r\n', null],
    ['RESET\r\n', '+RESET\r\n'],
    ['CLIENT REPLY OFF\r\nPING\r\nRESET\r\nPING\r\n', '+RESET\r\n+PONG\r\n'],
    ['SET e v\r\nPEXPIREAT e 9223372036854775807\r\nPEXPIRETIME e\r\n', '+OK\r\n:1\r\n:9223372036854775807\r\n'],
    ['QUIT\r\nPING\r\n', '+OK\r\n'],
    ['LPUSH l 1\r\n', "-ERR unknown command 'LPUSH', with args beginning with: 'l' '1' \r\n"],
  ])('%j', (input, output) => {
    const said = converse(input);

    if (output !== null) expect(said).toBe(output);
    else expect(said.endsWith('_\r\n%0\r\n')).toBe(true);
  });

  test('a browser that was made to speak here gets no answer', () => {
    const opened = open();

    opened.session.push(utf8('POST / HTTP/1.1\r\nHost: localhost\r\n\r\nSET a 1\r\n'));

    expect(raw(opened)).toBe('');
    expect(opened.session.isOver).toBe(true);
  });

  test('what breaks the protocol ends the conversation', () => {
    const opened = open();

    opened.session.push(utf8('*1\r\n$-5\r\nSET a 1\r\n'));

    expect(raw(opened)).toBe('-ERR Protocol error: invalid bulk length\r\n');
    expect(opened.session.isOver).toBe(true);
  });
});

describe('order', () => {
  test('replies come in the order of the requests, in whatever order the store answers', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const prng = new Prng(seed);
        const opened = open(newHost(new MemoryStore('later')));
        const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
        opened.session.push(
          joined(keys.flatMap((key) => [request('SET', key, key), request('GET', key), request('PING', key)])),
        );

        while (opened.store.waiting > 0) opened.store.answer(prng);

        const replies = decodeAll(opened.session.output());
        expect(replies).toHaveLength(120);
        for (const [i, key] of keys.entries()) expect([replies[i * 3], replies[i * 3 + 2]]).toEqual(['OK', key]);
      }),
      { numRuns: 20 },
    );
  });

  test('the same bytes in any pieces get the same replies', () => {
    const bytes = joined([
      request('HELLO', '3'),
      request('SET', 'a', '1\r\n2'),
      request('MULTI'),
      request('INCR', 'n'),
      request('HSET', 'h', 'f', 'v'),
      request('EXEC'),
      utf8('hgetall h\r\nFOO\r\nget a\r\n'),
      request('JSON.SET', 'd', '$', '{"a":[1,2]}'),
      request('JSON.GET', 'd', '$.a[0]'),
    ]);
    const whole = open();
    whole.session.push(bytes);
    const expected = raw(whole);

    for (let at = 1; at < bytes.length; at++) {
      const opened = open();
      opened.session.push(bytes.slice(0, at));
      opened.session.push(bytes.slice(at));
      expect(raw(opened)).toBe(expected);
    }
    const bytewise = open();
    for (const byte of bytes) bytewise.session.push(Uint8Array.of(byte));
    expect(raw(bytewise)).toBe(expected);
  });

  test('a watch waits for what was asked before it, so one own write does not break a transaction', () => {
    const opened = open(newHost(new MemoryStore('later')));
    opened.session.push(
      joined([
        request('SET', 'a', '1'),
        request('WATCH', 'a'),
        request('MULTI'),
        request('INCR', 'a'),
        request('EXEC'),
      ]),
    );

    while (opened.store.waiting > 0) opened.store.answer(new Prng(1));

    expect(text(opened.session.output())).toBe('+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n:2\r\n');
  });

  test('an unfinished request at the end is none, and what was asked is answered', () => {
    const opened = open(newHost(new MemoryStore('later')));
    opened.session.push(joined([request('SET', 'a', '1'), utf8('*2\r\n$3\r\nGE')]));
    opened.session.end();

    expect(opened.session.isOver).toBe(false);
    opened.store.answer(new Prng(1));

    expect(raw(opened)).toBe('+OK\r\n');
    expect(opened.session.isOver).toBe(true);
  });
});

describe('transactions', () => {
  test('a transaction that would write without end is refused whole', () => {
    const one = open();
    ask(one, 'SET', 'a', 'v'.repeat(15 * 1024 * 1024));

    const replies = askAll(one, [['MULTI'], ...Array.from({ length: 20 }, () => ['APPEND', 'a', 'x']), ['EXEC']]);

    expect(replies.at(-1)).toMatch(/^-ERR a transaction writes and answers at most EXEC_BYTES_MAX, \d+ bytes/);
    expect(ask(one, 'STRLEN', 'a')).toBe(15 * 1024 * 1024);
  });

  test('a watched key that somebody changed makes EXEC answer nil, and nothing happens', () => {
    const host = newHost();
    const [one, other] = [open(host), open(host)];
    ask(one, 'WATCH', 'a');
    ask(one, 'MULTI');
    ask(one, 'SET', 'b', '1');

    ask(other, 'SET', 'a', '2');

    expect(ask(one, 'EXEC')).toBe(null);
    expect(ask(one, 'GET', 'b')).toBe(null);
    expect(host.store.watched).toBe(0);
  });

  // The times are of the key when it is watched and when EXEC comes, beside the sweep that takes it away.
  test.each([
    ['that goes between WATCH and EXEC', { watchedAt: 0, sweptAt: null, execAt: 20 }, null],
    ['that goes and is swept between WATCH and EXEC', { watchedAt: 0, sweptAt: 15, execAt: 20 }, null],
    ['that was gone at WATCH and is swept before EXEC', { watchedAt: 15, sweptAt: 20, execAt: 20 }, ['OK']],
    ['that was gone at WATCH and is not swept', { watchedAt: 15, sweptAt: null, execAt: 20 }, ['OK']],
    ['that has not gone yet', { watchedAt: 0, sweptAt: null, execAt: 5 }, ['OK']],
  ])('of a watched key %s EXEC knows as Redis does', (_what, { watchedAt, sweptAt, execAt }, outcome) => {
    const opened = open();
    const { store } = opened;
    const start = store.now;
    ask(opened, 'SET', 'a', '1', 'PX', '10');

    store.now = start + watchedAt;
    ask(opened, 'WATCH', 'a');
    if (sweptAt !== null) {
      store.now = start + sweptAt;
      store.expire();
    }
    store.now = start + execAt;
    ask(opened, 'MULTI');
    ask(opened, 'SET', 'b', '2');

    expect(ask(opened, 'EXEC')).toEqual(outcome);
  });

  test('is given up when its commands take too long, and changes nothing', () => {
    let clockMs = 0;
    const opened = open(newHost(new MemoryStore(), { clockMs: () => clockMs++ }));
    ask(opened, 'MULTI');
    for (let i = 0; i < 5_000; i++) ask(opened, 'INCR', 'a');

    const outcome = ask(opened, 'EXEC');

    expect(outcome).toMatch(/^-ERR .* EXEC_MS_MAX/);
    expect(ask(opened, 'GET', 'a')).toBe(null);
  });

  test('watches no more keys than a command may have, in as many commands as it likes', () => {
    const opened = open();
    const names = (from: number): string[] => Array.from({ length: 60_000 }, (_, i) => `k${from + i}`);

    const watched = ask(opened, 'WATCH', ...names(0));
    const more = ask(opened, 'WATCH', ...names(60_000));

    expect(watched).toBe('OK');
    expect(more).toMatch(/^-ERR too many keys are watched, .*BULK_ITEMS_MAX/);
    expect(opened.store.watched).toBe(60_000);
  });

  test('a key that was gone at WATCH and is written anew makes EXEC answer nil', () => {
    const opened = open();
    ask(opened, 'SET', 'a', '1', 'PX', '10');
    opened.store.now += 15;

    ask(opened, 'WATCH', 'a');
    opened.store.expire();
    ask(opened, 'SET', 'a', '2');
    ask(opened, 'MULTI');
    ask(opened, 'SET', 'b', '2');

    expect(ask(opened, 'EXEC')).toBe(null);
  });

  test('commands of a transaction see what those before them changed', () => {
    const opened = open();

    const replies = askAll(opened, [
      ['MULTI'],
      ['SET', 'a', '5'],
      ['INCRBY', 'a', '2'],
      ['GET', 'a'],
      ['INCR', 'nope', 'x'],
      ['SET', 'a', 'b', 'NX'],
      ['DEL', 'a'],
      ['EXISTS', 'a'],
      ['EXEC'],
    ]);

    expect(replies.at(-1)).toBe('-EXECABORT Transaction discarded because of previous errors.');
    const again = askAll(opened, [
      ['MULTI'],
      ['SET', 'a', '5'],
      ['INCRBY', 'a', '2'],
      ['GET', 'a'],
      ['HGET', 'a', 'f'],
      ['SET', 'a', 'b', 'NX'],
      ['DEL', 'a'],
      ['EXISTS', 'a'],
      ['PING'],
      ['EXEC'],
    ]);
    expect(again.at(-1)).toEqual([
      'OK',
      7,
      '7',
      '-WRONGTYPE Operation against a key holding the wrong kind of value',
      null,
      1,
      0,
      'PONG',
    ]);
  });

  test('SHUTDOWN is not taken, and does nothing', () => {
    const opened = open();

    const replies = askAll(opened, [['MULTI'], ['SHUTDOWN', 'NOSAVE'], ['EXEC']]);

    expect(replies.slice(1)).toEqual([
      '-ERR Command not allowed inside a transaction',
      '-EXECABORT Transaction discarded because of previous errors.',
    ]);
    expect(opened.administration.calls).toEqual([]);
  });

  test('an error in one is counted among errors', () => {
    const opened = open();

    askAll(opened, [['SET', 'a', 'x'], ['MULTI'], ['INCR', 'a'], ['HGET', 'a', 'f'], ['EXEC']]);

    const info = ask(opened, 'INFO', 'errorstats', 'commandstats');
    expect(info).toContain('errorstat_ERR:count=1\r\n');
    expect(info).toContain('errorstat_WRONGTYPE:count=1\r\n');
    expect(info).toMatch(/cmdstat_incr:.*failed_calls=1/);
  });

  test('what a transaction publishes is heard only when it takes effect', () => {
    const host = newHost();
    const [one, listener] = [open(host), open(host)];
    ask(listener, 'SUBSCRIBE', 'news');
    const transaction = [['MULTI'], ['SET', 'a', '1'], ['PUBLISH', 'news', 'stored'], ['GET', 'a'], ['EXEC']];

    host.store.refusal = fail('DISK', 'disk full').error;
    const refused = askAll(one, transaction).at(-1);
    const heard = raw(listener);
    host.store.refusal = null;
    const done = askAll(one, transaction).at(-1);

    expect([refused, heard]).toEqual(['-MISCONF disk full', '']);
    expect(done).toEqual(['OK', 1, '1']);
    expect(raw(listener)).toContain('stored');
  });

  test('what a transaction publishes is heard though its connection is gone, which listens to nothing then', () => {
    const host = newHost(new MemoryStore('later'));
    const [one, listener] = [open(host), open(host)];
    ask(listener, 'SUBSCRIBE', 'news');
    askAll(one, [['MULTI'], ['SET', 'a', '1'], ['PUBLISH', 'news', 'stored'], ['SUBSCRIBE', 'other'], ['EXEC']]);

    one.session.abandon();
    host.store.answer(new Prng(1));

    expect(raw(listener)).toContain('stored');
    expect(host.host.pubSub.channelCount).toBe(1);
  });

  test('a connection listens to no more bytes of channels than it may, and to others when it left some', () => {
    const opened = open();
    const name = 'c'.repeat(1_000_000);

    const heard = Array.from({ length: 20 }, (_, i) => ask(opened, 'SUBSCRIBE', `${name}${i}`));
    ask(opened, 'UNSUBSCRIBE', `${name}0`);

    expect(heard[0]).toEqual(['subscribe', `${name}0`, 1]);
    expect(heard.at(-1)).toMatch(/^-ERR a connection listens to at most/);
    expect(ask(opened, 'SUBSCRIBE', `${name}x`)).toEqual(['subscribe', `${name}x`, 16]);
  });

  test('a connection that goes away watches nothing any more', () => {
    const opened = open();
    ask(opened, 'WATCH', 'a', 'b');

    opened.session.abandon();

    expect(opened.store.watched).toBe(0);
    expect(opened.host.talks.size).toBe(0);
  });
});

describe('errors of the store', () => {
  test.each([
    ['UNAVAILABLE', 'CLUSTERDOWN'],
    ['UNRELIABLE', 'CLUSTERDOWN'],
    ['LOADING', 'LOADING'],
    ['BUSY', 'BUSY'],
    ['DISK', 'MISCONF'],
    ['MEMORY', 'OOM'],
    ['TIMEOUT', 'TIMEOUT'],
    ['NOTLEADER', 'READONLY'],
    ['NOPERM', 'NOPERM'],
  ] as const)('%s begins with %s', (code, word) => {
    const opened = open();
    opened.store.failure = fail(code, 'why').error;

    for (const command of [
      ['GET', 'a'],
      ['SET', 'a', '1'],
      ['INCR', 'a'],
      ['KEYS', '*'],
      ['MGET', 'a', 'b'],
      ['WATCH', 'a'],
      ['FLUSHALL'],
    ])
      expect(ask(opened, ...command)).toBe(`-${word} why`);
  });

  test('a read that nobody in sync confirmed is an error', () => {
    const opened = open();
    opened.store.notes = { warnings: [], uncertain: true };

    expect(ask(opened, 'GET', 'a')).toMatch(/^-CLUSTERDOWN /);
    expect(ask(opened, 'MGET', 'a', 'b')).toMatch(/^-CLUSTERDOWN /);
    expect(ask(opened, 'SCAN', '0')).toMatch(/^-CLUSTERDOWN /);
    expect(ask(opened, 'RANDOMKEY')).toMatch(/^-CLUSTERDOWN /);
  });

  test('FLUSHALL is an error while nobody knows which keys there are', () => {
    const opened = open();
    ask(opened, 'SET', 'a', '1');
    opened.store.notes = { warnings: [], uncertain: true };

    const refused = ask(opened, 'FLUSHALL');
    opened.store.notes = { warnings: [], uncertain: false };

    expect(refused).toMatch(/^-CLUSTERDOWN /);
    expect(ask(opened, 'GET', 'a')).toBe('1');
  });
});

describe('authentication', () => {
  test('with a password nothing is answered before it was given', () => {
    const host = newHost();
    ask(open(host), 'CONFIG', 'SET', 'requirepass', 'secret');
    const opened = open(host);

    expect(ask(opened, 'GET', 'a')).toBe('-NOAUTH Authentication required.');
    expect(ask(opened, 'AUTH', 'wrong')).toMatch(/^-WRONGPASS /);
    expect(ask(opened, 'AUTH', 'other', 'secret')).toMatch(/^-WRONGPASS /);
    expect(ask(opened, 'HELLO', '3')).toMatch(/^-NOAUTH HELLO must be called/);
    expect(ask(opened, 'AUTH', 'secret')).toBe('OK');
    expect(ask(opened, 'GET', 'a')).toBe(null);
    expect(JSON.stringify(ask(opened, 'SLOWLOG', 'GET'))).not.toContain('secret');
  });
});

describe('messages', () => {
  test('a channel tells all who listen, also the one who speaks', () => {
    const host = newHost();
    const [listener, speaker] = [open(host), open(host)];
    expect(ask(listener, 'SUBSCRIBE', 'news')).toEqual(['subscribe', 'news', 1]);
    ask(speaker, 'HELLO', '3');
    expect(ask(speaker, 'PSUBSCRIBE', 'n*')).toEqual({ push: ['psubscribe', 'n*', 1] });

    const said = askAll(speaker, [['PUBLISH', 'news', 'hello'], ['PING']]);

    expect(said).toEqual([2, { push: ['pmessage', 'n*', 'news', 'hello'] }, 'PONG']);
    expect(raw(listener)).toBe('*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n');
    expect(listener.wakes()).toBe(1);
    expect(ask(listener, 'GET', 'a')).toMatch(/^-ERR Can't execute 'get': only /);
    expect(ask(listener, 'UNSUBSCRIBE')).toEqual(['unsubscribe', 'news', 0]);
    expect(ask(listener, 'GET', 'a')).toBe(null);
  });

  test('MONITOR shows what others ask, without passwords', () => {
    const host = newHost();
    const [monitor, other] = [open(host), open(host)];
    ask(monitor, 'MONITOR');

    askAll(other, [
      ['SET', 'a', 'x "\n'],
      ['AUTH', 'secret'],
    ]);

    expect(raw(monitor)).toMatch(/^\+\d+\.\d{6} \[0 127\.0\.0\.1:5000\] "SET" "a" "x \\"\\n"\r\n$/);
  });

  test('MONITOR shows what a transaction runs before its EXEC, and nothing of one that is given up', () => {
    const host = newHost();
    const [monitor, other] = [open(host), open(host)];
    ask(monitor, 'MONITOR');

    askAll(other, [['MULTI'], ['SET', 'a', '1'], ['GET', 'a'], ['EXEC'], ['MULTI'], ['GET', 'b'], ['NO'], ['EXEC']]);

    const lines = raw(monitor).split('\r\n').slice(0, -1);
    expect(lines.map((line) => line.replace(/^.*] /, ''))).toEqual([
      '"MULTI"',
      '"SET" "a" "1"',
      '"GET" "a"',
      '"EXEC"',
      '"MULTI"',
      '"EXEC"',
    ]);
  });

  test('MONITOR shows nothing of what operators do, nor the RESET that ends it', () => {
    const host = newHost();
    const [monitor, other] = [open(host), open(host)];
    ask(monitor, 'MONITOR');

    askAll(other, [['CONFIG', 'GET', 'dir'], ['CLIENT', 'LIST'], ['SAVE']]);

    expect(ask(monitor, 'RESET')).toBe('RESET');
  });

  test('CLIENT REPLY OFF silences replies, and no messages', () => {
    const host = newHost();
    const [listener, speaker] = [open(host), open(host)];

    askAll(listener, [
      ['CLIENT', 'REPLY', 'OFF'],
      ['SET', 'a', '1'],
    ]);
    const subscribed = ask(listener, 'SUBSCRIBE', 'news');
    ask(speaker, 'PUBLISH', 'news', 'hello');

    expect(subscribed).toEqual(['subscribe', 'news', 1]);
    expect(raw(listener)).toContain('hello');
    expect(ask(listener, 'UNSUBSCRIBE')).toEqual(['unsubscribe', 'news', 0]);
  });

  test('CLIENT REPLY silences a connection', () => {
    const opened = open();

    opened.session.push(
      utf8('CLIENT REPLY SKIP\r\nSET a 1\r\nGET a\r\nCLIENT REPLY OFF\r\nGET a\r\nPING\r\nCLIENT REPLY ON\r\nPING\r\n'),
    );

    expect(raw(opened)).toBe('$1\r\n1\r\n+OK\r\n+PONG\r\n');
  });

  test('CLIENT KILL ends another connection', () => {
    const host = newHost();
    const [one, other] = [open(host), open(host)];

    expect(ask(one, 'CLIENT', 'KILL', 'ID', JSON.stringify(ask(other, 'CLIENT', 'ID')))).toBe(1);

    expect(other.session.isOver).toBe(true);
    expect(one.session.isOver).toBe(false);
  });

  test('CLIENT KILL that names nobody ends nobody', () => {
    const host = newHost();
    const [one, other] = [open(host), open(host)];

    expect(ask(one, 'CLIENT', 'KILL')).toBe("-ERR wrong number of arguments for 'client|kill' command");
    expect(ask(one, 'CLIENT', 'KILL', 'USER', 'nobody')).toBe("-ERR No such user 'nobody'");

    expect(other.session.isOver).toBe(false);
  });

  test.each([
    ['CLIENT KILL', ['CLIENT', 'KILL', 'TYPE', 'PUBSUB']],
    ['rules that take its channel away', ['ACL', 'SETUSER', 'default', 'resetchannels', '&b']],
  ])('who was ended by %s hears nothing more and is seen by nobody, before its socket is closed', (_name, words) => {
    const host = newHost();
    const [one, other] = [open(host), open(host)];
    ask(other, 'CLIENT', 'SETNAME', 'ended');
    ask(other, 'SUBSCRIBE', 'a');
    ask(other, 'CLIENT', 'TRACKING', 'ON', 'BCAST');

    ask(one, ...words);
    host.host.pubSub.publish(utf8('a'), utf8('x'));

    expect(raw(other)).toBe('');
    expect(ask(one, 'CLIENT', 'LIST')).not.toContain('ended');
    expect(ask(one, 'PUBSUB', 'CHANNELS')).toEqual([]);
    expect(host.host.tracking.clients).toBe(0);
  });

  test('who said QUIT is seen by nobody, before its socket is closed', () => {
    const host = newHost();
    const [one, other] = [open(host), open(host)];

    expect(ask(other, 'QUIT')).toBe('OK');

    expect(ask(one, 'INFO', 'clients')).toContain('connected_clients:1\r\n');
  });
});
