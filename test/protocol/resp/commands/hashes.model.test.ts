/** Hash commands against a naive model: a Map of names to values for each key. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ask, open } from '../client.ts';
import type { Decoded } from '../decode.ts';

type Hash = Map<string, string>;

const keys = fc.constantFrom('h', 'g');
const fields = fc.constantFrom('a', 'b', 'ab', 'abc', '', '__proto__');
const counts = fc.constantFrom('0', '1', '-7', '9223372036854775807', 'x', '1.5');
const written = fc.oneof(fc.constantFrom('', 'x', '12', '-3', '1.5'), counts);

type Command = { readonly words: readonly string[]; of(hash: Hash): Decoded };

const WRONG_INTEGER = '-ERR value is not an integer or out of range';
const INT64 = 2n ** 63n;

function counted(hash: Hash, field: string, by: string): Decoded {
  if (!/^(0|-?[1-9]\d*)$/.test(by)) return WRONG_INTEGER;
  const old = hash.get(field) ?? '0';
  if (!/^(0|-?[1-9]\d*)$/.test(old)) return '-ERR hash value is not an integer';
  const sum = BigInt(old) + BigInt(by);
  if (sum >= INT64 || sum < -INT64) return '-ERR increment or decrement would overflow';
  hash.set(field, String(sum));
  const number = Number(sum);
  return Number.isSafeInteger(number) ? number : sum;
}

const commands: fc.Arbitrary<Command> = fc.oneof(
  fc.tuple(keys, fc.array(fc.tuple(fields, written), { minLength: 1, maxLength: 4 })).map(([key, pairs]) => ({
    words: ['HSET', key, ...pairs.flat()],
    of(hash: Hash): Decoded {
      const before = hash.size;
      for (const [field, value] of pairs) hash.set(field, value);
      return hash.size - before;
    },
  })),
  fc.tuple(keys, fc.array(fields, { minLength: 1, maxLength: 3 })).map(([key, names]) => ({
    words: ['HDEL', key, ...names],
    of: (hash: Hash): Decoded => names.filter((name) => hash.delete(name)).length,
  })),
  fc.tuple(keys, fields, written).map(([key, field, value]) => ({
    words: ['HSETNX', key, field, value],
    of(hash: Hash): Decoded {
      if (hash.has(field)) return 0;
      hash.set(field, value);
      return 1;
    },
  })),
  fc.tuple(keys, fields, counts).map(([key, field, by]) => ({
    words: ['HINCRBY', key, field, by],
    of: (hash: Hash): Decoded => counted(hash, field, by),
  })),
  fc.tuple(keys, fc.array(fields, { minLength: 1, maxLength: 3 })).map(([key, names]) => ({
    words: ['HMGET', key, ...names],
    of: (hash: Hash): Decoded => names.map((name) => hash.get(name) ?? null),
  })),
  keys.map((key) => ({ words: ['HGETALL', key], of: (hash: Hash): Decoded => [...hash].flat() })),
  keys.map((key) => ({ words: ['HKEYS', key], of: (hash: Hash): Decoded => [...hash.keys()] })),
  keys.map((key) => ({ words: ['HVALS', key], of: (hash: Hash): Decoded => [...hash.values()] })),
  keys.map((key) => ({ words: ['HLEN', key], of: (hash: Hash): Decoded => hash.size })),
  fc.tuple(keys, fields).map(([key, field]) => ({
    words: ['HEXISTS', key, field],
    of: (hash: Hash): Decoded => (hash.has(field) ? 1 : 0),
  })),
  fc.tuple(keys, fields).map(([key, field]) => ({
    words: ['HSTRLEN', key, field],
    of: (hash: Hash): Decoded => hash.get(field)?.length ?? 0,
  })),
  fc.tuple(keys, fc.constantFrom('a*', '*b', '?')).map(([key, pattern]) => ({
    words: ['HSCAN', key, '0', 'MATCH', pattern],
    of(hash: Hash): Decoded {
      const like = new RegExp(`^${pattern.replace('*', '.*').replace('?', '.')}$`);
      return ['0', [...hash].filter(([name]) => like.test(name)).flat()];
    },
  })),
  keys.map((key) => ({ words: ['TYPE', key], of: (hash: Hash): Decoded => (hash.size > 0 ? 'hash' : 'none') })),
);

const RUNS = { seed: 20_261_121, numRuns: 150 };

describe('hash commands against a naive model', () => {
  test.each(['one by one', 'in a transaction'])('%s, any commands answer what the model answers', (how) => {
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 20 }), (drawn) => {
        const opened = open();
        const hashes = new Map<string, Hash>([
          ['h', new Map()],
          ['g', new Map()],
        ]);
        const expected = drawn.map((command) => command.of(hashes.get(command.words[1] as string) as Hash));

        if (how === 'in a transaction') ask(opened, 'MULTI');
        const replies = drawn.map(({ words }) => ask(opened, ...words));

        expect(how === 'in a transaction' ? ask(opened, 'EXEC') : replies).toEqual(expected);
      }),
      RUNS,
    );
  });

  test('a hash of many fields keeps their order through changes', () => {
    const opened = open();
    const names = Array.from({ length: 500 }, (_none, i) => `field${(i * 7919) % 500}`);
    for (const name of names) ask(opened, 'HSET', 'h', name, 'v');

    ask(opened, 'HSET', 'h', names[3] as string, 'w');
    ask(opened, 'HDEL', 'h', names[0] as string);
    ask(opened, 'HSET', 'h', names[0] as string, 'again');

    expect(ask(opened, 'HKEYS', 'h')).toEqual([...names.slice(1), names[0]]);
    expect(ask(opened, 'HMGET', 'h', names[3] as string, names[0] as string)).toEqual(['w', 'again']);
  });

  test.each([
    [
      ['SET', 'k', 'text'],
      ['HGET', 'k', 'f'],
    ],
    [
      ['JSON.SET', 'k', '$', '{"f":"v"}'],
      ['HSET', 'k', 'f', 'w'],
    ],
    [
      ['PUT', 'k', '{"f":"v"}'],
      ['HGETALL', 'k'],
    ],
    [
      ['HSET', 'k', 'f', 'v'],
      ['JSON.GET', 'k', '$.f'],
    ],
    [
      ['HSET', 'k', 'f', 'v'],
      ['APPEND', 'k', 'x'],
    ],
    [
      ['HSET', 'k', 'f', '1'],
      ['INCR', 'k'],
    ],
  ])('after %s, %s is of the wrong type', (first, second) => {
    const opened = open();
    ask(opened, ...first);

    expect(ask(opened, ...second)).toMatch(/^-WRONGTYPE /);
  });
});
