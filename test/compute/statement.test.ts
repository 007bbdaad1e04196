import { describe, expect, test } from 'vitest';
import { answer, goesOn, parseStatement, pathsOf, withoutContinuation } from '../../src/compute/statement.ts';
import { parseJson } from '../../src/document/json.ts';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { NO_VERSION } from '../../src/model/ids.ts';
import type { Found } from '../../src/model/commands.ts';

const LENIENT = { angle: 'rad', strictTypes: false, uncertain: false } as const;

function found(json: string): Found {
  const parsed = parseJson(utf8(json));
  if (!parsed.ok) throw new Error(parsed.error.message);
  return { value: parsed.value, version: NO_VERSION };
}

function compute(
  line: string,
  values: readonly (string | null)[],
  options: Parameters<typeof answer>[2] = LENIENT,
): string {
  const statement = parseStatement(line);
  if (!statement.ok) return `${statement.error.code} ${statement.error.message}`;
  const result = answer(
    statement.value,
    values.map((json) => (json === null ? null : found(json))),
    options,
  );
  return result.ok
    ? [result.value.text, ...result.value.warnings].join(' | ')
    : `${result.error.code} ${result.error.message}`;
}

describe('a COMPUTE statement', () => {
  test('reads its paths in order and answers the golden value', () => {
    const line = 'log(x)+tan(y)-2x WHERE x = QUERY key3.height.level AND y = QUERY key10.age.level';

    const statement = parseStatement(line);

    const paths = statement.ok ? pathsOf(statement.value) : [];
    expect(paths.map(({ segments }) => segments.map((segment) => text(segment)))).toEqual([
      ['key3', 'height', 'level'],
      ['key10', 'age', 'level'],
    ]);
    expect(compute(line, ['54', '11'])).toBe('-332.21845269437216');
  });

  test.each([
    ['x+y where x=query a.b and y=Query c', ['1', '2'], '3'],
    ['x WhErE\tx\t=\tQUERY\ta', ['1'], '1'],
    ['1+1', [], '2'],
    ['2*x WHERE x = 5', [], '10'],
    ['x+y WHERE x = -2.5e1 AND y = QUERY a', ['1'], '-24'],
    ['x+e WHERE x = 1 AND e = 2', [], '3'],
    ['x WHERE x = QUERY k." level AND y".x', ['7'], '7'],
    ['x WHERE x = QUERY “k l”.x', ['7'], '7'],
    ['x WHERE x = QUERY a\\ b.c', ['7'], '7'],
    ['x WHERE x = QUERY AND AND y = 2', ['7'], "7 | the binding of 'y' is not used"],
    ['1 WHERE x = QUERY a', [null], "1 | the binding of 'x' is not used"],
    ['x+1 WHERE x = QUERY a', ['"55"'], '56 | x = QUERY a is the STRING "55", taken as a number'],
    ['1/2x WHERE x = 4', [], '2 | the product without a sign at column 4 binds no tighter than /: 1/2x is (1/2)*x'],
  ])('%s with %j answers %s', (line, values, expected) => {
    const printed = compute(line, values);

    expect(printed).toBe(expected);
  });

  test.each([
    ['x WHERE', 'PARSE found the end, expected the name of a variable at column 8'],
    ['x WHERE x', "PARSE found the end, expected '=' at column 10"],
    ['x WHERE x = ', 'PARSE found the end, expected QUERY or a number at column 13'],
    ['x WHERE x = a.b', "PARSE found 'a', expected QUERY or a number at column 13"],
    ['x WHERE x = QUERY', 'PARSE found the end, expected a path after QUERY at column 18'],
    ['x WHERE x = QUERY a..b', 'column 21'],
    ['x WHERE x = QUERY a.', 'column 21'],
    ['x WHERE x = QUERY a y = 2', "PARSE found 'y', expected AND or the end at column 21"],
    ['x WHERE x = 5 AND x = 6', "PARSE 'x' is bound twice, the second time at column 19"],
    ['x+y WHERE x = 5', "NOTFOUND variable 'y' at column 3 is not bound: add WHERE y = QUERY …"],
    [`1 WHERE ${Array.from({ length: 65 }, (_, i) => `x${i} = 1`).join(' AND ')}`, 'TOOCOMPLEX more than 64 bindings'],
    ['x+ WHERE x = 1', 'PARSE found the end, expected a number'],
    ['', 'PARSE found the end'],
  ])('%s is refused: %s', (line, error) => {
    const printed = compute(line, []);

    expect(printed).toContain(error);
  });

  test.each([
    [null, 'NOTFOUND x = QUERY key3.height.id NOT FOUND'],
    ['"Mary"', 'TYPE x = QUERY key3.height.id is STRING, can not compute'],
    ['{}', 'TYPE x = QUERY key3.height.id is a SET, can not compute'],
  ])('names the binding that is %j', (json, error) => {
    const printed = compute('2x WHERE x = QUERY key3.height.id', [json]);

    expect(printed).toBe(error);
  });

  test('says maybe when nobody in sync confirmed that a key is missing', () => {
    const printed = compute('x WHERE x = QUERY a', [null], { ...LENIENT, uncertain: true });

    expect(printed).toBe('NOTFOUND x = QUERY a NOT FOUND (maybe: no in-sync owner confirmed it)');
  });

  test('counts columns from the start of the whole line', () => {
    const statement = parseStatement('COMPUTE 1+', 8);

    expect(!statement.ok && statement.error.message).toContain('column 11');
  });

  test('goes on after AND and after a backslash only', () => {
    const lines = [
      'x WHERE x = 1 AND',
      'x WHERE x = 1 and \t',
      'x + \\',
      'x WHERE x = QUERY brand',
      'x WHERE x = 1',
      'xAND',
    ];

    expect(lines.map(goesOn)).toEqual([true, true, true, false, false, false]);
    expect(withoutContinuation('x + \\')).toBe('x +  ');
  });

  test('a path keeps its segments', () => {
    const statement = parseStatement('x WHERE x = QUERY k." level".x');

    const segments = statement.ok ? (pathsOf(statement.value)[0]?.segments ?? []) : [];

    expect(segments.map((segment) => text(segment))).toEqual(['k', ' level', 'x']);
  });
});
