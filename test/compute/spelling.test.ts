import { describe, expect, test } from 'vitest';
import { nearest, suggestion } from '../../src/compute/spelling.ts';

describe('nearest', () => {
  test.each([
    ['lgo', 'log'],
    ['QEURY', 'query'],
    ['sqr', 'sqrt'],
    ['zzzzz', null],
    ['x', null],
    ['x'.repeat(100), null],
  ])('of %s is %s', (word, expected) => {
    const found = nearest(word, ['log', 'sqrt', 'query', 'put']);

    expect(found).toBe(expected);
  });

  test('says nothing when nothing is near', () => {
    const words = [suggestion('lgo', ['log']), suggestion('frobnicate', ['log'])];

    expect(words).toEqual([", did you mean 'log'?", '']);
  });
});
