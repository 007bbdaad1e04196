import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { Prng } from '../../src/lib/prng.ts';
import { ask, open, said, TRANSCRIPT, withPersons } from './asked-session.ts';
import { linesOf, NaiveStore } from './naive-store.ts';

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

  test('keys are listed when all that was asked before is answered, and what comes after waits with them', () => {
    const store = new NaiveStore('later');
    const { session } = open(store);

    session.push(linesOf(['PUT b {}', 'SET a 1', 'KEYS', 'SET c 1']));
    const early = session.waiting;
    store.answer(new Prng(1));

    expect([early, session.inFlight, session.waiting]).toEqual([2, 2, 0]);
    store.answer(new Prng(1));
    expect(said(session)).toEqual(['OK', 'OK', expect.stringMatching(/a.*b/), 'OK']);
  });

  test('ten thousand commands in one packet are answered in order', () => {
    const { session, store } = open(new NaiveStore('later'));
    const count = 10_000;

    session.push(linesOf(Array.from({ length: count }, (_, i) => (i % 2 === 0 ? `SET k${i} ${i}` : `GET k${i - 1}`))));
    const inFlight = session.inFlight;
    store.answer(new Prng(7));

    expect(inFlight).toBe(count);
    expect(session.inFlight).toBe(0);
    expect(session.replies.bytes).toBe(session.output().length);
    expect(said(session)).toEqual(
      Array.from({ length: count }, (_, i) => (i % 2 === 0 ? 'OK' : `k${i - 1} -> ${i - 1}`)),
    );
  });

  test('replies that wait for an older one are counted', () => {
    const store = new NaiveStore('later');
    const { session } = open(store);

    session.push(linesOf(['GET a', 'PING']));

    expect([session.inFlight, session.replies.bytes, session.output().length]).toEqual([2, 5, 0]);
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
