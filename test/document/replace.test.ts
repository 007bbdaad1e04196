import fc from 'fast-check';
import { expect, test } from 'vitest';
import { edited } from '../../src/document/edit.ts';
import { fieldsOf } from '../../src/document/lookup.ts';
import { isMarked, marked } from '../../src/document/marked.ts';
import { packString } from '../../src/document/packed.ts';
import { partsAt } from '../../src/document/places.ts';
import { replaced } from '../../src/document/replace.ts';
import { assert } from '../../src/lib/assert.ts';
import { utf8 } from '../../src/lib/bytes.ts';
import { DOCUMENT_BYTES_MAX } from '../../src/model/limits.ts';
import { packedOf, RUNS } from './models.ts';

const VALUE = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.integer({ min: 0, max: 400 }).map((length) => 'x'.repeat(length)),
);

const MAPS = fc.dictionary(fc.string({ maxLength: 6 }), VALUE, { minKeys: 1, maxKeys: 40 });

function packedMap(fields: Record<string, string>, isSpecial: boolean): Uint8Array {
  const packed = packedOf(JSON.stringify(fields));
  return isSpecial ? marked(packed) : packed;
}

test('values put in the place of others make the bytes that an edit makes, or none', () => {
  let made = 0;
  fc.assert(
    fc.property(
      MAPS,
      fc.boolean(),
      fc.array(fc.tuple(fc.nat(), VALUE), { maxLength: 5 }),
      (fields, isSpecial, wishes) => {
        const packed = packedMap(fields, isSpecial);
        const places = partsAt(packed, 0);
        const wished = new Map(
          wishes.map(([at, value]) => [places[at % places.length] as number, packString(utf8(value))]),
        );
        const replacements = [...wished].map(([at, value]) => ({ at, value })).sort((a, b) => a.at - b.at);

        const result = replaced(packed, replacements);

        const whole = edited(
          packed,
          replacements.map((each) => ({ kind: 'replace', ...each })),
        );
        assert(whole.ok && whole.value !== null, 'no limit is near');
        if (result === null) return;
        made++;
        expect(isMarked(result)).toBe(isSpecial);
        expect(result).toEqual(isSpecial ? marked(whole.value) : whole.value);
        expect(fieldsOf(result).length).toBe(places.length);
      },
    ),
    RUNS,
  );
  expect(made).toBeGreaterThan(RUNS.numRuns / 2);
});

test('a map that gets too large is left to an edit, which says so', () => {
  const packed = packedMap({ a: '1', b: '2' }, true);
  const [first] = partsAt(packed, 0);

  const result = replaced(packed, [{ at: first as number, value: packString(new Uint8Array(DOCUMENT_BYTES_MAX)) }]);

  expect(result).toBeNull();
});
