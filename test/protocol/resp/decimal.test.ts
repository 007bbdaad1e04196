/** INCRBYFLOAT and HINCRBYFLOAT: the answers of Redis 7.0, and exact ones where its own have the noise of 80 bits. */
import { expect, test } from 'vitest';
import { ask, open } from './client.ts';

const NOT_FLOAT = '-ERR value is not a valid float';
const NOT_FINITE = '-ERR increment would produce NaN or Infinity';

test.each([
  ['5.0e3', '2.0e2', '5200'],
  ['1e20', '-1e20', '0'],
  ['1e21', '0', '1000000000000000000000'],
  ['1e-5', '0', '0.00001'],
  ['1e-17', '0', '0.00000000000000001'],
  ['1e-18', '1e-18', '0'],
  ['10.50', '0.1', '10.6'],
  ['0.30000000000000004', '0', '0.30000000000000004'],
  ['3.14159265358979323846', '0', '3.14159265358979324'],
  ['-0', '-0', '0'],
  ['-1.5', '1e0', '-0.5'],
  ['.5', '+5.', '5.5'],
  ['12345678901234567890', '0', '12345678901234567890'],
  ['1', '1e4933', NOT_FLOAT],
  ['1', '1e-4960', NOT_FLOAT],
  ['1.1e4932', '1e4931', NOT_FINITE],
  ['1', '1e', NOT_FLOAT],
  ['1', '.', NOT_FLOAT],
  ['1', ' 1', NOT_FLOAT],
  ['1', 'nan', NOT_FLOAT],
  ['abc', '1', NOT_FLOAT],
  ['', '1', NOT_FLOAT],
  ['1', '-INF', NOT_FINITE],
  ['inf', '1', NOT_FINITE],
])('as in Redis %s and %s make %s', (old, by, sum) => {
  const opened = open();
  ask(opened, 'SET', 'a', old);

  expect(ask(opened, 'INCRBYFLOAT', 'a', by)).toBe(sum);
});

test.each([
  ['5.0e3', '0.2', '5000.2'],
  ['1e20', '0.00000000000000001', '100000000000000000000.00000000000000001'],
  ['99999999999999999999', '-1e20', '-1'],
])('no digit is lost: %s and %s make %s', (old, by, sum) => {
  const opened = open();
  ask(opened, 'HSET', 'a', 'f', old);

  expect(ask(opened, 'HINCRBYFLOAT', 'a', 'f', by)).toBe(sum);
});

test('a sum of five thousand digits may be counted on', () => {
  const opened = open();
  ask(opened, 'SET', 'a', '1e4932');

  ask(opened, 'INCRBYFLOAT', 'a', '1e-17');

  expect(ask(opened, 'INCRBYFLOAT', 'a', '-1e4932')).toBe('0.00000000000000001');
});

test('a JSON number does not become one that no double is near', () => {
  const opened = open();
  ask(opened, 'JSON.SET', 'a', '$', '1.5');

  expect(ask(opened, 'INCRBYFLOAT', 'a', '1e308')).toMatch(/^1\d{308}\.5$/);
  expect(ask(opened, 'INCRBYFLOAT', 'a', '1e309')).toBe(NOT_FINITE);
});
