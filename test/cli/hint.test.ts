import { expect, test } from 'vitest';
import { hintFor } from '../../src/cli/hint.ts';

test.each([
  ['', ''],
  ['GE', ''],
  ['GET', ' <key>'],
  ['get ', '<key>'],
  ['GET per', ''],
  ['GET person1 ', ''],
  ['GET a b', ''],
  ['SET', ' <key> <value>'],
  ['SET k', ' <value>'],
  ['SET k ', '<value>'],
  ['SET k {"a":', ''],
  ['SET k {"a": ', ''],
  ['  KEYS per ', '[limit [after]]'],
  ['QUERYMANY a', ''],
  ['QUERYMANY a b', ''],
  ['FORMAT ', '[arrow|plain|brace|json [versions]]'],
  ['EXIT', ''],
  ['__proto__', ''],
])('behind %j comes %j', (line, expected) => {
  expect(hintFor(line)).toBe(expected);
});
