import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatJson } from '../../src/document/json.ts';
import { fromPlain, toPlain } from '../../src/document/plain.ts';
import { packedOf, RUNS } from './models.ts';

function packed(value: unknown): Uint8Array {
  const result = fromPlain(value);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

test('what JSON can hold comes back equal', () => {
  const property = fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
    fc.pre(!/\d{16}/.test(JSON.stringify(value)));
    const back = toPlain(packed(value));

    expect(back).toEqual(value);
  });
  fc.assert(property, RUNS);
});

test('it packs to the same bytes as the JSON text of the value', () => {
  const property = fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
    fc.pre(!JSON.stringify(value).includes('e+') && !Object.is(value, -0));
    expect(formatJson(packed(value))).toBe(formatJson(packed(toPlain(packed(value)))));
    expect(packed(JSON.parse(JSON.stringify(value)))).toEqual(packedOf(JSON.stringify(value)));
  });
  fc.assert(property, RUNS);
});

test('big integers, minus zero and floats keep what they are', () => {
  const value = [2n ** 53n + 1n, -0, 1.5, 1e21, 7, -(10n ** 40n)];

  const bytes = packed(value);

  expect(formatJson(bytes)).toBe('[9007199254740993,-0,1.5,1e+21,7,-10000000000000000000000000000000000000000]');
  expect(toPlain(bytes)).toEqual(value);
  expect(Object.is((toPlain(bytes) as number[])[1], -0)).toBe(true);
});

test('an integer beyond the safe ones comes back as a bigint, whichever it was', () => {
  expect(toPlain(packed([2 ** 53, 2n ** 53n, 2 ** 53 - 1]))).toEqual([2n ** 53n, 2n ** 53n, 2 ** 53 - 1]);
});

test('Maps, objects without prototype and fields named __proto__ are ordinary sets', () => {
  const bare = Object.assign(Object.create(null) as object, { a: 1 });
  const value = new Map<string, unknown>([
    ['__proto__', { x: 1 }],
    ['b', bare],
  ]);

  const back = toPlain(packed(value)) as object;

  expect(formatJson(packed(value))).toBe('{"__proto__":{"x":1},"b":{"a":1}}');
  expect(Object.keys(back)).toEqual(['__proto__', 'b']);
  expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
});

test('fields that are undefined are left out, elements become null', () => {
  expect(formatJson(packed({ a: undefined, b: [undefined, 1], c: null }))).toBe('{"b":[null,1],"c":null}');
});

test.each<[string, unknown]>([
  ['a Date cannot be stored', { at: [new Date(0)] }],
  ['a Uint8Array cannot be stored', new Uint8Array(2)],
  ['a Set cannot be stored', new Set()],
  ['a function cannot be stored', [() => 1]],
  ['a symbol cannot be stored', { a: Symbol('x') }],
  ['undefined cannot be stored', undefined],
  ['a Map key of type number cannot be stored', new Map([[1, 2]])],
  ['NaN is not a number that can be stored', [Number.NaN]],
  ['-Infinity is not a number that can be stored', Number.NEGATIVE_INFINITY],
])('%s', (message, value) => {
  const result = fromPlain(value);

  expect(result.ok ? '' : result.error.code).toBe('TYPE');
  expect(result.ok ? '' : result.error.message).toContain(message);
});

test('a cycle is TOODEEP', () => {
  const cycle: { self?: unknown } = {};
  cycle.self = [cycle];

  const result = fromPlain(cycle);

  expect(result.ok ? '' : result.error.code).toBe('TOODEEP');
});

test('a getter that stores something itself does not disturb the value around it', () => {
  const value = {
    a: 1,
    get b() {
      return formatJson(packed({ inner: [1, 2, 3] }));
    },
    c: 'after',
  };

  expect(toPlain(packed(value))).toEqual({ a: 1, b: '{"inner":[1,2,3]}', c: 'after' });
});

test('a thousand levels come back', () => {
  let value: unknown = 'end';
  for (let i = 0; i < 1000; i++) value = i % 2 === 0 ? [value] : { a: value };

  expect(formatJson(packed(toPlain(packed(value))))).toBe(formatJson(packed(value)));
});
