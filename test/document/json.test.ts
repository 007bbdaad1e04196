import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatJson, parseJson } from '../../src/document/json.ts';
import { toPlain } from '../../src/document/plain.ts';
import { utf8 } from '../../src/lib/bytes.ts';
import { jsonOf, models, nested, packedOf, RUNS } from './models.ts';

test('what is read prints as the model does, digits and order kept', () => {
  const property = fc.property(models, (model) => {
    const json = jsonOf(model);

    const printed = formatJson(packedOf(json));

    expect(JSON.parse(printed)).toEqual(JSON.parse(json));
    expect(printed.length).toBeLessThanOrEqual(json.length);
  });
  fc.assert(property, RUNS);
});

test('it accepts and refuses what JSON.parse does, and reads the same', () => {
  const signs = fc
    .array(fc.constantFrom(...'[]{},:"\\ \n\t01.eE+-untrlfsa\u00a0é'), { maxLength: 12 })
    .map((parts) => parts.join(''));
  const edited = fc.tuple(models, fc.nat(), signs).map(([model, at, sign]) => {
    const json = jsonOf(model);
    const cut = at % (json.length + 1);
    return `${json.slice(0, cut)}${sign.slice(0, 1)}${json.slice(cut + 1)}`;
  });

  const property = fc.property(fc.oneof(signs, edited), (json) => {
    fc.pre(json.isWellFormed() && !/\\u[dD][89a-fA-F]/.test(json));
    let expected: { value: unknown } | null = null;
    try {
      expected = { value: JSON.parse(json) as unknown };
    } catch (cause) {
      expect(cause).toBeInstanceOf(SyntaxError);
    }

    const parsed = parseJson(utf8(json));

    expect(parsed.ok).toBe(expected !== null);
    if (parsed.ok && expected !== null) expect(JSON.parse(formatJson(parsed.value))).toEqual(expected.value);
  });
  fc.assert(property, { ...RUNS, numRuns: 3000 });
});

describe('values of the sources', () => {
  test.each([
    '42',
    '{"a":1}',
    '[1,2,3]',
    'null',
    'false',
    '""',
    '2.0',
    '-0',
    '1e3',
    '9007199254740993',
    '{"10":1,"9":2}',
    '{"__proto__":{"x":1}}',
  ])('%s', (json) => {
    const printed = formatJson(packedOf(json));

    expect(printed).toBe(json);
  });

  test('half a surrogate pair becomes U+FFFD', () => {
    expect(formatJson(packedOf('"\\ud83d x \\ude00 \\ud83d\\ude00"'))).toBe('"\ufffd x \ufffd 😀"');
  });

  test('of a name written twice the last value stays', () => {
    expect(toPlain(packedOf('{"a":1,"b":{"c":1,"c":2},"a":3,"\\u0061":4}'))).toEqual({ b: { c: 2 }, a: 4 });
  });
});

describe('errors', () => {
  test.each([
    ['{"a":1', "1:7: found the end, expected ',' or '}' at column 7"],
    [
      '{\n  "a": tru\n}',
      "2:8: found tru, expected a value (a number, a string, true, false, null, '{' or '[') at column 8",
    ],
    ["{'a':1}", '1:2: found a string, expected a quoted key at column 2'],
    ['[1,]', "1:4: found ']', expected a value (a number, a string, true, false, null, '{' or '[') at column 4"],
    ['"a\nb"', '1:3: found the end of the line, expected a closing quote at column 3'],
    ['"\\x41"', String.raw`1:2: found '\', expected an escape (\" \\ \/ \b \f \n \r \t \uXXXX) at column 2`],
    ['1 2', '1:3: found 2, expected the end at column 3'],
    ['', "1:1: found the end, expected a value (a number, a string, true, false, null, '{' or '[') at column 1"],
  ])('%j', (json, message) => {
    expect(parseJson(utf8(json))).toEqual({ ok: false, error: { code: 'PARSE', message } });
  });

  test('depth 1000 is read, depth 1001 and ten megabytes of brackets are TOODEEP', () => {
    const deep = parseJson(utf8(nested(1000, '[', ']')));
    const deeper = parseJson(utf8(nested(1001, '[', ']')));
    const endless = parseJson(new Uint8Array(10_000_000).fill(0x5b));

    expect(deep.ok).toBe(true);
    expect(deeper.ok ? '' : deeper.error.code).toBe('TOODEEP');
    expect(endless.ok ? '' : endless.error.message).toBe(
      '1:1002: 1001 sets below the top-level one, the limit DEPTH_MAX is 1000',
    );
  });

  test('after a refused text the next one is read as if nothing had been', () => {
    parseJson(utf8('{"a":{"b":[1,"\\u0041'));

    expect(formatJson(packedOf('{"c":[]}'))).toBe('{"c":[]}');
  });
});

test('a string of a megabyte is read and printed', () => {
  const json = JSON.stringify({ k: 'x"\n'.repeat(350_000) });

  const printed = formatJson(packedOf(json));

  expect(printed).toBe(json);
});
