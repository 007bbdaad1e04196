import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import { fail } from '../../src/model/errors.ts';
import { DOCUMENT_BYTES_MAX } from '../../src/model/limits.ts';
import { TextSession } from '../../src/protocol/text-session.ts';
import { linesOf, NaiveAdministration, NaiveStore } from './naive-store.ts';

type Options = ConstructorParameters<typeof TextSession>[2];

const GATEWAY: Options = { role: 'gateway', putMode: 'upsert', strictTypes: false, angle: 'rad' };

function open(store = new NaiveStore(), options: Partial<Options> = {}) {
  const administration = new NaiveAdministration();
  let wakes = 0;
  const session = new TextSession(store, administration, { ...GATEWAY, ...options }, () => wakes++);
  return { session, store, administration, wakes: () => wakes };
}

/** All that the session has to say, as lines. */
function said(session: TextSession): string[] {
  const output = text(session.output());
  session.sent();
  return output === '' ? [] : output.replace(/\n$/, '').split('\n');
}

/** Replies to lines that are sent at once. */
function ask(lines: readonly string[], options: Partial<Options> = {}, store = new NaiveStore()): string[] {
  const { session } = open(store, options);
  session.push(linesOf(lines));
  return said(session);
}

const PERSONS = [
  'PUT "person1" -> [ "name" -> "John" | "age" -> 22 ]',
  'PUT "person2" -> [ "name" -> "Mary" | "address" -> [ "street" -> "Panepistimiou" | "number" -> 12 ] ]',
  'PUT "person3" -> [ "height" -> 1.75 | "profession" -> "student" ]',
  'PUT "person4" -> []',
];

function withPersons(): NaiveStore {
  const store = new NaiveStore();
  ask(PERSONS, {}, store);
  return store;
}

/** The golden transcript (semantics.md 4) as far as one healthy store answers it. */
const TRANSCRIPT: readonly (readonly [request: string, reply: string | RegExp])[] = [
  ...PERSONS.map((line) => [line, 'OK'] as const),
  ['PUT "person5" -> "hello"', /^ERROR PARSE .*expected '\[' at column 18$/],
  ['PUT "person6" -> [ "address" -> [ "there" ] ]', /^ERROR PARSE .* at column \d+$/],
  ['GET person1', 'person1 -> [ "name" -> "John" | "age" -> 22 ]'],
  ['GET "person1"', 'person1 -> [ "name" -> "John" | "age" -> 22 ]'],
  ["GET 'person1'", 'person1 -> [ "name" -> "John" | "age" -> 22 ]'],
  ['GET “person1”', 'person1 -> [ "name" -> "John" | "age" -> 22 ]'],
  ['get person1', 'person1 -> [ "name" -> "John" | "age" -> 22 ]'],
  ['  GeT\tperson1  ', 'person1 -> [ "name" -> "John" | "age" -> 22 ]'],
  ['GET name', 'name -> NOT FOUND'],
  ['GET person2.name', 'person2.name -> NOT FOUND'],
  ['GET person4', 'person4 -> []'],
  ['QUERY person2.name', 'person2.name -> Mary'],
  ['QUERY person2.address.number', 'person2.address.number -> 12'],
  ['QUERY person2.address', 'person2.address -> [ "street" -> "Panepistimiou" | "number" -> 12 ]'],
  ['QUERY "person2".address.number', 'person2.address.number -> 12'],
  ['QUERY person1', 'person1 -> [ "name" -> "John" | "age" -> 22 ]'],
  ['QUERY person2.name.first', 'person2.name.first -> NOT FOUND'],
  ['QUERY person4.x', 'person4.x -> NOT FOUND'],
  ['COMPUTE 2*x WHERE x = QUERY person2.address.number', '24'],
  ['compute 2-x where x = query person2.address.number', '-10'],
  ['COMPUTE x/2 WHERE x = QUERY person2.address.number', '6'],
  ['COMPUTE 2^x WHERE x = QUERY person2.address.number', '4096'],
  ['COMPUTE log(2*(x+3)) WHERE x = QUERY person2.address.number', '1.4771212547196624'],
  [
    'COMPUTE 2/(x+3*(y+z)) WHERE x = QUERY person2.address.number AND y = QUERY person1.age AND z = QUERY person3.height',
    '0.024024024024024024',
  ],
  ['COMPUTE cos(x)-tan(2*y+3) WHERE x = QUERY person2.address.number AND y = QUERY person1.age', '0.9683815268652294'],
  ['ANGLE deg', 'OK'],
  ['COMPUTE cos(x)-tan(2*y+3) WHERE x = QUERY person2.address.number AND y = QUERY person1.age', '-0.0942211092908769'],
  ['ANGLE', 'OK deg'],
  ['COMPUTE x+y WHERE y = QUERY person1.age', /^ERROR NOTFOUND variable 'x'/],
  ['COMPUTE x WHERE x = QUERY person1.id', 'ERROR NOTFOUND x = QUERY person1.id NOT FOUND'],
  ['COMPUTE x WHERE x = QUERY person1.name', 'ERROR TYPE x = QUERY person1.name is STRING, can not compute'],
  ['COMPUTE x WHERE x = QUERY person1', 'ERROR TYPE x = QUERY person1 is a SET, can not compute'],
  ['COMPUTE __import__("os")', /^ERROR PARSE .*column 20$/],
  ['COMPUTE 1/0', 'ERROR MATH division by zero'],
  ['DELETE person3', 'person3 -> OK'],
  ['GET person3', 'person3 -> NOT FOUND'],
  ['QUERY person3.height', 'person3.height -> NOT FOUND'],
  ['DELETE person3', 'person3 -> NOT FOUND'],
  ['DELETE person2.name', /^ERROR USAGE DELETE takes high-level keys only/],
  ['DELETE "person2.name"', 'person2.name -> NOT FOUND'],
  ['PING', 'PONG'],
  ['EXIT', 'OK'],
];

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

describe('whatever the pieces and whatever the order of answers,', () => {
  const REQUESTS = [
    ...TRANSCRIPT.map(([request]) => request).filter((request) => request !== 'EXIT'),
    'FORMAT json',
    'GET person1',
    'COMPUTE x WHERE x = QUERY person1.age AND',
    ' y = 2',
    'CHECKPUT',
    'PUT “κ” -> [ “τ” -> “🙂” ]\r',
    'GET κ',
    'STATUS',
    '',
    'NONSENSE é',
    'EXPORT "" 3',
    'EXIT',
    'PING',
  ];
  const BYTES = linesOf(REQUESTS);

  function play(pieces: readonly Uint8Array[], answers: Prng | null): string[] {
    const { session, store } = open(new NaiveStore(answers === null ? 'now' : 'later'));
    const lines: string[] = [];
    for (const piece of pieces) {
      // The owner may use its buffer again as soon as push returns.
      const lent = Uint8Array.from(piece);
      session.push(lent);
      lent.fill(0x21);
      if (answers?.chance(0.2) === true) store.answer(answers);
      if (answers?.chance(0.3) === true) lines.push(...said(session));
    }
    // What waited for an answer is asked only after it.
    while (answers !== null && session.inFlight > 0) store.answer(answers);
    return [...lines, ...said(session)];
  }

  const WHOLE = play([BYTES], null);

  test('single bytes are answered as one packet is', () => {
    const pieces = [...BYTES].map((byte) => Uint8Array.of(byte));

    const replies = play(pieces, null);

    expect(replies).toEqual(WHOLE);
  });

  test('random pieces and answers in random order give the same replies', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 400 }), (seed, pieceMax) => {
        const prng = new Prng(seed);
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < BYTES.length; ) {
          const end = Math.min(BYTES.length, at + prng.between(1, pieceMax));
          pieces.push(BYTES.subarray(at, end));
          at = end;
        }
        expect(play(pieces, prng)).toEqual(WHOLE);
      }),
      { numRuns: 60 },
    );
  });

  test('an operator acts between what was asked before and after, also in one packet', async () => {
    const store = new NaiveStore('later');
    const { session, administration } = open(store);

    session.push(linesOf(['SET a 1', 'FAULT crash s2', 'SET b 2', 'GET b']));
    const early = [...administration.calls];
    store.answer(new Prng(1));
    const acted = [...administration.calls];
    const waiting = session.inFlight;
    await Promise.resolve();
    await Promise.resolve();
    while (session.inFlight > 0) store.answer(new Prng(1));

    expect([early, acted, waiting]).toEqual([[], ['fault crash s2'], 3]);
    expect(said(session).length).toBe(4);
  });

  test('ten thousand commands in one packet are answered in order', () => {
    const { session, store } = open(new NaiveStore('later'));
    const count = 10_000;

    session.push(linesOf(Array.from({ length: count }, (_, i) => (i % 2 === 0 ? `SET k${i} ${i}` : `GET k${i - 1}`))));
    const inFlight = session.inFlight;
    store.answer(new Prng(7));

    expect(inFlight).toBe(count);
    expect(session.inFlight).toBe(0);
    expect(session.heldBytes).toBe(0);
    expect(said(session)).toEqual(
      Array.from({ length: count }, (_, i) => (i % 2 === 0 ? 'OK' : `k${i - 1} -> ${i - 1}`)),
    );
  });

  test('replies that wait for an older one are counted', () => {
    const store = new NaiveStore('later');
    const { session } = open(store);

    session.push(linesOf(['GET a', 'PING']));

    expect([session.inFlight, session.heldBytes, session.output().length]).toEqual([2, 5, 0]);
  });

  test('replies that nobody reads any more are dropped, and no request is taken any more', () => {
    const store = new NaiveStore('later');
    const { session } = open(store);
    session.push(linesOf(['PING', 'SET a 1', 'GET a', 'PING']));

    session.abandon();
    store.answer(new Prng(7));
    session.push(linesOf(['PING']));

    expect(session.output().length).toBe(0);
  });

  test('any bytes are answered: each line that is not empty by one final line, without throwing', () => {
    const verbs = fc.constantFrom(
      'GET',
      'put',
      'QUERY',
      'SET',
      'BULKSET',
      'DELETE',
      'COMPUTE',
      'KEYS',
      'EXPORT',
      'QUERYMANY',
      'HELP',
      'ANGLE',
      'STATUS',
      'CHECKPUT',
      'xyz',
    );
    const rest = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc
        .array(
          fc.constantFrom(
            '"',
            "'",
            '“',
            '’',
            '[',
            ']',
            '{',
            '}',
            '->',
            ':',
            '|',
            ',',
            '.',
            '\\',
            ' ',
            'a',
            'k1',
            '1',
            '-2.5e3',
            'WHERE',
            'x',
            '=',
            '\u00a0',
            '\t',
          ),
          { maxLength: 12 },
        )
        .map((parts) => parts.join('')),
    );

    fc.assert(
      fc.property(fc.array(fc.tuple(verbs, rest), { maxLength: 8 }), (requests) => {
        const lines = requests.map(([verb, words]) => `${verb} ${words.replaceAll('\n', ' ')}`);
        const replies = ask([...lines.map((line) => `${line} .`), 'PING'], {}, withPersons()).filter(
          (line) => !line.startsWith('WARNING: '),
        );
        expect(replies).toHaveLength(lines.length + 1);
        expect(replies.at(-1)).toBe('PONG');
      }),
      { numRuns: 1000 },
    );
  });
});
