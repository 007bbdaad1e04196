/** What the generator is asked for (row A), checked and prepared once, so that lines can be made without looking back. */
import { ByteWriter, utf8 } from '../lib/bytes.ts';
import { ok, type Result } from '../lib/result.ts';
import { fail, type KvError } from '../model/errors.ts';
import { DEPTH_MAX, DOCUMENT_BYTES_MAX } from '../model/limits.ts';
import { writeText } from './format.ts';
import type { KeyType, LeafType } from './key-file.ts';

/** `pydict` is brace data as Python prints it; `brace` as the assignment does: `"a" : { "b" : 1 ; "c" : {} }`. */
export type DataDialect = 'arrow' | 'brace' | 'pydict' | 'json';
export const DATA_DIALECTS: readonly DataDialect[] = ['arrow', 'brace', 'pydict', 'json'];

export type Between = { readonly low: number; readonly high: number };

export type GenerateOptions = {
  /** Any 32-bit integer. */
  readonly seed: number;
  readonly keys: readonly KeyType[];
  /** Sets below the top-level one at most; 0: flat. */
  readonly depth: number;
  /** Fields of a set at most; 0: all sets are empty. */
  readonly maxKeys: number;
  /** Characters of a string at most, from 1. */
  readonly maxLength: number;
  readonly dialect: DataDialect;
  /** Top-level keys are prefix + number from `start`, or random ones, all different. */
  readonly topKeys:
    | { readonly kind: 'numbered'; readonly prefix: string; readonly start: number }
    | { readonly kind: 'random' };
  readonly int: Between;
  /** Printed with two decimals. */
  readonly float: Between;
  /** Probability of an empty set, or null: as many as a uniform number of fields gives. */
  readonly emptyRate: number | null;
};

/** What the flags leave open. */
export const GENERATE_DEFAULTS = {
  dialect: 'arrow',
  topKeys: { kind: 'numbered', prefix: 'key', start: 1 },
  int: { low: 0, high: 100 },
  float: { low: 0, high: 100 },
  emptyRate: null,
} as const satisfies Partial<GenerateOptions>;

/** Marks of a dialect around what is generated. */
export type Marks = {
  readonly lineOpen: Uint8Array;
  readonly lineClose: Uint8Array;
  readonly topMark: Uint8Array;
  readonly open: Uint8Array;
  readonly close: Uint8Array;
  readonly empty: Uint8Array;
  readonly pairMark: Uint8Array;
  readonly separator: Uint8Array;
  readonly quote: 0x22 | 0x27;
};

/** A checked order: give it to `generateLine`. Plain data, so that it can be sent to a pool. */
export type Generation = {
  readonly options: GenerateOptions;
  readonly maxKeys: number;
  /** The opening quote and the prefix of numbered keys. */
  readonly topPrefix: Uint8Array;
  /** Names of the key file, quoted for the dialect, each with what stands between it and its value. */
  readonly names: readonly Uint8Array[];
  readonly types: readonly LeafType[];
  readonly marks: Marks;
  readonly floatCents: Between;
  /** Probability that a field off the record's deepest way is a set: kept so low that records stay finite. */
  readonly nestRate: number;
};

const MARKS: Readonly<Record<DataDialect, Marks>> = {
  arrow: marks(
    { around: ['', ''], set: ['[ ', ' ]', '[]'], topMark: ' -> ', pairMark: ' -> ', separator: ' | ' },
    0x22,
  ),
  brace: marks({ around: ['', ''], set: ['{ ', ' }', '{}'], topMark: ' : ', pairMark: ' : ', separator: ' ; ' }, 0x22),
  pydict: marks({ around: ['', ''], set: ['{', '}', '{}'], topMark: ':', pairMark: ': ', separator: ', ' }, 0x27),
  json: marks({ around: ['{', '}'], set: ['{', '}', '{}'], topMark: ': ', pairMark: ': ', separator: ', ' }, 0x22),
};

/** Sets that a set has beside the deepest way, on average at most: below one, or a record could grow for ever. */
const SETS_PER_SET_MAX = 0.75;

/** Checks the options; warnings say what was changed. USAGE names the option and what it may be. */
export function prepareGeneration(
  options: GenerateOptions,
): Result<{ generation: Generation; warnings: string[] }, KvError> {
  const wrong = firstWrong(options);
  if (wrong !== null) return fail('USAGE', wrong);
  const { keys, dialect, float } = options;
  const warnings: string[] = [];
  if (options.maxKeys > keys.length) {
    warnings.push(`-m ${options.maxKeys} is more than the ${keys.length} keys of the key file: using ${keys.length}`);
  }
  const maxKeys = Math.min(options.maxKeys, keys.length);
  const dialectMarks = MARKS[dialect];
  const generation: Generation = {
    options,
    maxKeys,
    topPrefix: quoted(options.topKeys.kind === 'numbered' ? options.topKeys.prefix : '', dialectMarks).slice(0, -1),
    names: keys.map(({ name }) => quotedName(name, dialectMarks)),
    types: keys.map(({ type }) => type),
    marks: dialectMarks,
    floatCents: { low: Math.ceil(float.low * 100), high: Math.floor(float.high * 100) },
    nestRate: Math.min(0.3, (2 * SETS_PER_SET_MAX) / Math.max(1, maxKeys)),
  };
  return ok({ generation, warnings });
}

function firstWrong(options: GenerateOptions): string | null {
  const { depth, maxKeys, maxLength, int, float, emptyRate, topKeys, keys } = options;
  if (keys.length === 0) return 'the key file names no key';
  if (!isCount(depth) || depth > DEPTH_MAX) return `-d (depth) must be an integer from 0 to ${DEPTH_MAX}, not ${depth}`;
  if (!isCount(maxKeys)) return `-m (keys of a set) must be an integer from 0, not ${maxKeys}`;
  if (!isCount(maxLength) || maxLength < 1 || maxLength > DOCUMENT_BYTES_MAX) {
    return `-l (characters of a string) must be an integer from 1 to ${DOCUMENT_BYTES_MAX}, not ${maxLength}`;
  }
  if (!Number.isSafeInteger(int.low) || !Number.isSafeInteger(int.high) || int.low > int.high) {
    return `--int must be a range of integers such as 0..100, not ${int.low}..${int.high}`;
  }
  const cents = { low: Math.ceil(float.low * 100), high: Math.floor(float.high * 100) };
  if (!Number.isSafeInteger(cents.low) || !Number.isSafeInteger(cents.high) || cents.low > cents.high) {
    return `--float must be a range that holds a number of two decimals, not ${float.low}..${float.high}`;
  }
  if (emptyRate !== null && !(emptyRate >= 0 && emptyRate <= 1)) {
    return `--empty-rate must be from 0 to 1, not ${emptyRate}`;
  }
  if (topKeys.kind === 'numbered' && !isCount(topKeys.start)) {
    return `--key-start must be an integer from 0, not ${topKeys.start}`;
  }
  return null;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function quoted(name: string, { quote }: Marks): Uint8Array {
  const writer = new ByteWriter(name.length + 16);
  const bytes = utf8(name);
  writeText(writer, bytes, 0, bytes.length, quote);
  return writer.copy();
}

function quotedName(name: string, dialectMarks: Marks): Uint8Array {
  const writer = new ByteWriter(name.length + 16);
  writer.bytes(quoted(name, dialectMarks));
  writer.bytes(dialectMarks.pairMark);
  return writer.copy();
}

type MarkTexts = {
  readonly around: readonly [string, string];
  readonly set: readonly [string, string, string];
  readonly topMark: string;
  readonly pairMark: string;
  readonly separator: string;
};

function marks(texts: MarkTexts, quote: 0x22 | 0x27): Marks {
  return {
    lineOpen: utf8(texts.around[0]),
    lineClose: utf8(texts.around[1]),
    topMark: utf8(texts.topMark),
    open: utf8(texts.set[0]),
    close: utf8(texts.set[1]),
    empty: utf8(texts.set[2]),
    pairMark: utf8(texts.pairMark),
    separator: utf8(texts.separator),
    quote,
  };
}
