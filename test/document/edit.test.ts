/** Edits of packed values against the same changes of a naive model, and their limits. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Edit, edited } from '../../src/document/edit.ts';
import { formatJson } from '../../src/document/json.ts';
import { packString } from '../../src/document/packed.ts';
import { partsAt, walk } from '../../src/document/places.ts';
import { utf8 } from '../../src/lib/bytes.ts';
import { DEPTH_MAX } from '../../src/model/limits.ts';
import { jsonOf, type Model, models, nested, packedOf, RUNS } from './models.ts';

/** A value of the model with its place in the packed form. */
type Placed = { readonly model: Model; readonly at: number; readonly depth: number };

/** All values, each before its parts. */
function placesOf(model: Model): Placed[] {
  const order: { model: Model; depth: number }[] = [];
  const visit = (value: Model, depth: number): void => {
    order.push({ model: value, depth });
    if (Array.isArray(value)) for (const part of value) visit(part, depth + 1);
    else if (value instanceof Map) for (const part of value.values()) visit(part, depth + 1);
  };
  visit(model, 0);
  const places: Placed[] = [];
  walk(packedOf(jsonOf(model)), 0, (at) => places.push({ ...(order[places.length] as (typeof order)[number]), at }));
  return places;
}

/** What is to happen to one value of the model. */
type Wish =
  | { readonly kind: 'replace'; readonly value: Model }
  | { readonly kind: 'remove' }
  | { readonly kind: 'add'; readonly name: string; readonly value: Model }
  | { readonly kind: 'insert'; readonly index: number; readonly values: readonly Model[] };

/** The model with the wishes, made anew from the outside in; undefined: removed. */
function wished(model: Model, numbers: { next: number }, byNumber: readonly (Wish | undefined)[]): Model | undefined {
  const wish = byNumber[numbers.next++];
  if (wish?.kind === 'replace' || wish?.kind === 'remove') {
    numbers.next += sizeOf(model) - 1;
    return wish.kind === 'replace' ? wish.value : undefined;
  }
  if (Array.isArray(model)) {
    const parts: Model[] = [];
    for (let i = 0; i <= model.length; i++) {
      if (wish?.kind === 'insert' && wish.index === i) parts.push(...wish.values);
      if (i === model.length) break;
      const part = wished(model[i] as Model, numbers, byNumber);
      if (part !== undefined) parts.push(part);
    }
    return parts;
  }
  if (!(model instanceof Map)) return model;
  const fields = new Map<string, Model>();
  for (const [name, value] of model) {
    const part = wished(value, numbers, byNumber);
    if (part !== undefined) fields.set(name, part);
  }
  if (wish?.kind === 'add') {
    fields.delete(wish.name);
    fields.set(wish.name, wish.value);
  }
  return fields;
}

function sizeOf(model: Model): number {
  const parts = Array.isArray(model) ? model : model instanceof Map ? [...model.values()] : [];
  return parts.reduce((sum: number, part) => sum + sizeOf(part), 1);
}

/** Wishes that fit the values: a map gets fields, an array elements. */
function fitting(places: readonly Placed[], drawn: readonly Drawn[]): (Wish | undefined)[] {
  const byNumber: (Wish | undefined)[] = [];
  for (const { at, kind, name, value, index } of drawn) {
    const number = at % places.length;
    const { model } = places[number] as Placed;
    if (kind === 'add') {
      if (model instanceof Map) byNumber[number] = { kind, name, value };
    } else if (kind === 'insert') {
      if (Array.isArray(model)) byNumber[number] = { kind, index: index % (model.length + 1), values: [value, value] };
    } else byNumber[number] = kind === 'replace' ? { kind, value } : { kind };
  }
  return byNumber;
}

type Drawn = {
  readonly at: number;
  readonly kind: Wish['kind'];
  readonly name: string;
  readonly value: Model;
  readonly index: number;
};

const wishes = fc.array(
  fc.record({
    at: fc.nat(1_000),
    kind: fc.constantFrom<Wish['kind']>('replace', 'remove', 'add', 'insert'),
    name: fc.constantFrom('a', 'ab', 'level', '__proto__', '', 'new'),
    value: models,
    index: fc.nat(50),
  }),
  { maxLength: 8 },
);

function editOf(wish: Wish, at: number): Edit {
  if (wish.kind === 'remove') return { kind: 'remove', at };
  if (wish.kind === 'insert')
    return { kind: 'insert', at, index: wish.index, values: wish.values.map((value) => packedOf(jsonOf(value))) };
  const value = packedOf(jsonOf(wish.value));
  return wish.kind === 'add' ? { kind: 'add', at, key: utf8(wish.name), value } : { kind: 'replace', at, value };
}

/** What became of a value, as JSON; null when it was removed, an error code when it cannot be. */
function editedJson(json: string, edits: readonly Edit[]): string | null {
  const result = edited(packedOf(json), edits);
  if (!result.ok) return result.error.code;
  return result.value === null ? null : formatJson(result.value);
}

describe('edits of packed values', () => {
  test('any edits at once give what the same changes of a naive model give, and the very bytes of parsing that', () => {
    fc.assert(
      fc.property(models, wishes, fc.boolean(), (model, drawn, isReversed) => {
        const places = placesOf(model);
        const byNumber = fitting(places, drawn);
        const edits = byNumber.flatMap((wish, i) =>
          wish === undefined ? [] : [editOf(wish, (places[i] as Placed).at)],
        );

        const result = edited(packedOf(jsonOf(model)), isReversed ? edits.reverse() : edits);

        const expected = wished(model, { next: 0 }, byNumber);
        if (!result.ok) throw new Error(result.error.message);
        expect(result.value === null ? undefined : formatJson(result.value)).toBe(
          expected === undefined ? undefined : jsonOf(expected),
        );
        if (expected !== undefined) expect(result.value).toEqual(packedOf(jsonOf(expected)));
      }),
      RUNS,
    );
  });

  test('the first of two edits that decide over one value holds, and those inside it do nothing', () => {
    const json = '{"a":{"b":1},"c":2}';
    const [a] = partsAt(packedOf(json), 0) as [number];
    const [b] = partsAt(packedOf(json), a) as [number];

    const edits: Edit[] = [
      { kind: 'remove', at: b },
      { kind: 'replace', at: a, value: packedOf('3') },
      { kind: 'remove', at: a },
    ];

    expect(editedJson(json, edits)).toBe('{"a":3,"c":2}');
  });

  test('the digits and the order of what is not touched stay', () => {
    const json = '{"z":2.0,"10":-0,"9":[1e3,9007199254740993],"a":0}';
    const at = partsAt(packedOf(json), 0).at(-1) as number;

    expect(editedJson(json, [{ kind: 'replace', at, value: packedOf('1') }])).toBe(json.replace('"a":0', '"a":1'));
  });

  test('a value as deep as documents may be is edited at its bottom, and one deeper is refused', () => {
    const json = nested(DEPTH_MAX, '[', ']');
    let at = 0;
    walk(packedOf(json), 0, (place) => {
      at = place;
    });
    const insert = (value: string): Edit => ({ kind: 'insert', at, index: 0, values: [packedOf(value)] });

    expect(editedJson(json, [insert('1')])).toBe(json.replace('[]', '[1]'));
    expect(editedJson(json, [insert('[]')])).toBe('TOODEEP');
  });

  test('one large value put in many places is refused before it is copied', () => {
    const json = JSON.stringify(new Array(1_000).fill(0));
    const value = packString(new Uint8Array(1_000_000));
    const edits = partsAt(packedOf(json), 0).map((at): Edit => ({ kind: 'replace', at, value }));

    expect(editedJson(json, edits)).toBe('TOOLARGE');
  });
});
