import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arrayElements, objectFields } from '../../src/client/json-fields.ts';

test('fields and elements are where JSON.parse finds them', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', 'é', ' '), minLength: 1 });
  const object = fc.dictionary(name, fc.jsonValue(), { noNullPrototype: true });
  const indent = fc.constantFrom(0, 1);
  fc.assert(
    fc.property(object, indent, (value, blanks) => {
      const bytes = Buffer.from(JSON.stringify(value, null, blanks));

      const fields = objectFields(bytes, 0, bytes.length);

      const read = [...(fields ?? [])].map(([field, { start, end }]) => [
        field,
        JSON.parse(bytes.toString('utf8', start, end)),
      ]);
      expect(Object.fromEntries(read)).toEqual(JSON.parse(bytes.toString()));
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), indent, (value, blanks) => {
      const bytes = Buffer.from(JSON.stringify(value, null, blanks));

      const elements = arrayElements(bytes, 0, bytes.length);

      const read = elements?.map(({ start, end }) => JSON.parse(bytes.toString('utf8', start, end)));
      expect(read).toEqual(JSON.parse(bytes.toString()));
    }),
  );
});

test('any bytes give fields or null, and depth costs no stack', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', '1', ' ') }), (text) => {
      const bytes = Buffer.from(text);
      for (const found of [objectFields(bytes, 0, bytes.length), arrayElements(bytes, 0, bytes.length)]) {
        expect(found === null || Symbol.iterator in found).toBe(true);
      }
    }),
    { numRuns: 2_000 },
  );
  const deep = Buffer.from(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
  expect(objectFields(deep, 0, deep.length)?.get('a')).toEqual({ start: 5, end: deep.length - 1 });
});
