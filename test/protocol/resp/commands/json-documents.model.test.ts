/** JSON commands against a naive model of RedisJSON: trees of JavaScript values that are changed in place. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { text } from '../../../../src/lib/bytes.ts';
import { jsonOf, type Model } from '../../../document/models.ts';
import type { Decoded } from '../decode.ts';
import { ask, open } from '../client.ts';

type Step =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'indexes'; readonly indexes: readonly number[] }
  | { readonly kind: 'slice'; readonly start: number | null; readonly end: number | null; readonly step: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'deep' };

type Path = { readonly steps: readonly Step[]; readonly text: string };

/** One value and where it is: `path` tells it from others. */
type Ref = { readonly value: Model; readonly path: readonly (string | number)[] };

function partsOf({ value, path }: Ref): Ref[] {
  if (Array.isArray(value)) return value.map((part, i) => ({ value: part, path: [...path, i] }));
  if (value instanceof Map) return [...value].map(([name, part]) => ({ value: part, path: [...path, name] }));
  return [];
}

function deep(ref: Ref): Ref[] {
  return [ref, ...partsOf(ref).flatMap(deep)];
}

function take(ref: Ref, step: Step): Ref[] {
  if (step.kind === 'deep') return deep(ref);
  const parts = partsOf(ref);
  if (step.kind === 'all') return parts;
  if (step.kind === 'names')
    return ref.value instanceof Map
      ? step.names.flatMap((name) => parts.filter(({ path }) => path.at(-1) === name))
      : [];
  if (!Array.isArray(ref.value)) return [];
  const count = parts.length;
  const from = (index: number): number => (index < 0 ? count + index : index);
  if (step.kind === 'indexes') return step.indexes.flatMap((index) => parts[from(index)] ?? []);
  const [start, end] = [Math.max(0, from(step.start ?? 0)), Math.min(count, from(step.end ?? count))];
  return parts.filter((_part, i) => i >= start && i < end && (i - start) % step.step === 0);
}

function select(root: Model, steps: readonly Step[]): Ref[] {
  let refs: Ref[] = [{ value: root, path: [] }];
  for (const step of steps) {
    const next = new Map(refs.flatMap((ref) => take(ref, step)).map((ref) => [JSON.stringify(ref.path), ref]));
    refs = [...next.values()];
  }
  return refs;
}

function outermost(refs: readonly Ref[]): Ref[] {
  const isInside = (inner: Ref, outer: Ref): boolean =>
    outer.path.length < inner.path.length && outer.path.every((part, i) => part === inner.path[i]);
  return refs.filter((ref) => !refs.some((other) => isInside(ref, other)));
}

/** The value with those at paths replaced; undefined takes away. */
function changed(
  root: Model,
  changes: ReadonlyMap<string, Model | undefined>,
  path: (string | number)[] = [],
): Model | undefined {
  const key = JSON.stringify(path);
  if (changes.has(key)) return changes.get(key);
  if (Array.isArray(root))
    return root.flatMap((part, i) => {
      const value = changed(part, changes, [...path, i]);
      return value === undefined ? [] : [value];
    });
  if (!(root instanceof Map)) return root;
  const fields = new Map<string, Model>();
  for (const [name, part] of root) {
    const value = changed(part, changes, [...path, name]);
    if (value !== undefined) fields.set(name, value);
  }
  return fields;
}

const names = fc.constantFrom('a', 'b', 'c', 'ab', '_x', 'é', '__proto__');
const digits = fc.constantFrom('0', '7', '-3', '1.5', '2.0', '-0.5', '1e3').map((written) => ({ digits: written }));
const leaves = fc.oneof(fc.constant(null), fc.boolean(), fc.constantFrom('', 's', 'hé"llo'), digits);
const { values } = fc.letrec<{ values: Model }>((tie) => ({
  values: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    leaves,
    fc.array(tie('values'), { maxLength: 4 }),
    fc.array(fc.tuple(names, tie('values')), { maxLength: 4 }).map((fields): Model => new Map(fields)),
  ),
}));

const shownSteps: fc.Arbitrary<{ step: Step; text: string }> = fc.oneof(
  {
    weight: 4,
    arbitrary: names.map((name) => ({ step: { kind: 'names' as const, names: [name] }, text: `.${name}` })),
  },
  names.map((name) => ({ step: { kind: 'names' as const, names: [name] }, text: `['${name}']` })),
  fc.tuple(names, names).map((pair) => ({ step: { kind: 'names' as const, names: pair }, text: JSON.stringify(pair) })),
  {
    weight: 2,
    arbitrary: fc
      .integer({ min: -4, max: 3 })
      .map((i) => ({ step: { kind: 'indexes' as const, indexes: [i] }, text: `[${i}]` })),
  },
  fc.constant({ step: { kind: 'indexes' as const, indexes: [0, -1] }, text: '[0,-1]' }),
  fc
    .record({
      start: fc.option(fc.integer({ min: -3, max: 3 })),
      end: fc.option(fc.integer({ min: -3, max: 3 })),
      step: fc.integer({ min: 1, max: 2 }),
    })
    .map((slice) => ({
      step: { kind: 'slice' as const, ...slice },
      text: `[${slice.start ?? ''}:${slice.end ?? ''}:${slice.step}]`,
    })),
  { weight: 2, arbitrary: fc.constantFrom('.*', '[*]').map((text) => ({ step: { kind: 'all' as const }, text })) },
);

const paths: fc.Arbitrary<Path> = fc
  .array(fc.tuple(shownSteps, fc.integer({ min: 0, max: 5 })), { maxLength: 3 })
  .map((drawn) => ({
    steps: drawn.flatMap(([{ step }, deepness]): Step[] => (deepness === 0 ? [{ kind: 'deep' }, step] : [step])),
    text: `$${drawn.map(([{ text }, deepness]) => (deepness === 0 ? `.${text.startsWith('.') ? text : `.${text}`}` : text)).join('')}`,
  }));

const RUNS = { seed: 20_261_121, numRuns: 200 };

/** A session whose key `d` holds a document. */
function holding(document: Model): { readonly say: (...words: string[]) => Decoded; readonly shown: () => Decoded } {
  const opened = open();
  const say = (...words: string[]): Decoded => asText(ask(opened, ...words));
  say('JSON.SET', 'd', '$', jsonOf(document));
  return { say, shown: () => say('JSON.GET', 'd') };
}

/** A reply with its bytes, one a character, read as UTF-8. */
function asText(reply: Decoded): Decoded {
  if (Array.isArray(reply)) return reply.map(asText);
  return typeof reply === 'string' ? text(Uint8Array.from(reply, (byte) => byte.charCodeAt(0))) : reply;
}

function bytesOf(words: string): number {
  return new TextEncoder().encode(words).length;
}

/** Replies to a command and what the document is afterwards, as the model has them. */
type Expected = { readonly reply: Decoded; readonly document: Model | undefined };

/** A command that does something to each value of one kind, and nothing to the others. */
function eachOf(document: Model, path: Path, of: (value: Model) => { reply: Decoded; value: Model } | null): Expected {
  const changes = new Map<string, Model | undefined>();
  const reply = select(document, path.steps).map((ref) => {
    const done = of(ref.value);
    if (done !== null) changes.set(JSON.stringify(ref.path), done.value);
    return done?.reply ?? null;
  });
  return { reply, document: changed(document, changes) };
}

const READS: readonly (readonly [string, (value: Model) => Decoded])[] = [
  ['JSON.STRLEN', (value) => (typeof value === 'string' ? bytesOf(value) : null)],
  ['JSON.ARRLEN', (value) => (Array.isArray(value) ? value.length : null)],
  ['JSON.OBJLEN', (value) => (value instanceof Map ? value.size : null)],
  ['JSON.OBJKEYS', (value) => (value instanceof Map ? [...value.keys()] : null)],
];

describe('JSON commands against a naive model', () => {
  test('JSON.GET answers the values that a path leads to, in the order of the document', () => {
    fc.assert(
      fc.property(values, paths, (document, path) => {
        const { say } = holding(document);

        const reply = say('JSON.GET', 'd', path.text);

        expect(reply).toBe(
          `[${select(document, path.steps)
            .map(({ value }) => jsonOf(value))
            .join(',')}]`,
        );
      }),
      RUNS,
    );
  });

  test.each(READS)('%s answers for each value, nil for those of another kind', (command, of) => {
    fc.assert(
      fc.property(values, paths, (document, path) => {
        const { say } = holding(document);

        expect(say(command, 'd', path.text)).toEqual(select(document, path.steps).map(({ value }) => of(value)));
      }),
      RUNS,
    );
  });

  test('JSON.SET replaces what a path leads to, the outermost of values inside one another', () => {
    fc.assert(
      fc.property(values, paths, values, (document, path, value) => {
        const { say, shown } = holding(document);
        const refs = outermost(select(document, path.steps));
        fc.pre(refs.length > 0);

        const reply = say('JSON.SET', 'd', path.text, jsonOf(value));

        const changes = new Map(refs.map((ref) => [JSON.stringify(ref.path), value]));
        expect([reply, shown()]).toEqual(['OK', jsonOf(changed(document, changes) as Model)]);
      }),
      RUNS,
    );
  });

  test('JSON.DEL takes away what a path leads to, and with the root the key', () => {
    fc.assert(
      fc.property(values, paths, (document, path) => {
        const { say, shown } = holding(document);

        const reply = say('JSON.DEL', 'd', path.text);

        const refs = outermost(select(document, path.steps));
        const left = changed(document, new Map(refs.map((ref) => [JSON.stringify(ref.path), undefined])));
        expect([reply, shown()]).toEqual([refs.length, left === undefined ? null : jsonOf(left)]);
      }),
      RUNS,
    );
  });

  test('JSON.TOGGLE and JSON.STRAPPEND change each value of their kind', () => {
    fc.assert(
      fc.property(values, paths, (document, path) => {
        const { say, shown } = holding(document);
        const toggled = eachOf(document, path, (value) =>
          typeof value === 'boolean' ? { reply: value ? 0 : 1, value: !value } : null,
        );
        const appended = eachOf(toggled.document as Model, path, (value) =>
          typeof value === 'string' ? { reply: bytesOf(value) + 2, value: `${value}é` } : null,
        );

        expect(say('JSON.TOGGLE', 'd', path.text)).toEqual(toggled.reply);
        expect(say('JSON.STRAPPEND', 'd', path.text, '"é"')).toEqual(appended.reply);
        expect(shown()).toBe(jsonOf(appended.document as Model));
      }),
      RUNS,
    );
  });

  test('JSON.NUMINCRBY keeps whole numbers whole and answers JSON in version 2', () => {
    fc.assert(
      fc.property(values, paths, fc.constantFrom('1', '-7', '0.5'), (document, path, by) => {
        const { say, shown } = holding(document);
        const summed = eachOf(document, path, (value) => {
          if (typeof value !== 'object' || value === null || !('digits' in value)) return null;
          const isWhole = /^-?\d+$/.test(value.digits) && !by.includes('.');
          const sum = String(Number(value.digits) + Number(by));
          const written = isWhole || sum.includes('.') ? sum : `${sum}.0`;
          return { reply: written, value: { digits: written } };
        });

        const reply = say('JSON.NUMINCRBY', 'd', path.text, by);

        expect(reply).toBe(`[${(summed.reply as (string | null)[]).map((sum) => sum ?? 'null').join(',')}]`);
        expect(shown()).toBe(jsonOf(summed.document as Model));
      }),
      RUNS,
    );
  });

  test('JSON.MERGE of one field into each object sets it there', () => {
    fc.assert(
      fc.property(values, paths, leaves, (document, path, leaf) => {
        const { say, shown } = holding(document);
        const refs = outermost(select(document, path.steps));
        fc.pre(refs.length > 0);
        const changes = new Map(
          refs.map(({ value, path: at }) => {
            const fields = new Map(value instanceof Map ? value : []);
            if (leaf === null) fields.delete('a');
            else fields.set('a', leaf);
            return [JSON.stringify(at), fields as Model];
          }),
        );

        const reply = say('JSON.MERGE', 'd', path.text, jsonOf(new Map([['a', leaf]])));

        expect([reply, shown()]).toEqual(['OK', jsonOf(changed(document, changes) as Model)]);
      }),
      RUNS,
    );
  });

  test('JSON.CLEAR empties sets and arrays, sets numbers to 0, and counts what it changed', () => {
    fc.assert(
      fc.property(values, paths, (document, path) => {
        const { say, shown } = holding(document);
        const cleared = (value: Model): Model | null => {
          if (Array.isArray(value)) return value.length > 0 ? [] : null;
          if (value instanceof Map) return value.size > 0 ? new Map() : null;
          if (typeof value !== 'object' || value === null) return null;
          return Number(value.digits) === 0 ? null : { digits: '0' };
        };
        const refs = outermost(select(document, path.steps).filter(({ value }) => cleared(value) !== null));

        const reply = say('JSON.CLEAR', 'd', path.text);

        const changes = new Map(refs.map(({ value, path: at }) => [JSON.stringify(at), cleared(value) as Model]));
        expect([reply, shown()]).toEqual([refs.length, jsonOf(changed(document, changes) as Model)]);
      }),
      RUNS,
    );
  });
});
