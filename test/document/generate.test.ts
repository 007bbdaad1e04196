import { describe, expect, test } from 'vitest';
import { formatRecord } from '../../src/document/format.ts';
import { generateLine } from '../../src/document/generate.ts';
import {
  DATA_DIALECTS,
  GENERATE_DEFAULTS,
  type GenerateOptions,
  type Generation,
  prepareGeneration,
} from '../../src/document/generate-options.ts';
import { type KeyType, parseKeyFile } from '../../src/document/key-file.ts';
import { toPlain } from '../../src/document/plain.ts';
import { SAMPLE_KEY_FILE } from '../../src/document/sample.ts';
import { text } from '../../src/lib/bytes.ts';
import { readLine } from './models.ts';

const KEYS = keysOf(SAMPLE_KEY_FILE);

function keysOf(file: string): KeyType[] {
  const parsed = parseKeyFile(file);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

function optionsWith(changes: Partial<GenerateOptions>): GenerateOptions {
  return { ...GENERATE_DEFAULTS, seed: 7, keys: KEYS, depth: 3, maxKeys: 5, maxLength: 4, ...changes };
}

function prepared(changes: Partial<GenerateOptions>): { generation: Generation; warnings: string[] } {
  const result = prepareGeneration(optionsWith(changes));
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

function lines(changes: Partial<GenerateOptions>, count: number): string[] {
  const { generation } = prepared(changes);
  return Array.from({ length: count }, (_, i) => generateLine(generation, i));
}

type Tree = { readonly [name: string]: Tree | number | string };

/** Every set of the lines, with its depth below the top-level one. */
function setsOf(all: readonly string[]): { set: Tree; depth: number }[] {
  const sets: { set: Tree; depth: number }[] = all.map((line) => ({
    set: toPlain(readLine(line).value) as Tree,
    depth: 0,
  }));
  for (const { set, depth } of sets) {
    for (const value of Object.values(set)) if (typeof value === 'object') sets.push({ set: value, depth: depth + 1 });
  }
  return sets;
}

function leavesOf(all: readonly string[], name: string): (Tree | number | string | undefined)[] {
  return setsOf(all)
    .map(({ set }) => set[name])
    .filter((value) => value !== undefined && typeof value !== 'object');
}

function depthOf(line: string): number {
  return Math.max(...setsOf([line]).map(({ depth }) => depth));
}

describe('depth', () => {
  test.each([0, 1, 2, 5])('at most %i, and some record reaches it', (depth) => {
    const depths = lines({ depth }, 1000).map(depthOf);

    expect(Math.max(...depths)).toBe(depth);
    expect(new Set(depths).size).toBe(depth + 1);
  });

  test('a thousand levels are made and load', () => {
    const deepest = Math.max(...lines({ depth: 1000, maxKeys: 1 }, 100).map(depthOf));

    expect(deepest).toBeGreaterThan(900);
  });
});

describe('keys of a set', () => {
  test('at most -m, all distinct, from the whole key file; empty sets occur at the top and below', () => {
    const sets = setsOf(lines({ maxKeys: 2 }, 2000));

    expect(Math.max(...sets.map(({ set }) => Object.keys(set).length))).toBe(2);
    expect(new Set(sets.flatMap(({ set }) => Object.keys(set)))).toEqual(new Set(KEYS.map(({ name }) => name)));
    expect(sets.some(({ set, depth }) => depth === 0 && Object.keys(set).length === 0)).toBe(true);
    expect(sets.some(({ set, depth }) => depth > 0 && Object.keys(set).length === 0)).toBe(true);
  });

  test('-m over the key file is clamped with a warning', () => {
    const { generation, warnings } = prepared({ maxKeys: 8 });

    expect(generation.maxKeys).toBe(5);
    expect(warnings).toEqual(['-m 8 is more than the 5 keys of the key file: using 5']);
  });

  test('-m 0 makes every record empty', () => {
    expect(lines({ maxKeys: 0 }, 3)).toEqual(['"key1" -> []', '"key2" -> []', '"key3" -> []']);
  });

  test('names are drawn evenly', () => {
    const sets = setsOf(lines({ depth: 0, maxKeys: 3 }, 6000));

    for (const { name } of KEYS) {
      const share = sets.filter(({ set }) => name in set).length / sets.length;
      expect(share).toBeGreaterThan(0.27);
      expect(share).toBeLessThan(0.33);
    }
  });

  test.each([0, 0.5, 1])('--empty-rate %d is the share of empty records', (emptyRate) => {
    const sets = setsOf(lines({ emptyRate }, 2000)).filter(({ depth }) => depth === 0);

    const share = sets.filter(({ set }) => Object.keys(set).length === 0).length / sets.length;

    expect(Math.abs(share - emptyRate)).toBeLessThan(0.05);
  });

  test('many keys and levels do not make a record grow without end', () => {
    const keys = keysOf(Array.from({ length: 200 }, (_, i) => `name${i} int`).join('\n'));

    const longest = Math.max(...lines({ keys, maxKeys: 200, depth: 20 }, 100).map((line) => line.length));

    expect(longest).toBeLessThan(2_000_000);
  });
});

describe('leaves', () => {
  test('strings have 1 to -l letters and digits, each length and both cases', () => {
    const strings = leavesOf(lines({}, 3000), 'name') as string[];

    for (const value of strings) expect(value).toMatch(/^[A-Za-z0-9]{1,4}$/);
    expect(new Set(strings.map((value) => value.length))).toEqual(new Set([1, 2, 3, 4]));
    expect(new Set(strings.join('')).size).toBe(62);
  });

  test('ints and floats are written as such, in their ranges, floats with two decimals', () => {
    const made = lines({ int: { low: -3, high: 3 }, float: { low: -1.25, high: 0.5 } }, 2000);

    const ints = leavesOf(made, 'age') as number[];
    const floats = leavesOf(made, 'height') as number[];

    expect(new Set(ints)).toEqual(new Set([-3, -2, -1, 0, 1, 2, 3]));
    expect(Math.min(...floats)).toBe(-1.25);
    expect(Math.max(...floats)).toBe(0.5);
    for (const line of made)
      for (const [, digits] of line.matchAll(/"height" -> (-?[\d.]+)/g)) expect(digits).toMatch(/^-?\d+\.\d\d$/);
  });
});

describe('top-level keys', () => {
  test('are key1, key2 … by default, or prefix and start as asked', () => {
    const standard = lines({}, 3).map((line) => text(readLine(line).key));
    const persons = lines({ topKeys: { kind: 'numbered', prefix: 'pe"r', start: 0 } }, 2).map((line) =>
      text(readLine(line).key),
    );

    expect(standard).toEqual(['key1', 'key2', 'key3']);
    expect(persons).toEqual(['pe"r0', 'pe"r1']);
  });

  test('random ones are all different', () => {
    const keys = lines({ topKeys: { kind: 'random' }, maxKeys: 0 }, 50_000);

    expect(new Set(keys).size).toBe(50_000);
    expect(keys[0]).toMatch(/^"[A-Za-z0-9]{6}" -> \[\]$/);
  });
});

describe('dialects', () => {
  test.each(DATA_DIALECTS)('%s loads to the same values as arrow, and prints and loads again', (dialect) => {
    const made = lines({ dialect }, 300);
    const arrow = lines({}, 300);

    for (const [i, line] of made.entries()) {
      const record = readLine(line);
      expect(record).toEqual(readLine(arrow[i] as string));
      expect(readLine(formatRecord(record.key, record.value, 'arrow'))).toEqual(record);
    }
  });

  test('names with quotes and blanks are escaped in each', () => {
    const keys: KeyType[] = [{ name: ' it\'s "x"\\', type: 'int' }];

    for (const dialect of DATA_DIALECTS) {
      const sets = setsOf(lines({ keys, dialect }, 50));
      expect(new Set(sets.flatMap(({ set }) => Object.keys(set)))).toEqual(new Set([' it\'s "x"\\']));
    }
  });
});

describe('repeating', () => {
  test('the same seed makes the same lines, in any order and any parts', () => {
    const { generation } = prepared({ depth: 5 });
    const forwards = Array.from({ length: 200 }, (_, i) => generateLine(generation, i));

    const { generation: other } = prepared({ depth: 5 });
    const backwards = Array.from({ length: 200 }, (_, i) => generateLine(other, 199 - i)).reverse();

    expect(backwards).toEqual(forwards);
  });

  test('another seed makes other lines', () => {
    expect(lines({ seed: 8 }, 20)).not.toEqual(lines({}, 20));
  });

  test('neighbouring records and seeds have nothing in common', () => {
    const bodies = [1, 2, 3].flatMap((seed) =>
      lines({ seed, maxLength: 12, emptyRate: 0 }, 300).map((line) => line.slice(line.indexOf('->'))),
    );

    expect(new Set(bodies).size).toBeGreaterThan(895);
  });
});

test.each<[string, Partial<GenerateOptions>]>([
  ['-d', { depth: -1 }],
  ['-d', { depth: 1001 }],
  ['-d', { depth: 1.5 }],
  ['-m', { maxKeys: -1 }],
  ['-m', { maxKeys: Number.NaN }],
  ['-l', { maxLength: 0 }],
  ['--int', { int: { low: 2, high: 1 } }],
  ['--float', { float: { low: 0.001, high: 0.002 } }],
  ['--empty-rate', { emptyRate: 1.1 }],
  ['--key-start', { topKeys: { kind: 'numbered', prefix: 'k', start: -1 } }],
  ['key file', { keys: [] }],
])('a wrong %s is USAGE and names it', (name, changes) => {
  const result = prepareGeneration(optionsWith(changes));

  expect(result.ok ? '' : result.error.code).toBe('USAGE');
  expect(result.ok ? '' : result.error.message).toContain(name);
});
