/** Equality of packed values against that of their sorted JSON. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSameValue } from '../../src/document/equality.ts';
import { DEPTH_MAX } from '../../src/model/limits.ts';
import { jsonOf, type Model, models, nested, packedOf, RUNS } from './models.ts';

function isSame(a: string, b: string): boolean {
  return isSameValue(packedOf(a), packedOf(b));
}

/** The same value with the fields of each set the other way round. */
function reversed(model: Model): Model {
  if (Array.isArray(model)) return model.map(reversed);
  if (model instanceof Map) return new Map([...model].reverse().map(([name, value]) => [name, reversed(value)]));
  return model;
}

describe('equality of packed values', () => {
  test('a value is the same whatever the order of its fields, and another than the array of it', () => {
    fc.assert(
      fc.property(models, (model) => {
        const [packed, other] = [packedOf(jsonOf(model)), packedOf(jsonOf(reversed(model)))];

        expect(isSameValue(packed, other)).toBe(true);
        expect(isSameValue(packed, packedOf(`[${jsonOf(model)}]`))).toBe(false);
      }),
      RUNS,
    );
  });

  test('two values are the same when their JSON with sorted names is', () => {
    const small = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
    fc.assert(
      fc.property(small, small, (a, b) => {
        expect(isSame(JSON.stringify(a), JSON.stringify(b))).toBe(sorted(a) === sorted(b));
      }),
      RUNS,
    );
  });

  test.each([
    ['1', '1.0', false],
    ['1.0', '1.00', true],
    ['1e2', '100.0', true],
    ['0', '-0', true],
    ['9007199254740993', '9007199254740992', false],
    ['{"a":1}', '{"b":1}', false],
    ['{"a":1}', '{"a":1,"b":2}', false],
    ['[1,2]', '[2,1]', false],
    ['"1"', '1', false],
    ['null', 'false', false],
  ])('%s and %s: %s', (a, b, expected) => {
    expect(isSame(a, b)).toBe(expected);
    expect(isSame(b, a)).toBe(expected);
  });

  test('values as deep as documents may be are compared', () => {
    const json = nested(DEPTH_MAX, '[', ']');

    expect(isSame(json, json)).toBe(true);
    expect(isSame(json, json.replace('[]', '[1]'))).toBe(false);
  });
});

function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`;
  if (typeof value !== 'object' || value === null)
    return `${typeof value === 'number' && !/^-?\d+$/.test(String(value)) ? 'float ' : ''}${JSON.stringify(value)}`;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, part]) => `${JSON.stringify(name)}:${sorted(part)}`).join(',')}}`;
}
