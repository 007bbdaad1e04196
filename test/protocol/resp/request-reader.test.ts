import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { text, utf8 } from '../../../src/lib/bytes.ts';
import { Prng } from '../../../src/lib/prng.ts';
import { DOCUMENT_BYTES_MAX, INLINE_BYTES_MAX } from '../../../src/model/limits.ts';
import { RequestReader } from '../../../src/protocol/resp/request-reader.ts';
import { joined, request } from './client.ts';

type Read = { readonly requests: string[][]; readonly broken: string[]; readonly reader: RequestReader };

/** What a reader makes of pieces. */
function read(pieces: readonly Uint8Array[], isTrusted = true): Read {
  const requests: string[][] = [];
  const broken: string[] = [];
  const reader = new RequestReader({
    onRequest(words) {
      requests.push(words.map((word) => Buffer.from(word).toString('latin1')));
      return true;
    },
    onBroken: (message) => broken.push(message),
    isTrusted: () => isTrusted,
  });
  for (const piece of pieces) reader.push(piece);
  return { requests, broken, reader };
}

function readText(written: string, isTrusted = true): Read {
  return read([Uint8Array.from(Buffer.from(written, 'latin1'))], isTrusted);
}

/** The bytes in pieces that end at these places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...sorted, bytes.length].map((end, i) => bytes.slice(i === 0 ? 0 : sorted[i - 1], end));
}

const words = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 6 });

describe('requests', () => {
  test('any requests are read back, wherever their bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(words, { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        (all, places) => {
          const bytes = joined(all.map((one) => request(...one)));

          const { requests, broken, reader } = read(cut(bytes, places));

          expect(requests).toEqual(all.map((one) => one.map((word) => Buffer.from(word).toString('latin1'))));
          expect(broken).toEqual([]);
          expect(reader.unfinishedBytes).toBe(0);
        },
      ),
    );
  });

  test('any requests are read back when there is room for few at a time, and none is read while there is no room', () => {
    fc.assert(
      fc.property(fc.array(words, { minLength: 1, maxLength: 8 }), fc.integer(), (all, seed) => {
        const prng = new Prng(seed);
        const bytes = joined(all.map((one) => request(...one)));
        const requests: string[][] = [];
        let room = 0;
        const reader = new RequestReader({
          onRequest(one) {
            room--;
            return requests.push(one.map((word) => Buffer.from(word).toString('latin1'))) > 0;
          },
          onBroken: () => undefined,
          isTrusted: () => true,
        });

        for (let at = 0; at < bytes.length; ) {
          room = 1 + prng.below(3);
          const piece = bytes.slice(at, at + 1 + prng.below(100));
          const taken = reader.push(piece, () => room > 0);
          expect(room).toBeGreaterThanOrEqual(0);
          expect(taken === piece.length || room === 0).toBe(true);
          at += taken;
        }

        expect(requests).toEqual(all.map((one) => one.map((word) => Buffer.from(word).toString('latin1'))));
      }),
    );
  });

  test('cut at every byte they are the same', () => {
    const bytes = joined([
      request('SET', 'key', 'a\r\n$5\r\n*1'),
      utf8('PING "a b"\r\n\r\n*0\r\n*-1\r\n'),
      request(''),
    ]);
    const whole = read([bytes]).requests;

    for (let at = 0; at <= bytes.length; at++) {
      expect(read([bytes.slice(0, at), bytes.slice(at)]).requests).toEqual(whole);
    }
    expect(read(Array.from(bytes, (byte) => Uint8Array.of(byte))).requests).toEqual(whole);
    expect(whole).toEqual([['SET', 'key', 'a\r\n$5\r\n*1'], ['PING', 'a b'], ['']]);
  });

  test('words stay what they were while later bytes come', () => {
    const kept: Uint8Array[] = [];
    const reader = new RequestReader({
      onRequest: (all) => kept.push(...all) > 0,
      onBroken: () => undefined,
      isTrusted: () => true,
    });
    const bytes = joined(Array.from({ length: 200 }, (_, i) => request('SET', `key${i}`, `value${i}`)));

    for (let at = 0; at < bytes.length; at += 7) reader.push(bytes.slice(at, at + 7));

    expect(kept.map((word) => text(word))).toEqual(
      Array.from({ length: 200 }, (_, i) => ['SET', `key${i}`, `value${i}`]).flat(),
    );
  });

  test('a bulk that is announced is not allocated before it comes', () => {
    const reader = read([utf8(`*2\r\n$3\r\nSET\r\n$${DOCUMENT_BYTES_MAX}\r\n`)]).reader;
    const before = process.memoryUsage().arrayBuffers;

    reader.push(new Uint8Array(100));

    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
    expect(reader.unfinishedBytes).toBeGreaterThan(0);
  });
});

describe('inline requests', () => {
  test('words are cut at blanks; quotes hold blanks and escapes', () => {
    const { requests } = readText(`  set  "a \\x41\\n\\"" 'it\\'s' b"c"\r\nget a\n\n`);

    expect(requests).toEqual([
      ['set', 'a A\n"', "it's", 'bc'],
      ['get', 'a'],
    ]);
  });

  test('quotes that do not end, or not at a blank, break the conversation', () => {
    for (const line of ['get "a\r\n', "get 'a\r\n", 'get "a"b\r\n']) {
      expect(readText(line).broken).toEqual(['unbalanced quotes in request']);
    }
  });

  test('a line without an end is given up at its limit', () => {
    expect(readText('a'.repeat(INLINE_BYTES_MAX + 1)).broken).toEqual(['too big inline request']);
    expect(readText('a'.repeat(INLINE_BYTES_MAX)).broken).toEqual([]);
  });
});

describe('what is no request', () => {
  test.each([
    ['*abc\r\n', 'invalid multibulk length'],
    ['*01\r\n', 'invalid multibulk length'],
    ['*1048577\r\n', 'invalid multibulk length'],
    ['*1\r\n:1\r\n', "expected '$', got ':'"],
    ['*1\r\n$-1\r\n', 'invalid bulk length'],
    ['*1\r\n$x\r\n', 'invalid bulk length'],
    [`*1\r\n$${DOCUMENT_BYTES_MAX + 1}\r\n`, 'invalid bulk length'],
    [`*${'1'.repeat(INLINE_BYTES_MAX + 1)}`, 'too big mbulk count string'],
    [`*1\r\n$${'1'.repeat(INLINE_BYTES_MAX + 1)}`, 'too big bulk count string'],
  ])('%j: %s', (bytes, message) => {
    expect(readText(bytes).broken).toEqual([message]);
  });

  test('who is not authenticated may send little', () => {
    expect(readText('*11\r\n', false).broken).toEqual(['unauthenticated multibulk length']);
    expect(readText('*1\r\n$16385\r\n', false).broken).toEqual(['unauthenticated bulk length']);
    expect(readText(`${'a '.repeat(11)}\r\n`, false).broken).toEqual(['unauthenticated multibulk length']);
    expect(readText(`${'a'.repeat(16_385)}\r\n`, false).broken).toEqual(['unauthenticated multibulk length']);
    expect(readText('*10\r\n$16384\r\n', false).broken).toEqual([]);
  });

  test('any bytes at all are read or refused, in any pieces alike', () => {
    const bytes = fc.array(fc.constantFrom(...'*$:123\r\n\r\nab" \'\\-'.split('')), { maxLength: 60 });
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(), { maxLength: 10 }), (signs, places) => {
        const written = utf8(signs.join(''));

        const whole = read([written]);
        const pieces = read(cut(written, places));

        expect([pieces.requests, pieces.broken]).toEqual([whole.requests, whole.broken]);
      }),
      { numRuns: 2_000 },
    );
  });
});
