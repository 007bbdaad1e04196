/** The naive model of a value, random ones, and how a test reads and prints text. Shared by the tests of this room. */
import fc from 'fast-check';
import { utf8 } from '../../src/lib/bytes.ts';
import type { Item } from '../../src/model/commands.ts';
import { parseJson } from '../../src/document/json.ts';
import { parseRecords } from '../../src/document/records.ts';

/** A number is its digits; a set is a Map. */
export type Model = null | boolean | string | { readonly digits: string } | Model[] | Map<string, Model>;

/** Every run of the suite tries the same inputs: a failure prints the seed and the path to it. */
export const RUNS = { seed: 20_240_611, numRuns: 300 };

const digits = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(fc.nat().map(String), fc.bigInt({ min: 0n, max: 10n ** 30n }).map(String)),
    fc.constantFrom('', '.0', '.50', '.25', 'e3', 'E-7', '.5e+10'),
  )
  .map(([sign, whole, rest]) => ({ digits: `${sign}${whole}${rest}` }));

const words = fc.constantFrom(
  'a',
  'ab',
  'abc',
  'b',
  ' level',
  'level',
  '__proto__',
  'constructor',
  'όνομα',
  '👩‍🚀',
  '"',
  "'",
  '\\',
  '“',
  '->',
);

/** Text with all that can go wrong in it. */
export const texts = fc.oneof(words, fc.string({ unit: 'binary' }), fc.string());
const names = texts.filter((name) => name !== '');

export const { models, maps } = fc.letrec<{ models: Model; maps: Map<string, Model> }>((tie) => ({
  models: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'model' },
    fc.oneof(fc.constant(null), fc.boolean(), texts, digits),
    fc.array(tie('models'), { maxLength: 40, depthIdentifier: 'model' }),
    tie('maps'),
  ),
  maps: fc
    .array(fc.tuple(names, tie('models')), { maxLength: 40, depthIdentifier: 'model' })
    .map((fields) => new Map(fields)),
}));

export function jsonOf(model: Model): string {
  if (model === null || typeof model === 'boolean' || typeof model === 'string') return JSON.stringify(model);
  if (Array.isArray(model)) return `[${model.map(jsonOf).join(',')}]`;
  if (!(model instanceof Map)) return model.digits;
  return `{${[...model].map(([name, value]) => `${JSON.stringify(name)}:${jsonOf(value)}`).join(',')}}`;
}

export function packedOf(json: string): Uint8Array {
  const parsed = parseJson(utf8(json));
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

export function readLines(lines: string): { records: Item[]; warnings: string[] } {
  const bytes = utf8(lines);
  const parsed = parseRecords(bytes, 0, bytes.length, 1);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

export function readLine(line: string): Item {
  const { records } = readLines(line);
  if (records.length !== 1) throw new Error(`${records.length} records`);
  return records[0] as Item;
}

/** A value of `depth` sets below the top-level one. */
export function nested(depth: number, open: string, close: string): string {
  return open.repeat(depth + 1) + close.repeat(depth + 1);
}
