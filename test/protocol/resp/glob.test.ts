import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { text, utf8 } from '../../../src/lib/bytes.ts';
import { PATTERN_BYTES_MAX } from '../../../src/model/limits.ts';
import { literalPrefix, matches } from '../../../src/protocol/resp/glob.ts';

const isMatch = (pattern: string, value: string) => matches(utf8(pattern), utf8(value));

describe('patterns', () => {
  test.each([
    ['h?llo', 'hello', true],
    ['h*llo', 'hllo', true],
    ['h*llo', 'heeello', true],
    ['h[ae]llo', 'hallo', true],
    ['h[ae]llo', 'hillo', false],
    ['h[^e]llo', 'hallo', true],
    ['h[^e]llo', 'hello', false],
    ['h[a-c]llo', 'hbllo', true],
    ['h[c-a]llo', 'hbllo', true],
    ['h\\*llo', 'h*llo', true],
    ['h\\*llo', 'hello', false],
    ['h[\\]]', 'h]', true],
    ['*', '', true],
    ['', '', true],
    ['?', '', false],
    ['a*b*c', 'aXbYbZc', true],
    ['[', 'a', false],
    ['a\\', 'a\\', true],
  ])('%s and %s: %s', (pattern, value, expected) => {
    expect(isMatch(pattern, value)).toBe(expected);
  });

  test('stars and question marks match what regular expressions do', () => {
    const signs = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    const value = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
    fc.assert(
      fc.property(signs, value, (pattern, written) => {
        const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);

        expect(isMatch(pattern, written)).toBe(expression.test(written));
        if (isMatch(pattern, written)) expect(written.startsWith(text(literalPrefix(utf8(pattern))))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test('no pattern takes longer than its length times that of the text', () => {
    const pattern = utf8('a*'.repeat(PATTERN_BYTES_MAX / 2));
    const value = utf8(`${'a'.repeat(50_000)}b`);
    const started = performance.now();

    expect(matches(pattern, value)).toBe(true);
    expect(matches(utf8(`${'a*'.repeat(PATTERN_BYTES_MAX / 2 - 1)}c`), value)).toBe(false);

    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
