/** JSON.ARRAPPEND and the other commands about arrays at paths. */
import { isSameValue } from '../../../document/equality.ts';
import { integerOf } from '../arguments.ts';
import { INDEX_RANGE, INTEGER_ERROR, Refusal } from '../failures.ts';
import { indexIn } from '../json/select.ts';
import type { Node } from '../json/tree.ts';
import { keysRow, type Row, type RowFacts } from '../row.ts';
import { jsonOf } from '../values.ts';
import { valueIn } from './json-documents.ts';
import { planEach, planMeasure } from './json-values.ts';

function facts(syntax: string, summary: string, kind: 'readonly' | 'write'): RowFacts {
  return { syntax, summary, complexity: 'O(N)', group: 'json', flags: [kind] };
}

export const JSON_ARRAY_ROWS: readonly Row[] = [
  keysRow('json.arrlen', facts('key [path]', 'Elements of the arrays at a path', 'readonly'), (words) =>
    planMeasure(words, {
      expected: 'array',
      of: (node) => {
        if (node.kind !== 'array') return null;
        const { length } = node.elements();
        return (reply) => reply.integer(length);
      },
    }),
  ),
  keysRow('json.arrappend', facts('key path value ...', 'Put values behind the arrays at a path', 'write'), (words) => {
    const values = valuesIn(words.slice(3));
    if (values instanceof Refusal) return values;
    return planEach(words, words[2], {
      expected: 'array',
      of: (node) => {
        if (node.kind !== 'array') return null;
        node.insert(node.elements().length, values);
        const { length } = node.elements();
        return (reply) => reply.integer(length);
      },
    });
  }),
  keysRow(
    'json.arrinsert',
    facts('key path index value ...', 'Put values into the arrays at a path', 'write'),
    (words) => {
      const index = integerOf(words[3] as Uint8Array);
      if (index === null) return INTEGER_ERROR;
      const values = valuesIn(words.slice(4));
      if (values instanceof Refusal) return values;
      return planEach(words, words[2], {
        expected: 'array',
        of: (node) => {
          if (node.kind !== 'array') return null;
          const before = node.elements().length;
          const at = indexIn(before, index);
          if (at < 0 || at > before) return INDEX_ERROR;
          node.insert(at, values);
          const { length } = node.elements();
          return (reply) => reply.integer(length);
        },
      });
    },
  ),
  keysRow(
    'json.arrpop',
    facts('key [path [index]]', 'Take an element out of the arrays at a path', 'write'),
    (words) => {
      const index = words.length > 3 ? integerOf(words[3] as Uint8Array) : -1;
      if (index === null) return INTEGER_ERROR;
      return planEach(words, words[2], {
        expected: 'array',
        of: (node) => {
          if (node.kind !== 'array') return null;
          const elements = node.elements();
          if (elements.length === 0) return (reply) => reply.nil();
          const at = Math.min(elements.length - 1, Math.max(0, indexIn(elements.length, index)));
          const popped = elements[at] as Node;
          const json = jsonOf(popped.packed).slice();
          node.removeAll(new Set([popped]));
          return (reply) => reply.bulk(json);
        },
      });
    },
  ),
  keysRow('json.arrtrim', facts('key path start stop', 'Keep part of the arrays at a path', 'write'), (words) => {
    const [start, stop] = [integerOf(words[3] as Uint8Array), integerOf(words[4] as Uint8Array)];
    if (start === null || stop === null) return INTEGER_ERROR;
    return planEach(words, words[2], {
      expected: 'array',
      of: (node) => {
        if (node.kind !== 'array') return null;
        const before = node.elements().length;
        const from = Math.max(0, indexIn(before, start));
        const to = Math.min(before - 1, Math.max(0, indexIn(before, stop)));
        node.keep(from, Math.max(from, to + 1));
        const { length } = node.elements();
        return (reply) => reply.integer(length);
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
        of: (node) => {
          if (node.kind !== 'array') return null;
          const elements = node.elements();
          // A start behind the end means the last element, as it does in RedisJSON.
          const from = Math.max(0, Math.min(elements.length - 1, indexIn(elements.length, start)));
          const to = stop === 0 ? elements.length : Math.min(elements.length, indexIn(elements.length, stop));
          const at = elements.findIndex((element, i) => i >= from && i < to && isSameValue(element.packed, wanted));
          return (reply) => reply.integer(at);
        },
      });
    },
  ),
];

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
