import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matches } from '../../src/faults/expectation.ts';

describe('a pattern', () => {
  test.each([
    ['OK', 'OK', true],
    ['OK', 'OK f1', false],
    ['OK*', 'OK f1 CRASH s2', true],
    ['* -> 22', 'person1.age -> 22', true],
    ['*UNRELIABLE*', 'ERROR UNRELIABLE 1 of 3', true],
    ['a.c', 'abc', false],
    ['[*]', '[1, 2]', true],
  ])('%j and %j: %s', (pattern, text, expected) => {
    expect(matches(pattern)(text)).toBe(expected);
  });

  test('without a star is only itself, whatever it holds', () => {
    const plain = fc.string().filter((text) => !text.includes('*'));
    fc.assert(
      fc.property(plain, plain, (pattern, text) => {
        expect(matches(pattern)(text)).toBe(pattern === text);
        expect(matches(`*${pattern}*`)(`${text}${pattern}${text}`)).toBe(true);
      }),
    );
  });
});
