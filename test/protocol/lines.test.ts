import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import { LineReader } from '../../src/protocol/lines.ts';

const LIMIT = 8;

/** What a reader hands on: lines, and `!` for one that is too long. */
function read(pieces: readonly Uint8Array[], stopAt: string | null = null): string[] {
  const seen: string[] = [];
  const reader = new LineReader(LIMIT, {
    onLine: (bytes, start, end) => {
      const line = text(bytes, start, end);
      seen.push(line);
      return line !== stopAt;
    },
    onTooLong: () => seen.push('!'),
  });
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return seen;
}

describe('lines', () => {
  test.each([
    ['a\nb\n', ['a', 'b']],
    ['a\r\nb', ['a', 'b']],
    ['\n\n', ['', '']],
    ['a\rb\n', ['a\rb']],
    ['12345678\n', ['12345678']],
    ['1234567\r\n', ['1234567']],
    ['123456789\nx\n', ['!', 'x']],
    ['123456789', ['!']],
    ['', []],
  ])('of %j are %j', (bytes, lines) => {
    const seen = read([utf8(bytes)]);

    expect(seen).toEqual(lines);
  });

  test('end when the handler wants no more', () => {
    const seen = read([utf8('a\nstop\nb\nc'), utf8('d\n')], 'stop');

    expect(seen).toEqual(['a', 'stop']);
  });

  test('are the same in whatever pieces they come', () => {
    const bytes = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\r', 'é', '1234', '123456789'), maxLength: 40 });

    fc.assert(
      fc.property(bytes, fc.array(fc.nat({ max: 30 }), { maxLength: 20 }), (written, sizes) => {
        const all = utf8(written);
        const pieces: Uint8Array[] = [];
        let at = 0;
        for (const size of sizes) {
          pieces.push(all.subarray(at, at + size));
          at = Math.min(all.length, at + size);
        }
        pieces.push(all.subarray(at));
        expect(read(pieces)).toEqual(read([all]));
      }),
    );
  });

  test('are the same when there is room for few at a time, and none is read while there is no room', () => {
    const bytes = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\r', 'é', '1234', '123456789'), maxLength: 40 });

    fc.assert(
      fc.property(bytes, fc.array(fc.nat({ max: 10 }), { maxLength: 20 }), fc.integer(), (written, sizes, seed) => {
        const prng = new Prng(seed);
        const seen: string[] = [];
        let room = 0;
        const reader = new LineReader(LIMIT, {
          onLine: (all, start, end) => {
            room--;
            return seen.push(text(all, start, end)) > 0;
          },
          onTooLong: () => {
            room--;
            seen.push('!');
          },
        });
        const all = utf8(written);
        for (let at = 0; at < all.length; ) {
          room = 1 + prng.below(3);
          const piece = all.subarray(at, at + 1 + (sizes[at % sizes.length] ?? all.length));
          const taken = reader.push(piece, () => room > 0);
          expect(room).toBeGreaterThanOrEqual(0);
          expect(taken === piece.length || room === 0).toBe(true);
          at += taken;
        }
        reader.end();
        expect(seen).toEqual(read([all]));
      }),
    );
  });

  test('stay what they were when the buffer they came in is used again', () => {
    const kept: Uint8Array[] = [];
    const reader = new LineReader(100, {
      onLine: (bytes, start, end) => kept.push(bytes.subarray(start, end)) > 0,
      onTooLong: () => {},
    });
    const lent = Buffer.from('first\nsecond\nthi');

    reader.push(lent);
    lent.fill(0x21);
    reader.push(utf8('rd\n'));

    expect(kept.map((line) => text(line))).toEqual(['first', 'second', 'thi'.concat('rd')]);
  });
});
