import { expect, test } from 'vitest';
import { genFiles, genOrder } from '../../src/cli/gen-options.ts';

const README = { 'key-file': 'keyFile.txt', lines: '100', depth: '3', 'max-length': '4', 'max-keys': '5' };
const FROM = { keys: [{ name: 'name', type: 'string' }] as const, drawnSeed: 9 };

test('the flags of the sources are enough, and each of them is required', () => {
  expect(genFiles(README, {})).toEqual({ ok: true, value: { keyFile: 'keyFile.txt', output: 'dataToIndex.txt' } });
  expect(genOrder(README, {}, FROM)).toMatchObject({
    ok: true,
    value: { lines: 100, generation: { options: { seed: 9, depth: 3, maxLength: 4, maxKeys: 5, dialect: 'arrow' } } },
  });
  for (const [name, short] of [
    ['key-file', 'k'],
    ['lines', 'n'],
    ['depth', 'd'],
    ['max-length', 'l'],
    ['max-keys', 'm'],
  ]) {
    const flags = { ...README, [name as string]: undefined };
    expect(genFiles(flags, {})).toEqual({ ok: false, error: `-${short} is required` });
  }
});

test.each([
  [{ lines: '-1' }, '--lines: expected a whole number from 0 to 9007199254740991, got "-1"'],
  [{ lines: 'many' }, '--lines: expected a whole number from 0 to 9007199254740991, got "many"'],
  [{ 'max-length': '0' }, '--max-length: expected a whole number from 1 to 9007199254740991, got "0"'],
  [{ format: 'xml' }, '--format: expected arrow or brace or pydict or json, got "xml"'],
  [{ int: '5' }, '--int: expected a range such as 0..100, got "5"'],
  [{ int: '5..1' }, '--int must be a range of integers such as 0..100, not 5..1'],
  [{ 'empty-rate': '2' }, '--empty-rate: expected a number from 0 to 1, got "2"'],
  [{ depth: '1001' }, '-d (depth) must be an integer from 0 to 1000, not 1001'],
])('%j is refused', (flags, message) => {
  expect(genOrder({ ...README, ...flags }, {}, FROM)).toEqual({ ok: false, error: message });
});

test('what goes beyond the sources has flags of its own', () => {
  const flags = {
    seed: '7',
    format: 'json',
    'random-keys': true,
    int: '-5..5',
    float: '0.5..1.5',
    'empty-rate': '0.25',
  } as const;

  expect(genOrder({ ...README, ...flags }, {}, FROM)).toMatchObject({
    value: {
      generation: {
        options: {
          seed: 7,
          dialect: 'json',
          topKeys: { kind: 'random' },
          int: { low: -5, high: 5 },
          float: { low: 0.5, high: 1.5 },
          emptyRate: 0.25,
        },
      },
    },
  });
  expect(genOrder({ ...README, 'key-prefix': 'person', 'key-start': '0' }, {}, FROM)).toMatchObject({
    value: { generation: { options: { topKeys: { kind: 'numbered', prefix: 'person', start: 0 } } } },
  });
});
