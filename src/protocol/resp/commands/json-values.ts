/** JSON.NUMINCRBY, JSON.STRAPPEND and what else changes or measures the values that a path matches. */
import type { Edit } from '../../../document/edit.ts';
import { fieldsOf } from '../../../document/lookup.ts';
import {
  FLOAT,
  INT,
  headLength,
  kindOf,
  numberText,
  packString,
  PACKED_FALSE,
  PACKED_TRUE,
  stringBytes,
  varintAt,
  writeHead,
} from '../../../document/packed.ts';
import { countAt, isArrayAt, isMapAt, ROOT_PLACE, valueAt, walk } from '../../../document/places.ts';
import { utf8 } from '../../../lib/bytes.ts';
import { JSON_REPLY_BYTES_MAX } from '../../../model/limits.ts';
import { Refusal, WRONG_TYPE, wrongCount } from '../failures.ts';
import { type Answered, answersOf, documentOf, type Each, missing, NO_DOCUMENT, otherKind } from '../json/document.ts';
import type { JsonPath } from '../json/path.ts';
import { select } from '../json/select.ts';
import { TOO_LONG_REPLY } from '../json/text.ts';
import type { ReplyWriter } from '../reply-writer.ts';
import type { Words } from '../request-reader.ts';
import { type Container, keysRow, type Plan, type Row, type RowFacts } from '../row.ts';
import { helpRow } from './help.ts';
import { changeDocument, finish, pathIn, valueIn } from './json-documents.ts';

function facts(syntax: string, summary: string, kind: 'readonly' | 'write'): RowFacts {
  return { syntax, summary, complexity: 'O(N)', group: 'json', flags: [kind] };
}

export const JSON_VALUE_ROWS: readonly Row[] = [
  keysRow('json.numincrby', facts('key path number', 'Add to the numbers at a path', 'write'), (words) =>
    planNumber(words, { exact: (a, b) => a + b, rough: (a, b) => a + b }),
  ),
  keysRow('json.nummultby', facts('key path number', 'Multiply the numbers at a path', 'write'), (words) =>
    planNumber(words, { exact: (a, b) => a * b, rough: (a, b) => a * b }),
  ),
  keysRow('json.strappend', facts('key [path] value', 'Put text behind the strings at a path', 'write'), (words) => {
    if (words.length > 4) return new Refusal(wrongCount('json.strappend'));
    const value = valueIn(words.at(-1) as Uint8Array);
    if (value instanceof Refusal) return value;
    if (kindOf(value) !== 'string') return new Refusal('WRONGTYPE wrong type of path value - expected string');
    const added = stringBytes(value);
    return planEach(words, words.length === 4 ? words[2] : undefined, {
      expected: 'string',
      of(document, at, edits) {
        const packed = valueAt(document, at);
        if (kindOf(packed) !== 'string') return null;
        const old = stringBytes(packed);
        const whole = new Uint8Array(old.length + added.length);
        whole.set(old);
        whole.set(added, old.length);
        edits.push({ kind: 'replace', at, value: packString(whole) });
        return (reply) => reply.integer(whole.length);
      },
    });
  }),
  keysRow('json.toggle', facts('key path', 'Turn booleans at a path around', 'write'), (words) => {
    const path = pathIn(words[2]);
    if (path instanceof Refusal) return path;
    return planEach(words, words[2], {
      expected: 'boolean',
      of(document, at, edits) {
        if (kindOf(valueAt(document, at)) !== 'bool') return null;
        const isTrue = document[at] !== PACKED_TRUE[0];
        edits.push({ kind: 'replace', at, value: isTrue ? PACKED_TRUE : PACKED_FALSE });
        return (reply) => (path.isLegacy ? reply.text(String(isTrue)) : reply.integer(isTrue ? 1 : 0));
      },
    });
  }),
  keysRow('json.strlen', facts('key [path]', 'Bytes of the strings at a path', 'readonly'), (words) =>
    planMeasure(words, {
      expected: 'string',
      of(document, at) {
        const packed = valueAt(document, at);
        return kindOf(packed) === 'string' ? countOf(stringBytes(packed).length) : null;
      },
    }),
  ),
  keysRow('json.objlen', facts('key [path]', 'Fields of the objects at a path', 'readonly'), (words) =>
    planMeasure(words, {
      expected: 'object',
      mayMiss: true,
      of: (document, at) => (isMapAt(document, at) ? countOf(countAt(document, at)) : null),
    }),
  ),
  keysRow('json.objkeys', facts('key [path]', 'Names of the fields of the objects at a path', 'readonly'), (words) =>
    planMeasure(words, {
      expected: 'object',
      mayMiss: true,
      of(document, at) {
        if (!isMapAt(document, at)) return null;
        return (reply) => {
          reply.array(countAt(document, at));
          for (const { key } of fieldsOf(valueAt(document, at))) reply.bulk(key);
        };
      },
    }),
  ),
  keysRow('json.resp', facts('key [path]', 'The value at a path as RESP', 'readonly'), (words) => {
    let bytes = 0;
    return planMeasure(words, {
      expected: 'value',
      of(document, at) {
        const packed = valueAt(document, at);
        bytes += packed.length;
        return bytes > JSON_REPLY_BYTES_MAX ? TOO_LONG_REPLY : (reply) => writeParts(reply, packed);
      },
    });
  }),
];

/** JSON.DEBUG: what a value costs. */
export const JSON_DEBUG: Container = {
  name: 'json.debug',
  summary: 'What JSON values cost',
  group: 'json',
  subcommands: [
    keysRow('memory', facts('key [path]', 'Bytes of the values at a path, as they are kept', 'readonly'), (words) => {
      const plan = planMeasure(words.slice(1), {
        expected: 'value',
        of: (document, at) => countOf(valueAt(document, at).length),
      });
      const isLegacy = words[3]?.[0] !== DOLLAR;
      if (plan instanceof Refusal) return plan;
      return {
        keys: plan.keys,
        apply(keyspace, reply) {
          if (keyspace.has(words[2] as Uint8Array)) plan.apply(keyspace, reply);
          else if (isLegacy) reply.integer(0);
          else reply.array(0);
        },
      };
    }),
    helpRow('json.debug', 'json'),
  ],
};

const DOLLAR = 0x24;

export function countOf(count: number): Answered {
  return (reply) => reply.integer(count);
}

/** Changes each value that the path in `word` matches, and answers for each. */
export function planEach(words: Words, word: Uint8Array | undefined, each: Each): Plan | Refusal {
  const key = words[1] as Uint8Array;
  const path = pathIn(word);
  if (path instanceof Refusal) return path;
  return changeDocument(key, NO_DOCUMENT, (document, keyspace, reply) => {
    const edits: Edit[] = [];
    const answer = answersOf(document, path, each, edits, 'last');
    if (answer instanceof Refusal) reply.error(answer.line);
    else finish(keyspace, key, document, edits, reply, () => answer(reply));
  });
}

/** Answers for each value that the path behind the key matches; nothing is changed. */
export function planMeasure(words: Words, each: Each): Plan | Refusal {
  const key = words[1] as Uint8Array;
  const path = pathIn(words[2]);
  if (path instanceof Refusal) return path;
  return {
    keys: [key],
    apply(keyspace, reply) {
      const document = documentOf(keyspace, key);
      if (document === 'wrong') reply.error(WRONG_TYPE);
      else if (document !== null) {
        const answer = answersOf(document, path, each, [], 'first');
        if (answer instanceof Refusal) reply.error(answer.line);
        else answer(reply);
      } else if (path.isLegacy) reply.nil();
      else reply.error(NO_DOCUMENT);
    },
  };
}

type Arithmetic = {
  readonly exact: (a: bigint, b: bigint) => bigint;
  readonly rough: (a: number, b: number) => number;
};

/** Version 2 answers JSON text: a list for `$`, else the number. Version 3 answers numbers. */
function planNumber(words: Words, arithmetic: Arithmetic): Plan | Refusal {
  const key = words[1] as Uint8Array;
  const path = pathIn(words[2]);
  if (path instanceof Refusal) return path;
  const by = valueIn(words[3] as Uint8Array);
  if (by instanceof Refusal) return by;
  if (!isNumber(by)) return new Refusal('ERR expected value at line 1 column 1');
  return changeDocument(key, NO_DOCUMENT, (document, keyspace, reply) => {
    const places = select(document, path.steps);
    if (places instanceof Refusal) {
      reply.error(places.line);
      return;
    }
    const edits: Edit[] = [];
    const results: (Uint8Array | null)[] = [];
    for (const at of places) {
      const packed = valueAt(document, at);
      const value = isNumber(packed) ? computed(packed, by, arithmetic) : null;
      if (value === 'infinite') {
        reply.error('ERR result is not a number');
        return;
      }
      if (value !== null) edits.push({ kind: 'replace', at, value });
      results.push(value);
    }
    if (path.isLegacy && places[0] === undefined) reply.error(missing(path));
    else if (path.isLegacy && edits.length === 0) reply.error(otherKind('a number', document, places[0] as number));
    else finish(keyspace, key, document, edits, reply, () => writeNumbers(reply, path, results));
  });
}

function writeNumbers(reply: ReplyWriter, path: JsonPath, results: readonly (Uint8Array | null)[]): void {
  if (reply.protocol === 3) {
    reply.array(results.length);
    for (const result of results) {
      if (result === null) reply.nil();
      else if ((result[0] as number) >> 5 === INT) reply.integer(BigInt(numberText(result)));
      else reply.double(numberText(result));
    }
  } else if (path.isLegacy) reply.text(numberText(results.findLast((result) => result !== null) as Uint8Array));
  else reply.text(`[${results.map((result) => (result === null ? 'null' : numberText(result))).join(',')}]`);
}

function isNumber(packed: Uint8Array): boolean {
  const kind = (packed[0] as number) >> 5;
  return kind === INT || kind === FLOAT;
}

/** Whole numbers stay exact while they fit 64 bits; all else is a double. */
function computed(a: Uint8Array, b: Uint8Array, { exact, rough }: Arithmetic): Uint8Array | 'infinite' {
  const [x, y] = [numberText(a), numberText(b)];
  const areWhole = (a[0] as number) >> 5 === INT && (b[0] as number) >> 5 === INT && x.length < 40 && y.length < 40;
  if (areWhole) {
    const whole = exact(BigInt(x), BigInt(y));
    if (BigInt.asIntN(64, whole) === whole) return packDigits(INT, String(whole));
  }
  const result = rough(Number(x), Number(y));
  if (!Number.isFinite(result)) return 'infinite';
  const digits = Object.is(result, -0) ? '-0' : String(result);
  return packDigits(FLOAT, /[.e]/.test(digits) ? digits : `${digits}.0`);
}

function packDigits(kind: number, digits: string): Uint8Array {
  const bytes = utf8(digits);
  const packed = new Uint8Array(headLength(bytes.length) + bytes.length);
  packed.set(bytes, writeHead(packed, 0, kind, bytes.length));
  return packed;
}

/** JSON.RESP: objects begin with a brace, arrays with a bracket, as elements of their own. */
function writeParts(reply: ReplyWriter, packed: Uint8Array): void {
  walk(packed, ROOT_PLACE, (at, entry) => {
    if (entry >= 0) reply.bulkPart(packed, at - varintAt(packed, entry), at);
    const count = countAt(packed, at);
    if (isMapAt(packed, at)) {
      reply.array(count * 2 + 1);
      reply.simple('{');
    } else if (isArrayAt(packed, at)) {
      reply.array(count + 1);
      reply.simple('[');
    } else writeLeaf(reply, valueAt(packed, at));
  });
}

function writeLeaf(reply: ReplyWriter, packed: Uint8Array): void {
  const kind = kindOf(packed);
  if (kind === 'null') reply.nil();
  else if (kind === 'bool') reply.simple(String(packed[0] === PACKED_TRUE[0]));
  else if (kind === 'string') reply.bulk(stringBytes(packed));
  else if (kind === 'int' && packed.length <= INT64_DIGITS_MAX) reply.integer(BigInt(numberText(packed)));
  else reply.text(numberText(packed));
}

/** An int of so many bytes with its head fits 64 bits, whatever its digits. */
const INT64_DIGITS_MAX = 19;
