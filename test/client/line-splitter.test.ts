import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from '../../src/client/line-splitter.ts';

test('lines are the same however their bytes are cut', () => {
  const lines = fc.array(
    fc.string({ unit: fc.constantFrom('a', 'é', '\r', ' ') }).filter((line) => !line.endsWith('\r')),
  );
  fc.assert(
    fc.property(lines, fc.array(fc.nat(20), { minLength: 1 }), (expected, cuts) => {
      const bytes = Buffer.from(expected.map((line, i) => line + (i % 2 === 0 ? '\n' : '\r\n')).join(''));
      const found: string[] = [];
      const splitter = new LineSplitter(1_000, (line) => {
        found.push(Buffer.from(line).toString());
        return true;
      });

      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = 1 + (cuts[i % cuts.length] as number);
        expect(splitter.push(bytes.subarray(at, at + size))).toBe(true);
        at += size;
      }

      expect(found).toEqual(expected);
      expect(splitter.pending).toBe(0);
    }),
  );
});

test('a line beyond the limit, or a listener that has enough, ends it', () => {
  const long = new LineSplitter(10, () => true);
  const done = new LineSplitter(10, () => false);

  expect(long.push(Buffer.from('12345'))).toBe(true);
  expect(long.push(Buffer.from('678901'))).toBe(false);
  expect(done.push(Buffer.from('a\nb\n'))).toBe(false);
});
