/** The copies of a storage server against a map: bulks, deletes, times, catch-ups, in any order, command by command. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expiring } from '../../src/document/expiring.ts';
import { ByteWriter, text, utf8 } from '../../src/lib/bytes.ts';
import { WriteCursor, writeHead, writeItem } from '../../src/model/frames.ts';
import type { ServerIndex, ServerMask, Version } from '../../src/model/ids.ts';
import { Copies } from '../../src/replica/copies.ts';
import { checkModel, command, MODEL_TIMEOUT_MS, same } from '../sim/model-commands.ts';

/** `value` null is a deletion that is remembered; `untilMs` 0 is for ever. */
type Held = { readonly version: number; readonly value: string | null; readonly untilMs: number };
type Model = { readonly held: Map<string, Held>; nowMs: number; newest: number };
type Item = { readonly key: string; readonly value: string | null; readonly lifeMs: number; readonly isOurs: boolean };

const SELF = 0 as ServerIndex;
const OURS = 0b01 as ServerMask;
const OTHERS = 0b10 as ServerMask;

const ITEM: fc.Arbitrary<Item> = fc.record({
  key: fc.constantFrom('a', 'b', 'c', 'd.e'),
  value: fc.option(fc.string({ maxLength: 5 }), { freq: 3 }),
  lifeMs: fc.constantFrom(0, 0, 10, 100),
  isOurs: fc.boolean(),
});

/** How far behind the newest a write comes: as it does at a catch-up, or a second time. */
const BEHIND = fc.constantFrom(0, 0, 0, 1, 3);

const COMMANDS = [
  fc.tuple(fc.array(ITEM, { minLength: 1, maxLength: 6 }), BEHIND).map(([items, behind]) =>
    command<Model, Copies>(`bulk ${JSON.stringify(items)} ${behind} behind`, (model, copies) => {
      const version = versionOf(model, behind);
      const writer = new ByteWriter();
      writeHead(writer, version as Version, items.length);
      for (const item of items) {
        writeItem(writer, item.isOurs ? OURS : OTHERS, utf8(item.key), storedOf(model, item));
      }
      const cursor = new WriteCursor();
      const record = writer.copy();
      cursor.open(record, 0, record.length);
      while (cursor.next()) copies.applyItem(cursor);
      for (const item of items) {
        const known = model.held.get(item.key);
        if (item.isOurs && (known === undefined || known.version <= version)) keep(model, item, version);
      }
    }),
  ),
  fc.tuple(ITEM, BEHIND).map(([item, behind]) =>
    command<Model, Copies>(`leaf ${JSON.stringify(item)} ${behind} behind`, (model, copies) => {
      const version = versionOf(model, behind);
      copies.applyLeaf(utf8(item.key), version as Version, OURS, storedOf(model, item));
      const known = model.held.get(item.key);
      if (known === undefined || known.version < version) keep(model, item, version);
    }),
  ),
  fc.constantFrom(0, 5, 50, 5_000).map((ms) =>
    command<Model, Copies>(`${ms} ms pass`, (model, copies) => {
      model.nowMs += ms;
      const looks = Array.from({ length: ms === 5_000 ? 11 : 1 }, () => copies.expiries.due(copies.trie, model.nowMs));
      const due = looks.flat().map((key) => text(key));
      const wanted = [...model.held].filter(([, { untilMs }]) => untilMs !== 0 && untilMs <= model.nowMs);
      // What was named is named again only some looks later; nothing is named before its time.
      for (const key of due) same([key, wanted.some(([name]) => name === key)], [key, true]);
      if (ms === 5_000) same([...new Set(due)].sort(), wanted.map(([name]) => name).sort());
    }),
  ),
  fc.nat({ max: 5 }).map((behind) =>
    command<Model, Copies>(`prune, ${behind} behind`, (model, copies) => {
      const committed = model.newest - behind;
      copies.prune(committed as Version, () => true);
      for (const [key, { value, version }] of model.held) {
        if (value === null && version <= committed) model.held.delete(key);
      }
    }),
  ),
  fc.constantFrom('a', 'b', 'c', 'd.e').map((key) =>
    command<Model, Copies>(`look at ${key}`, ({ held }, copies) => {
      const leaf = copies.trie.find(utf8(key));
      const known = held.get(key);
      const isThere = known !== undefined && known.value !== null;

      same(leaf === -1 ? undefined : copies.trie.versionOf(leaf), known?.version);
      same(copies.goesAtMs(utf8(key)), isThere ? known.untilMs || Number.POSITIVE_INFINITY : 0);
      same(copies.trie.size, [...held.values()].filter(({ value }) => value !== null).length);
    }),
  ),
];

test('copies hold what a map holds, whatever comes when', { timeout: MODEL_TIMEOUT_MS }, () => {
  const play = (): void =>
    checkModel<Model, Copies>(COMMANDS, () => ({
      model: { held: new Map(), nowMs: 1_000, newest: 0 },
      real: new Copies(SELF),
    }));

  expect(play).not.toThrow();
});

function versionOf(model: Model, behind: number): number {
  if (behind === 0) return ++model.newest;
  return Math.max(1, model.newest - behind);
}

function storedOf({ nowMs }: Model, { value, lifeMs }: Item): Uint8Array | null {
  if (value === null) return null;
  // A packed string of up to five bytes is not looked into here.
  const bytes = utf8(`s${value}`);
  return lifeMs === 0 ? bytes : expiring(bytes, nowMs + lifeMs);
}

function keep(model: Model, { key, value, lifeMs }: Item, version: number): void {
  model.held.set(key, { version, value, untilMs: value === null || lifeMs === 0 ? 0 : model.nowMs + lifeMs });
}
