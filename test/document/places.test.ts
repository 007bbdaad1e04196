/** Places in packed values against a naive model. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatJson } from '../../src/document/json.ts';
import { countAt, depthOf, elementAt, fieldAt, partsAt, valueAt, walk } from '../../src/document/places.ts';
import { utf8 } from '../../src/lib/bytes.ts';
import { DEPTH_MAX } from '../../src/model/limits.ts';
import { jsonOf, type Model, models, nested, packedOf, RUNS } from './models.ts';

/** The value and all inside it, each before its parts, with how many are around it. */
function inside(model: Model, depth = 0): { model: Model; depth: number }[] {
  const parts = Array.isArray(model) ? model : model instanceof Map ? [...model.values()] : [];
  return [{ model, depth }, ...parts.flatMap((part) => inside(part, depth + 1))];
}

describe('places', () => {
  test('a walk visits every value once, outer ones first, in the order of the document', () => {
    fc.assert(
      fc.property(models, (model) => {
        const packed = packedOf(jsonOf(model));
        const visited: string[] = [];

        walk(packed, 0, (at, _entry, depth) => visited.push(`${depth} ${formatJson(valueAt(packed, at))}`));

        expect(visited).toEqual(inside(model).map((part) => `${part.depth} ${jsonOf(part.model)}`));
      }),
      RUNS,
    );
  });

  test('parts, fields and elements are where the model has them', () => {
    fc.assert(
      fc.property(models, (model) => {
        const packed = packedOf(jsonOf(model));
        const parts = partsAt(packed, 0);

        expect(countAt(packed, 0)).toBe(parts.length);
        if (model instanceof Map) {
          expect([...model.keys()].map((name) => fieldAt(packed, 0, utf8(name)))).toEqual(parts);
          expect(fieldAt(packed, 0, utf8('there is no such name'))).toBe(-1);
        } else if (Array.isArray(model)) {
          expect(model.map((_element, i) => elementAt(packed, 0, i))).toEqual(parts);
          expect([elementAt(packed, 0, -1), elementAt(packed, 0, model.length)]).toEqual([-1, -1]);
        } else expect(parts).toEqual([]);
      }),
      RUNS,
    );
  });

  test.each([
    ['1', 0],
    ['[]', 1],
    ['{"a":[1,{}],"b":2}', 3],
    [nested(DEPTH_MAX, '[', ']'), DEPTH_MAX + 1],
  ])('depth of %.20s is %d', (json, depth) => {
    expect(depthOf(packedOf(json))).toBe(depth);
  });
});
