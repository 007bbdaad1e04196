import { describe, expect, test } from 'vitest';
import { utf8 } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import { DOCUMENT_BYTES_MAX } from '../../src/model/limits.ts';
import { ask, open, said, TRANSCRIPT, withPersons } from './asked-session.ts';
import { linesOf, NaiveStore } from './naive-store.ts';

describe('a session', () => {
  test('answers the golden transcript line by line', () => {
    const replies = ask(TRANSCRIPT.map(([request]) => request));

    expect(replies).toHaveLength(TRANSCRIPT.length);
    for (const [i, [request, reply]] of TRANSCRIPT.entries()) {
      if (typeof reply === 'string') expect(replies[i], request).toBe(reply);
      else expect(replies[i], request).toMatch(reply);
    }
  });

  test.each([
    ['SET k 42', 'GET k', 'k -> 42'],
    ['SET k "a\\nb"', 'GET k', 'k -> a\\nb'],
    ['SET k null', 'GET k', 'k -> null'],
    ['SET k 9007199254740993', 'GET k', 'k -> 9007199254740993'],
    ['SET k 2.0', 'GET k', 'k -> 2.0'],
    ['SET "a b" {"x":[1,2]}', 'QUERY "a b".x.1', 'a b.x.1 -> 2'],
    ['SET __proto__ {"constructor":1}', 'QUERY __proto__.constructor', '__proto__.constructor -> 1'],
    ['PUT k {"a":1}', 'GET k', 'k -> [ "a" -> 1 ]'],
    ['PUT k [ "a" -> 1 ]', 'GET k', 'k -> [ "a" -> 1 ]'],
    ['PUT   "k"->[ ]', 'GET k', 'k -> []'],
    ["PUT 'k':{'a': '1'}", 'GET k', 'k -> [ "a" -> "1" ]'],
    ['PUT "k" : { "a" : 1 ; "b" : 2 }', 'QUERY k.b', 'k.b -> 2'],
    ['PUT {"a":{"x":1},"k":{"y":2}}', 'QUERY k.y', 'k.y -> 2'],
    ['PUT user:1 -> [ "a" -> 1 ]', 'QUERY user:1.a', 'user:1.a -> 1'],
    ['PUT user:1 {"a":1}', 'QUERY user:1.a', 'user:1.a -> 1'],
    ['PUT "a.b" -> [ "c" -> 1 ]', 'QUERY a.b.c', 'a.b.c -> 1'],
    ['PUT k -> [ " level" -> 26 ]', 'QUERY k." level"', 'k. level -> 26'],
    ['PUT κλειδί -> [ "τιμή" -> "🙂" ]', 'QUERY κλειδί.τιμή', 'κλειδί.τιμή -> 🙂'],
    ['BULKSET [["a",1],["k",{"b":2}]]', 'QUERY k.b', 'k.b -> 2'],
    ['BULKSET [["k",1],["k",2]]', 'GET k', 'k -> 2'],
    ['BULKSET []', 'PING', 'PONG'],
  ])('stores by %s what %s shows', (write, read, shown) => {
    const replies = ask([write, read]);

    expect(replies).toEqual(['OK', shown]);
  });

  test.each([
    ['GTE k', /^ERROR UNKNOWN unknown command 'GTE', did you mean 'GET'\? commands: .*PUT.*QUERY/],
    ['\u0007bell x', /^ERROR UNKNOWN /],
    ['GET', 'ERROR USAGE wrong number of arguments for GET, usage: GET <key>'],
    ['GET a b', /^ERROR PARSE .*column 7$/],
    ['GET ""', /^ERROR PARSE /],
    [`GET ${'k'.repeat(65_537)}`, /^ERROR TOOLARGE .*KEY_BYTES_MAX/],
    ['QUERY', /^ERROR USAGE /],
    ['QUERY a..b', /^ERROR PARSE .*column 9$/],
    ['QUERY a b', /^ERROR PARSE .*column 9$/],
    ['PUT', /^ERROR USAGE /],
    ['PUT k', /^ERROR PARSE /],
    ['PUT k 5', /^ERROR PARSE found an int, expected a document at column 7/],
    ['PUT k -> [ "a" -> 1', /^ERROR PARSE /],
    ['PUT {}', /^ERROR PARSE /],
    ['SET k', /^ERROR USAGE .*SET <key> <value>$/],
    ['SET k {"a":}', /^ERROR PARSE .*column 12$/],
    ['SET k 01', /^ERROR PARSE /],
    ['BULKSET {"a":1}', /^ERROR PARSE /],
    ['BULKSET [["a",1],["b"]]', /^ERROR PARSE item 2 /],
    ['BULKSET [["a",1],[2,1]]', /^ERROR PARSE item 2 /],
    ['BULKSET [["",1]]', /^ERROR PARSE .*item 1/],
    ['KEYS a 0', /^ERROR USAGE .*10000/],
    ['KEYS a 10001', /^ERROR USAGE .*SCAN_KEYS_MAX/],
    ['KEYS a 1 b c', /^ERROR USAGE .*KEYS \[prefix \[limit \[after\]\]\]$/],
    ['DELETE', /^ERROR USAGE /],
    ['COMPUTE', /^ERROR USAGE /],
    ['COMPUTE 1+', /^ERROR PARSE .*column 11$/],
    ['COMPUTE x WHERE x = QUERY a..b', /^ERROR PARSE .*column 29$/],
    ['PING x', 'ERROR USAGE wrong number of arguments for PING, usage: PING'],
    ['FORMAT xml', /^ERROR USAGE FORMAT takes no 'xml', usage: FORMAT \[arrow\|plain\|brace\|json/],
    ['FORMAT arrow versions', /^ERROR USAGE FORMAT takes no 'versions'/],
    ['ANGLE grad', /^ERROR USAGE ANGLE takes no 'grad', .*rad\|deg/],
    ['FORCE', /^ERROR USAGE /],
    ['FORCE x1', /^ERROR USAGE 'x1'/],
    ['SEARCH a', 'ERROR NOTHERE SEARCH is not in this mode: this host keeps no index'],
    ['SIMILAR 5 a', /^ERROR NOTHERE SIMILAR is not in this mode/],
    ['PROMOTE s2', /^ERROR NOTHERE PROMOTE is not in this mode/],
    ['HELP nonsense', /^ERROR UNKNOWN /],
    ['GET / HTTP/1.1', /^ERROR PARSE /],
  ])('refuses %s in one line', (request, reply) => {
    const replies = ask([request, 'PING']);

    expect(replies).toHaveLength(2);
    expect(replies[1]).toBe('PONG');
    if (typeof reply === 'string') expect(replies[0]).toBe(reply);
    else expect(replies[0]).toMatch(reply);
  });

  test('ignores empty lines, and takes LF and CRLF', () => {
    const { session } = open();

    session.push(utf8('\n\r\n  \nPING\r\n\t\r\nPING\n'));

    expect(said(session)).toEqual(['PONG', 'PONG']);
  });

  test('takes an unfinished last line when the input ends', () => {
    const { session } = open();

    session.push(utf8('PING\nPIN'));
    const inRequest = session.inRequest;
    session.push(utf8('G'));
    session.end();

    expect([inRequest, said(session)]).toEqual([true, ['PONG', 'PONG']]);
  });

  test.each([
    [0x47, 0x45, 0x54, 0x20, 0xff],
    [...utf8('QUERY a.'), 0xc3],
    [...utf8('PUT k -> [ "a" -> "'), 0xed, 0xa0, 0x80, ...utf8('" ]')],
    [...utf8('SET k "'), 0xff, 0x22],
    [...utf8('COMPUTE 1+'), 0xff],
    [...utf8('HELP '), 0xff],
    [...utf8('BULKSET [["'), 0xff, ...utf8('",1]]')],
  ])('answers malformed UTF-8 with PARSE (%#)', (...bytes) => {
    const { session } = open();

    session.push(Uint8Array.from([...bytes, 0x0a]));

    expect(said(session)[0]).toMatch(/^ERROR PARSE /);
  });

  test('skips a line beyond the limit and lives', () => {
    const { session } = open();
    const piece = utf8('x'.repeat(1024 * 1024));

    session.push(utf8('PUT k -> [ "a" -> "'));
    for (let bytes = 0; bytes <= DOCUMENT_BYTES_MAX + piece.length; bytes += piece.length) session.push(piece);
    session.push(utf8('" ]\nPING\n'));

    expect(said(session)).toEqual([expect.stringMatching(/^ERROR TOOLARGE .*DOCUMENT_BYTES_MAX$/), 'PONG']);
  });

  test('puts a COMPUTE together from lines that end in AND or a backslash', () => {
    const replies = ask(
      [
        'COMPUTE x+ \\',
        'y WHERE x = QUERY person2.address.number AND',
        '  y = QUERY person1.age',
        'PING',
        'COMPUTE 1 WHERE x = 1 AND',
      ],
      {},
      withPersons(),
    );

    expect(replies).toEqual(['34', 'PONG']);
  });

  test('answers a COMPUTE that waits for its next line when the input ends', () => {
    const { session } = open();

    session.push(utf8('COMPUTE x WHERE x = 1 AND\n'));
    const inRequest = session.inRequest;
    session.end();

    expect([inRequest, said(session)[0]]).toEqual([true, expect.stringMatching(/^ERROR PARSE .*column 2\d$/)]);
  });

  test('says NOTFOUND on the port of a storage server', () => {
    const replies = ask(['GET a', 'QUERY a.b', 'DELETE a', 'SET a 1', 'GET a'], { role: 'server' });

    expect(replies).toEqual(['NOTFOUND', 'NOTFOUND', 'NOTFOUND', 'OK', 'a -> 1']);
  });

  test('refuses to overwrite by PUT, not by SET, in insert mode', () => {
    const replies = ask(['PUT a {"x":1}', 'PUT a {"x":2}', 'SET a 3', 'GET a'], { putMode: 'insert' });

    expect(replies).toEqual([
      'OK',
      'ERROR EXISTS High-level key already exist. Overwrite is not supported.',
      'OK',
      'a -> 3',
    ]);
  });

  test('writes WARNING lines before exactly one final line', () => {
    const store = withPersons();
    store.notes = { warnings: ['2 or more servers are down'], uncertain: true };

    const replies = ask(
      ['GET person4', 'GET x', 'COMPUTE x WHERE x = QUERY x', 'PUT a -> [ "b" -> 1 | "b" -> 2 ]'],
      {},
      store,
    );

    expect(replies).toEqual([
      'WARNING: 2 or more servers are down',
      'person4 -> []',
      'WARNING: 2 or more servers are down',
      'x -> NOT FOUND',
      'WARNING: 2 or more servers are down',
      'ERROR NOTFOUND x = QUERY x NOT FOUND (maybe: no in-sync owner confirmed it)',
      'WARNING: 2 or more servers are down',
      expect.stringMatching(/^WARNING: .*"?b/),
      'OK',
    ]);
  });

  test('remembers for CHECKPUT whether every write so far succeeded', () => {
    const replies = ask(['CHECKPUT', 'PUT a {"x":1}', 'CHECKPUT', 'PUT b -> x', 'SET c 1', 'CHECKPUT']);

    expect(replies.map((reply) => reply.slice(0, 11))).toEqual(['OK', 'OK', 'OK', 'ERROR PARSE', 'OK', 'ERROR PARSE']);
    expect(replies[5]).toContain('1 of 3 writes failed, the first: 1:');
  });

  test('closes after EXIT and reads nothing more', () => {
    const { session, store } = open(new NaiveStore('later'));

    session.push(linesOf(['GET a', 'QUIT', 'PING']));
    const before = session.isOver;
    store.answer(new Prng(1));
    session.push(linesOf(['PING']));

    expect([before, session.isOver, said(session)]).toEqual([false, true, ['a -> NOT FOUND', 'OK']]);
  });

  test('shuts down after the answers before it', () => {
    const { session, store, administration } = open(new NaiveStore('later'));

    session.push(linesOf(['GET a', 'SHUTDOWN']));
    const before = [...administration.calls];
    store.answer(new Prng(1));

    expect([before, administration.calls, said(session)]).toEqual([
      [],
      ['shutdown'],
      ['a -> NOT FOUND', 'OK shutting down'],
    ]);
  });

  test('passes on what operators say, and answers in order', async () => {
    const { session, administration, wakes } = open();

    session.push(linesOf(['FAULT crash s2', 'FAULT dance', 'FORCE s1,S3', 'SNAPSHOT', 'PING']));
    const before = [said(session), wakes()];
    await new Promise((resolve) => setImmediate(resolve));

    expect(before).toEqual([[], 0]);
    expect(wakes()).toBeGreaterThan(0);
    expect(administration.calls).toEqual(['fault crash s2', 'fault dance', 'force s1 s3', 'snapshot']);
    expect(said(session)).toEqual([
      'OK',
      'ERROR BADFAULT 1:1: unknown dance',
      'OK epoch 8, nothing lost',
      'ERROR UNAVAILABLE the host failed: the disk is on fire',
      'PONG',
    ]);
  });

  test('shows the status in one line', () => {
    const [reply] = ask(['CONNECTIONS']);

    expect(reply).toBe(
      'OK mode=replicated replicas=2 durability=fsync epoch=7 | s1 up owner keys=812 wal=4096 since=2026-01-01T00:00:00.000Z',
    );
  });

  test('pages through keys and records', () => {
    const replies = ask(
      ['KEYS', 'KEYS person 2', 'KEYS person 2 person2', 'KEYS x', 'EXPORT "" 1', 'EXPORT person 5 person2'],
      {},
      withPersons(),
    );

    expect(replies).toEqual([
      'KEYS -> ( "person1" | "person2" | "person3" | "person4" )',
      'WARNING: there are more, after "person2"',
      'person -> ( "person1" | "person2" )',
      'person -> ( "person3" | "person4" )',
      'x -> ()',
      'WARNING: there are more, after "person1"',
      'EXPORT -> [ "person1" -> [ "name" -> "John" | "age" -> 22 ] ]',
      'person -> [ "person3" -> [ "height" -> 1.75 | "profession" -> "student" ] | "person4" -> [] ]',
    ]);
  });

  test('reads several paths at once', () => {
    const replies = ask(['QUERYMANY person1.age person2.name  nobody'], {}, withPersons());

    expect(replies).toEqual(['person1.age -> 22 | person2.name -> Mary | nobody -> NOT FOUND']);
  });

  test('changes the form of its answers by FORMAT', () => {
    const replies = ask(
      ['FORMAT', 'FORMAT plain', 'GET person1', 'FORMAT brace', 'GET person1', 'FORMAT arrow', 'GET person4'],
      {},
      withPersons(),
    );

    expect(replies).toEqual([
      'OK arrow',
      'OK',
      'person1 -> [ name -> John | age -> 22 ]',
      'OK',
      "person1: {'name': 'John', 'age': 22}",
      'OK',
      'person4 -> []',
    ]);
  });
});
