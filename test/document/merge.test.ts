/** Merge patches against the algorithm of RFC 7396, section 2, word for word, and its table of examples. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { edited } from '../../src/document/edit.ts';
import { formatJson } from '../../src/document/json.ts';
import { mergeEdits } from '../../src/document/merge.ts';
import { jsonOf, type Model, models, packedOf, RUNS } from './models.ts';

function merged(target: string, patch: string): string {
  const packed = packedOf(target);
  const result = edited(packed, mergeEdits(packed, 0, packedOf(patch)));
  if (!result.ok || result.value === null) throw new Error('a merge leaves a value');
  return formatJson(result.value);
}

function naive(target: Model, patch: Model): Model {
  if (!(patch instanceof Map)) return patch;
  const fields = new Map(target instanceof Map ? target : []);
  for (const [name, value] of patch) {
    if (value === null) fields.delete(name);
    else fields.set(name, naive(fields.get(name) ?? null, value));
  }
  return fields;
}

describe('merge patches', () => {
  test('any patch merges into any value as the RFC says', () => {
    fc.assert(
      fc.property(models, models, (target, patch) => {
        const sortedJson = (json: string): unknown => JSON.parse(json);

        expect(sortedJson(merged(jsonOf(target), jsonOf(patch)))).toEqual(sortedJson(jsonOf(naive(target, patch))));
      }),
      RUNS,
    );
  });

  test.each([
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['{"a":"b"}', '{"a":null}', '{}'],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['["a","b"]', '["c","d"]', '["c","d"]'],
    ['{"a":"b"}', '["c"]', '["c"]'],
    ['{"a":"foo"}', 'null', 'null'],
    ['{"a":"foo"}', '"bar"', '"bar"'],
    ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
    ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ])('%s with %s is %s', (target, patch, expected) => {
    expect(merged(target, patch)).toBe(expected);
  });
});
