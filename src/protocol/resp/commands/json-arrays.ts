/** JSON.ARRAPPEND and the other commands about arrays at paths. */
import { isSameValue } from '../../../document/equality.ts';
import { countAt, elementAt, isArrayAt, partsAt, valueAt } from '../../../document/places.ts';
import { JSON_REPLY_BYTES_MAX } from '../../../model/limits.ts';
import { integerOf } from '../arguments.ts';
import { INDEX_RANGE, INTEGER_ERROR, Refusal } from '../failures.ts';
import { indexIn } from '../json/select.ts';
import { TOO_LONG_REPLY } from '../json/text.ts';
import type { Words } from '../request-reader.ts';
import { keysRow, type Plan, type Row, type RowFacts } from '../row.ts';
import { jsonOf } from '../values.ts';
import { valueIn } from './json-documents.ts';
import { countOf, planEach, planMeasure } from './json-values.ts';

function facts(syntax: string, summary: string, kind: 'readonly' | 'write'): RowFacts {
  return { syntax, summary, complexity: 'O(N)', group: 'json', flags: [kind] };
}

export const JSON_ARRAY_ROWS: readonly Row[] = [
  keysRow('json.arrlen', facts('key [path]', 'Elements of the arrays at a path', 'readonly'), (words) =>
    planMeasure(words, {
      expected: 'array',
      of: (document, at) => (isArrayAt(document, at) ? countOf(countAt(document, at)) : null),
    }),
  ),
  keysRow('json.arrappend', facts('key path value ...', 'Put values behind the arrays at a path', 'write'), (words) =>
    planInsert(words, words.slice(3), (count) => count),
  ),
  keysRow(
    'json.arrinsert',
    facts('key path index value ...', 'Put values into the arrays at a path', 'write'),
    (words) => {
      const index = integerOf(words[3] as Uint8Array);
      return index === null ? INTEGER_ERROR : planInsert(words, words.slice(4), (count) => indexIn(count, index));
    },
  ),
  keysRow(
    'json.arrpop',
    facts('key [path [index]]', 'Take an element out of the arrays at a path', 'write'),
    (words) => {
      const index = words.length > 3 ? integerOf(words[3] as Uint8Array) : -1;
      if (index === null) return INTEGER_ERROR;
      let bytes = 0;
      return planEach(words, words[2], {
        expected: 'array',
        of(document, at, edits) {
          if (!isArrayAt(document, at)) return null;
          const count = countAt(document, at);
          if (count === 0) return (reply) => reply.nil();
          const popped = elementAt(document, at, Math.min(count - 1, Math.max(0, indexIn(count, index))));
          edits.push({ kind: 'remove', at: popped });
          const packed = valueAt(document, popped);
          bytes += packed.length;
          return bytes > JSON_REPLY_BYTES_MAX ? TOO_LONG_REPLY : (reply) => reply.bulk(jsonOf(packed));
        },
      });
    },
  ),
  keysRow('json.arrtrim', facts('key path start stop', 'Keep part of the arrays at a path', 'write'), (words) => {
    const [start, stop] = [integerOf(words[3] as Uint8Array), integerOf(words[4] as Uint8Array)];
    if (start === null || stop === null) return INTEGER_ERROR;
    return planEach(words, words[2], {
      expected: 'array',
      of(document, at, edits) {
        if (!isArrayAt(document, at)) return null;
        const elements = partsAt(document, at);
        const from = Math.max(0, indexIn(elements.length, start));
        const to = Math.min(elements.length - 1, Math.max(0, indexIn(elements.length, stop)));
        let kept = 0;
        for (const [i, element] of elements.entries()) {
          if (i >= from && i <= to) kept++;
          else edits.push({ kind: 'remove', at: element });
        }
        return countOf(kept);
      },
    });
  }),
  keysRow(
    'json.arrindex',
    facts('key path value [start [stop]]', 'Where a value is in the arrays at a path', 'readonly'),
    (words) => {
      const wanted = valueIn(words[3] as Uint8Array);
      if (wanted instanceof Refusal) return wanted;
      const start = words[4] === undefined ? 0 : integerOf(words[4]);
      const stop = words[5] === undefined ? 0 : integerOf(words[5]);
      if (start === null || stop === null) return INTEGER_ERROR;
      return planMeasure(words, {
        expected: 'array',
        of(document, at) {
          if (!isArrayAt(document, at)) return null;
          const elements = partsAt(document, at);
          // A start behind the end means the last element, as it does in RedisJSON.
          const from = Math.max(0, Math.min(elements.length - 1, indexIn(elements.length, start)));
          const to = stop === 0 ? elements.length : Math.min(elements.length, indexIn(elements.length, stop));
          const isWanted = (element: number, i: number): boolean =>
            i >= from && i < to && isSameValue(valueAt(document, element), wanted);
          return countOf(elements.findIndex(isWanted));
        },
      });
    },
  ),
];

/** Puts the values in `words` into each array, before the element that `indexAmong` names among so many. */
function planInsert(words: Words, valueWords: Words, indexAmong: (count: number) => number): Plan | Refusal {
  const values = valuesIn(valueWords);
  if (values instanceof Refusal) return values;
  return planEach(words, words[2], {
    expected: 'array',
    of(document, at, edits) {
      if (!isArrayAt(document, at)) return null;
      const count = countAt(document, at);
      const index = indexAmong(count);
      if (index < 0 || index > count) return INDEX_ERROR;
      edits.push({ kind: 'insert', at, index, values });
      return countOf(count + values.length);
    },
  });
}

const INDEX_ERROR = new Refusal(INDEX_RANGE);

function valuesIn(words: readonly Uint8Array[]): Uint8Array[] | Refusal {
  const values: Uint8Array[] = [];
  for (const word of words) {
    const value = valueIn(word);
    if (value instanceof Refusal) return value;
    values.push(value);
  }
  return values;
}
