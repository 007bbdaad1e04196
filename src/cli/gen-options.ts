/**
 * The generator's command line: the sources' flags `-k -n -d -l -m`, all required (A-01), and what goes beyond them.
 * Pure: flags and the key file's text in, a checked order or one line out.
 */
import {
  type Between,
  DATA_DIALECTS,
  GENERATE_DEFAULTS,
  type GenerateOptions,
  type Generation,
  prepareGeneration,
} from '../document/generate-options.ts';
import type { KeyType } from '../document/key-file.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { anyText, choice, type Environment, type Flag, FlagReader, type FlagValues, wholeNumber } from './flags.ts';

export const GEN_FLAGS: readonly Flag[] = [
  { flags: '-k, --key-file <FILE>', summary: 'names and types of keys, one "<name> int|float|string" a line' },
  { flags: '-n, --lines <N>', summary: 'lines to generate' },
  { flags: '-d, --depth <D>', summary: 'nested sets at most; 0: flat' },
  { flags: '-l, --max-length <L>', summary: 'characters of a string at most' },
  { flags: '-m, --max-keys <M>', summary: 'keys of a set at most' },
  { flags: '-o, --output <FILE>', summary: 'where to write; - is standard output (default dataToIndex.txt)' },
  {
    flags: '--format <F>',
    summary: `${DATA_DIALECTS.join(', ')} (default ${GENERATE_DEFAULTS.dialect})`,
    choices: DATA_DIALECTS,
  },
  { flags: '--seed <S>', summary: 'the same seed makes the same bytes (default: drawn)' },
  { flags: '--key-prefix <P>', summary: 'top-level keys are P and a number (default key)' },
  { flags: '--key-start <I>', summary: 'the first number (default 1)' },
  { flags: '--random-keys', summary: 'random top-level keys instead, all different' },
  { flags: '--int <A..B>', summary: 'range of integers (default 0..100)' },
  { flags: '--float <A..B>', summary: 'range of floats (default 0..100)' },
  { flags: '--empty-rate <R>', summary: 'probability of an empty set, 0 to 1' },
];

const OUTPUT_DEFAULT = 'dataToIndex.txt';
const COUNT_MAX = Number.MAX_SAFE_INTEGER;
const SEED_MAX = 0xffff_ffff;

export type GenFiles = { readonly keyFile: string; readonly output: string };

/** Which files it is about. The five flags of the sources must all be there. */
export function genFiles(values: FlagValues, env: Environment): Result<GenFiles, string> {
  const flags = new FlagReader(GEN_FLAGS, values, env);
  for (const [short, name] of REQUIRED) if (flags.get(name, anyText) === null) flags.fail(`-${short} is required`);
  return flags.done({
    keyFile: flags.get('key-file', anyText) ?? '',
    output: flags.get('output', anyText) ?? OUTPUT_DEFAULT,
  });
}

/** The order for the generator, with the number of lines. `drawnSeed` is used when no seed was given. */
export function genOrder(
  values: FlagValues,
  env: Environment,
  from: { readonly keys: readonly KeyType[]; readonly drawnSeed: number },
): Result<{ generation: Generation; lines: number; warnings: readonly string[] }, string> {
  const flags = new FlagReader(GEN_FLAGS, values, env);
  const lines = flags.get('lines', wholeNumber(0, COUNT_MAX)) ?? 0;
  const options: GenerateOptions = {
    seed: (flags.get('seed', wholeNumber(0, SEED_MAX)) ?? from.drawnSeed) | 0,
    keys: from.keys,
    depth: flags.get('depth', wholeNumber(0, COUNT_MAX)) ?? 0,
    maxKeys: flags.get('max-keys', wholeNumber(0, COUNT_MAX)) ?? 0,
    maxLength: flags.get('max-length', wholeNumber(1, COUNT_MAX)) ?? 1,
    dialect: flags.get('format', choice(DATA_DIALECTS)) ?? GENERATE_DEFAULTS.dialect,
    topKeys: flags.has('random-keys')
      ? { kind: 'random' }
      : {
          kind: 'numbered',
          prefix: flags.get('key-prefix', anyText) ?? GENERATE_DEFAULTS.topKeys.prefix,
          start: flags.get('key-start', wholeNumber(0, COUNT_MAX)) ?? GENERATE_DEFAULTS.topKeys.start,
        },
    int: flags.get('int', range) ?? GENERATE_DEFAULTS.int,
    float: flags.get('float', range) ?? GENERATE_DEFAULTS.float,
    emptyRate: flags.get('empty-rate', rate),
  };
  const read = flags.done(options);
  if (!read.ok) return read;
  const prepared = prepareGeneration(options);
  return prepared.ok ? ok({ ...prepared.value, lines }) : err(prepared.error.message);
}

const REQUIRED = [
  ['k', 'key-file'],
  ['n', 'lines'],
  ['d', 'depth'],
  ['l', 'max-length'],
  ['m', 'max-keys'],
] as const;

function range(text: string): Result<Between, string> {
  const match = /^(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)$/.exec(text);
  if (match === null) return err(`expected a range such as 0..100, got "${text}"`);
  return ok({ low: Number(match[1]), high: Number(match[2]) });
}

function rate(text: string): Result<number, string> {
  return /^(0|1|0?\.\d+|[01]\.\d+)$/.test(text)
    ? ok(Number(text))
    : err(`expected a number from 0 to 1, got "${text}"`);
}
