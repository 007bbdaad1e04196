import { expect, test } from 'vitest';
import { numberText, packString, stringBytes } from '../../src/document/packed.ts';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { packedOf } from './models.ts';

test('the examples beside the format are what is written', () => {
  const one = packedOf('{"age":22}');
  const two = packedOf('{"b":1,"a":2}');

  expect(Buffer.from(one).toString('hex')).toBe('88010361676522' + '3232');
  expect(Buffer.from(two).toString('hex')).toBe('8e' + '02' + '00' + '0701' + '0400' + '01622131' + '01612132');
});

test('a document of 20 fields is hardly larger than its JSON', () => {
  const json = JSON.stringify(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`field${i}`, `value ${i}`])));

  const packed = packedOf(json);

  expect(packed.length / json.length).toBeLessThan(1.1);
});

test.each(['2.0', '-0', '1e3', '9007199254740993', '-0.10E+05', '1'.repeat(400)])(
  'the digits %s are kept',
  (digits) => {
    const packed = packedOf(digits);

    const kept = numberText(packed);

    expect(kept).toBe(digits);
  },
);

test.each([0, 27, 28, 255, 256, 65_535, 65_536, 1_000_000])(
  'a string of %i bytes is kept, whatever it holds',
  (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7);

    const packed = packString(bytes);

    expect(stringBytes(packed)).toEqual(bytes);
    expect(packed).toEqual(length < 28 ? Uint8Array.of((3 << 5) | length, ...bytes) : packed);
  },
);

test('a string packed from bytes is the same as one parsed from text', () => {
  const parsed = packedOf('"Ω text"');

  const packed = packString(utf8('Ω text'));

  expect(packed).toEqual(parsed);
  expect(text(stringBytes(parsed))).toBe('Ω text');
});
