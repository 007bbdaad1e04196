import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatJson } from '../../src/document/json.ts';
import { elementsOf, fieldsOf, lookup } from '../../src/document/lookup.ts';
import { countIn, kindOf } from '../../src/document/packed.ts';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import { jsonOf, type Model, models, nested, packedOf, RUNS } from './models.ts';

/** Every way into a model, and the part it leads to. */
function* waysInto(model: Model): Generator<[string[], Model]> {
  const waiting: [string[], Model][] = [[[], model]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [way, part] = next;
    yield next;
    if (Array.isArray(part)) for (const [i, element] of part.entries()) waiting.push([[...way, String(i)], element]);
    else if (part instanceof Map) for (const [name, value] of part) waiting.push([[...way, name], value]);
  }
}

function at(packed: Uint8Array, ...way: string[]): string | null {
  const found = lookup(packed, way.map(utf8), 0);
  return found === null ? null : formatJson(found);
}

describe('lookup against a naive model', () => {
  test('every way leads to the part the model has there', () => {
    const property = fc.property(models, (model) => {
      const packed = packedOf(jsonOf(model));

      for (const [way, part] of waysInto(model)) expect(at(packed, ...way)).toBe(jsonOf(part));
    });
    fc.assert(property, RUNS);
  });

  test('a name that the model does not have leads nowhere', () => {
    const property = fc.property(models, fc.string({ unit: 'binary' }), (model, name) => {
      const packed = packedOf(jsonOf(model));

      for (const [way, part] of waysInto(model)) {
        const has = Array.isArray(part)
          ? part[Number(name)] !== undefined && String(Number(name)) === name
          : part instanceof Map && part.has(name);
        expect(at(packed, ...way, name) === null).toBe(!has);
      }
    });
    fc.assert(property, RUNS);
  });

  test.each([1, 2, 23, 24, 25, 300, 5000])(
    'a set of %i random names answers for them and for names beside them',
    (count) => {
      const prng = new Prng(count);
      const names = new Set<string>();
      while (names.size < count) names.add(`n${prng.below(count * 2)}${'x'.repeat(prng.below(4))}`);
      const packed = packedOf(`{${[...names].map((name, i) => `"${name}":${i}`).join(',')}}`);

      let i = 0;
      for (const name of names) {
        expect(at(packed, name)).toBe(String(i++));
        const beside = `${name}x`;
        expect(at(packed, beside) === null).toBe(!names.has(beside));
        expect(at(packed, name.slice(0, -1)) === null).toBe(!names.has(name.slice(0, -1)));
      }
      expect(fieldsOf(packed).map(({ key }) => text(key))).toEqual([...names]);
    },
  );
});

describe('lookup', () => {
  test('names that differ only in length or in a NUL are different', () => {
    const packed = packedOf('{"a":1,"a\\u0000":2,"a\\u0000\\u0000":3,"":4,"\\u0000":5}');

    const found = ['a', 'a\0', 'a\0\0', '', '\0', 'a\0\0\0', '\0\0'].map((name) => at(packed, name));

    expect(found).toEqual(['1', '2', '3', '4', '5', null, null]);
  });

  test('names of many thousand bytes that differ in the last are different', () => {
    const long = 'n'.repeat(60_000);
    const packed = packedOf(`{"${long}a":1,"${long}b":2,"${long}":3}`);

    const found = [`${long}b`, long, `${long}a`, `${long}c`, long.slice(1)].map((name) => at(packed, name));

    expect(found).toEqual(['2', '3', '1', null, null]);
  });

  test('a way past a leaf, into an empty set or array, or by a wrong index leads nowhere', () => {
    const packed = packedOf('{"a":1,"b":{},"c":[],"d":[1,2],"e":"text","f":null}');

    const found = [
      ['a', 'x'],
      ['b', 'x'],
      ['c', '0'],
      ['d', '2'],
      ['d', '01'],
      ['d', '-1'],
      ['d', ''],
      ['d', '1e0'],
      ['e', '0'],
      ['f', 'x'],
    ];

    expect(found.map((way) => at(packed, ...way))).toEqual(found.map(() => null));
  });

  test('each element of an array of 1000 is found by its index', () => {
    const elements = Array.from({ length: 1000 }, (_, i) => (i % 3 === 0 ? `"${'x'.repeat(i % 400)}"` : String(i)));
    const packed = packedOf(`[${elements.join(',')}]`);

    const found = elements.map((_, i) => at(packed, String(i)));

    expect(found).toEqual(elements);
    expect(elementsOf(packed).map(formatJson)).toEqual(elements);
  });

  test('repeated names on the way are no trouble, and the way may begin late', () => {
    const packed = packedOf('{"street":{"street":{"age":7}}}');
    const segments = ['person3', 'street', 'street', 'age'].map(utf8);

    const found = [lookup(packed, segments, 1), lookup(packed, segments, 4)];

    expect(found.map((part) => (part === null ? null : formatJson(part)))).toEqual(['7', formatJson(packed)]);
  });

  test('the innermost of a thousand sets is found, as a view into the same memory', () => {
    const packed = packedOf(nested(1000, '[', ']').replace('[]', '["end"]'));

    const found = lookup(
      packed,
      Array.from({ length: 1001 }, () => utf8('0')),
      0,
    );

    expect(found === null ? null : formatJson(found)).toBe('"end"');
    expect(found?.buffer).toBe(packed.buffer);
  });

  test('kinds and counts are told without reading the parts', () => {
    const kinds = ['null', 'true', 'false', '-0', '1e3', '""', '{}', '[]'].map((json) => kindOf(packedOf(json)));
    const counts = ['{}', '[]', '1', '{"a":1,"b":2}', `[${'0,'.repeat(199)}0]`].map((json) => countIn(packedOf(json)));

    expect(kinds).toEqual(['null', 'bool', 'bool', 'int', 'float', 'string', 'map', 'array']);
    expect(counts).toEqual([0, 0, 0, 2, 200]);
  });
});
