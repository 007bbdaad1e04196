import { describe, expect, test } from 'vitest';
import { Prng } from '../../../src/lib/prng.ts';
import { checkRegister } from '../../../src/sim/checkers/linearizability.ts';
import { type Register, registersOf } from '../../../src/sim/checkers/register.ts';
import { type Transaction, transactionsOf } from '../../../src/sim/checkers/transaction.ts';
import { checkHistory } from '../../../src/sim/checkers/check.ts';
import { type HistoryEvent, mergeHistories, operationsOf } from '../../../src/sim/history.ts';
import { hasOrder } from './brute-force.ts';
import { generate, mutate } from './generated.ts';
import { bulk, fleet, get, getMany, insert, refused, remove, set, story, type Told, UNKNOWN, update } from './story.ts';
import { worsen } from './worsen.ts';

const RIGHT: readonly [string, readonly Told[]][] = [
  ['an empty history', []],
  ['a read of what was written before', [set('x', 'a', 0, 1), get('x', 'a', 2, 3)]],
  ['a read of nothing before the first write', [get('x', null, 0, 1), set('x', 'a', 2, 3)]],
  ['a read during a write that sees it or not', [set('x', 'a', 0, 10), get('x', null, 1, 2), get('x', 'a', 3, 4)]],
  ['a read that ends as the write begins', [get('x', 'a', 0, 5), set('x', 'a', 5, 6)]],
  ['two writers that cross', [set('x', 'a', 0, 5), set('x', 'b', 1, 4), get('x', 'a', 6, 7), get('x', 'a', 8, 9)]],
  [
    'a write of unknown outcome that is seen late',
    [set('x', 'a', 0, UNKNOWN), get('x', null, 1, 2), get('x', 'a', 5, 6)],
  ],
  ['a write of unknown outcome that never happened', [set('x', 'a', 0, UNKNOWN), get('x', null, 5, 6)]],
  [
    'a write of unknown outcome that takes effect after a later one',
    [set('x', 'a', 0, UNKNOWN), set('x', 'b', 1, 2), get('x', 'b', 3, 4), get('x', 'a', 5, 6)],
  ],
  ['a delete of unknown outcome that happened', [set('x', 'a', 0, 1), remove('x', 2, UNKNOWN), get('x', null, 5, 6)]],
  ['a delete of unknown outcome that did not', [set('x', 'a', 0, 1), remove('x', 2, UNKNOWN), get('x', 'a', 5, 6)]],
  [
    'two deletes of unknown outcome, one after each write',
    [
      set('x', 'a', 0, 1),
      remove('x', 2, UNKNOWN),
      remove('x', 2, UNKNOWN),
      get('x', null, 3, 4),
      set('x', 'b', 5, 6),
      get('x', null, 7, 8),
    ],
  ],
  ['a delete that finds nothing', [remove('x', 0, 1, false), set('x', 'a', 2, 3), remove('x', 4, 5, true)]],
  ['a delete that finds what nobody was sure of', [set('x', 'a', 0, UNKNOWN), remove('x', 2, 3, true)]],
  ['an insert into nothing, after a delete', [set('x', 'a', 0, 1), remove('x', 2, 3), insert('x', 'b', 4, 5)]],
  ['an insert that is refused', [set('x', 'a', 0, 1), refused(insert('x', 'b', 2, 3), 'EXISTS'), get('x', 'a', 4, 5)]],
  [
    'an insert that is refused for what nobody was sure of',
    [set('x', 'a', 0, UNKNOWN), refused(insert('x', 'b', 2, 3), 'EXISTS'), get('x', 'a', 4, 5)],
  ],
  [
    'an insert of unknown outcome, made possible by a delete of unknown outcome',
    [set('x', 'a', 0, 1), remove('x', 2, UNKNOWN), insert('x', 'b', 2, UNKNOWN), get('x', 'b', 5, 6)],
  ],
  ['a refused write that nobody saw', [set('x', 'a', 0, 1), refused(set('x', 'b', 2, 3)), get('x', 'a', 4, 5)]],
  [
    'many readers of one write',
    [set('x', 'a', 0, 9), get('x', 'a', 1, 8), get('x', 'a', 2, 7), get('x', 'a', 3, 6), get('x', 'a', 4, 5)],
  ],
  ['an update of nothing', [update({ x: null }, { x: 'a' }, 0, 1), get('x', 'a', 2, 3)]],
  [
    'updates that follow each other, while they cross',
    [update({ x: 'b' }, { x: 'c' }, 0, 9), update({ x: null }, { x: 'b' }, 0, 9), get('x', 'c', 10, 11)],
  ],
  [
    'an update that finds nothing and leaves it so',
    [update({ x: null }, { x: 'a' }, 0, 1, 'leave'), get('x', null, 2, 3)],
  ],
  [
    'an insert refused by the one update of unknown outcome that can have happened',
    [
      update({ x: 'q' }, { x: 'a' }, 0, UNKNOWN),
      update({ x: 'a' }, { x: 'd' }, 0, UNKNOWN),
      update({ x: null }, { x: 'b' }, 0, UNKNOWN),
      refused(insert('x', 'c', 2, 3), 'EXISTS'),
      get('x', 'b', 4, 5),
    ],
  ],
  [
    'an update of unknown outcome that another update saw',
    [
      set('x', 'a', 0, 1),
      update({ x: 'a' }, { x: 'b' }, 2, UNKNOWN),
      update({ x: 'b' }, { x: 'c' }, 3, UNKNOWN),
      get('x', 'c', 4, 5),
    ],
  ],
];

const WRONG: readonly [string, readonly Told[]][] = [
  ['a stale read', [set('x', 'a', 0, 1), set('x', 'b', 2, 3), get('x', 'a', 4, 5)]],
  ['a lost write', [set('x', 'a', 0, 1), get('x', null, 2, 3)]],
  ['a write that is lost after it was seen', [set('x', 'a', 0, 1), get('x', 'a', 2, 3), get('x', null, 4, 5)]],
  ['a read from the future', [get('x', 'a', 0, 1), set('x', 'a', 2, 3)]],
  ['a value that comes and goes', [set('x', 'a', 0, 10), get('x', 'a', 1, 2), get('x', null, 3, 4)]],
  ['a write of unknown outcome that is undone', [set('x', 'a', 0, UNKNOWN), get('x', 'a', 1, 2), get('x', null, 5, 6)]],
  [
    'a write of unknown outcome that happens twice',
    [set('x', 'a', 0, UNKNOWN), get('x', 'a', 1, 2), set('x', 'b', 3, 4), get('x', 'b', 5, 6), get('x', 'a', 7, 8)],
  ],
  ['a write of unknown outcome seen before it began', [get('x', 'a', 0, 1), set('x', 'a', 2, UNKNOWN)]],
  ['a resurrected delete', [set('x', 'a', 0, 1), remove('x', 2, 3), get('x', 'a', 4, 5)]],
  [
    'a delete of unknown outcome that is undone',
    [set('x', 'a', 0, 1), remove('x', 2, UNKNOWN), get('x', null, 3, 4), get('x', 'a', 5, 6)],
  ],
  [
    'one delete of unknown outcome that happens twice',
    [set('x', 'a', 0, 1), remove('x', 2, UNKNOWN), get('x', null, 3, 4), set('x', 'b', 5, 6), get('x', null, 7, 8)],
  ],
  [
    'two readers that disagree about the order',
    [set('x', 'a', 0, 5), set('x', 'b', 0, 5), get('x', 'a', 6, 7), get('x', 'b', 8, 9)],
  ],
  [
    'two readers at once that see opposite orders',
    [set('x', 'a', 0, 9), set('x', 'b', 0, 9), get('x', 'a', 1, 2), get('x', 'b', 3, 4), get('x', 'a', 5, 6)],
  ],
  ['a lost update: an insert over what is there', [set('x', 'a', 0, 1), insert('x', 'b', 2, 3)]],
  ['two inserts that both succeed', [insert('x', 'a', 0, 5), insert('x', 'b', 1, 4)]],
  ['an insert refused by nothing', [refused(insert('x', 'b', 2, 3), 'EXISTS')]],
  [
    'an insert refused after the delete',
    [set('x', 'a', 0, 1), remove('x', 2, 3), refused(insert('x', 'b', 4, 5), 'EXISTS')],
  ],
  ['a delete that does not find what is there', [set('x', 'a', 0, 1), remove('x', 2, 3, false)]],
  ['a delete that finds nothing, and says it did', [remove('x', 0, 1, true)]],
  ['two deletes that both find the one value', [set('x', 'a', 0, 1), remove('x', 2, 5, true), remove('x', 3, 4, true)]],
  [
    'a lost update: two that saw the same',
    [set('x', 'a', 0, 1), update({ x: 'a' }, { x: 'b' }, 2, 9), update({ x: 'a' }, { x: 'c' }, 2, 9)],
  ],
  [
    'an update decided from what was overwritten',
    [set('x', 'a', 0, 1), set('x', 'b', 2, 3), update({ x: 'a' }, { x: 'c' }, 4, 5)],
  ],
  [
    'an update that writes though it found nothing',
    [update({ x: null }, { x: 'a' }, 0, 1, 'leave'), get('x', 'a', 2, 3)],
  ],
  [
    'a lost update by one of unknown outcome that was seen',
    [
      set('x', 'a', 0, 1),
      update({ x: 'a' }, { x: 'b' }, 2, 3),
      update({ x: 'a' }, { x: 'c' }, 4, UNKNOWN),
      get('x', 'c', 5, 6),
    ],
  ],
  ['a part of a bulk that is lost', [bulk({ x: 'a', y: 'a' }, 0, 1), getMany({ x: 'a', y: null }, 2, 3)]],
];

describe('the search for an order of one key', () => {
  test.each(RIGHT)('finds one for %s', (_name, told) => {
    const transactions = transactionsIn(story(told));

    expect(hasOrder(transactions)).toBe(true);
    expect(isLinearizable(transactions)).toBe(true);
  });

  test.each(WRONG)('finds none for %s', (_name, told) => {
    const transactions = transactionsIn(story(told));

    expect(hasOrder(transactions)).toBe(false);
    expect(isLinearizable(transactions)).toBe(false);
  });

  test('names a step that ends where no order leads on', () => {
    const [register] = registersIn(story([set('x', 'a', 0, 1), get('x', 'a', 2, 3), get('x', null, 4, 5)]));

    expect(checkRegister(register?.steps ?? [])).toEqual({ kind: 'violation', step: 2 });
  });

  test('gives up when it may not look further, and says so', () => {
    const writes = Array.from({ length: 12 }, (_, i) => set('x', `${i}`, i, 100 + i));
    const reads = [get('x', '3', 200, 201), get('x', '4', 202, 203)];
    const [register] = registersIn(story([...writes, ...reads]));

    const verdict = checkRegister(register?.steps ?? [], { configurationsMax: 10 });

    expect(verdict.kind).toBe('undecided');
  });
});

const GOES: readonly [string, boolean, readonly Told[]][] = [
  ['is there before', true, [fleet('x', 'a', 10, 0, 1), get('x', 'a', 2, 3)]],
  ['is gone after', true, [fleet('x', 'a', 10, 0, 1), get('x', null, 12, 13)]],
  ['is there or gone when its time comes meanwhile', true, [fleet('x', 'a', 10, 0, 1), get('x', 'a', 8, 12)]],
  ['was replaced before', true, [fleet('x', 'a', 10, 0, 1), set('x', 'b', 4, 5), get('x', 'b', 12, 13)]],
  ['makes place for an insert', true, [fleet('x', 'a', 10, 0, 1), insert('x', 'b', 12, 13)]],
  ['is nothing to delete', true, [fleet('x', 'a', 10, 0, 1), remove('x', 12, 13, false)]],
  [
    'was perhaps written, and is gone',
    true,
    [set('x', 'o', 0, 1), fleet('x', 'a', 10, 2, UNKNOWN), get('x', null, 12, 13)],
  ],
  ['is there after', false, [fleet('x', 'a', 10, 0, 1), get('x', 'a', 12, 13)]],
  ['is lost before', false, [fleet('x', 'a', 10, 0, 1), get('x', null, 2, 3)]],
  ['takes a newer value along', false, [fleet('x', 'a', 10, 0, 1), set('x', 'b', 4, 5), get('x', null, 12, 13)]],
  ['refuses an insert after', false, [fleet('x', 'a', 10, 0, 1), refused(insert('x', 'b', 12, 13), 'EXISTS')]],
  ['is deleted after', false, [fleet('x', 'a', 10, 0, 1), remove('x', 12, 13, true)]],
  ['comes back', false, [fleet('x', 'a', 10, 0, 1), get('x', null, 8, 13), get('x', 'a', 14, 15)]],
];

describe('a value that goes at 10 ms by the clock of the broker', () => {
  test.each(GOES)('%s: %s', (_name, isRight, told) => {
    // Somebody looks at the clock all the time.
    const ticks = Array.from({ length: 20 }, (_, ms): HistoryEvent => ({ type: 'fault', atMs: ms, text: 'tick' }));
    const events = mergeHistories([story(told), ticks]).map((event) => ({ ...event, wallMs: event.atMs }));

    expect(checkHistory(events, { promises: null }).violations.length === 0).toBe(isRight);
  });

  test('may be there again when that clock was put back', () => {
    const told = [fleet('x', 'a', 10, 0, 1), get('x', null, 12, 13), get('x', 'a', 14, 15), get('x', null, 22, 23)];
    const events = story(told).map((event) => ({ ...event, wallMs: event.atMs < 14 ? event.atMs : event.atMs - 9 }));

    expect(checkHistory(events, { promises: null }).violations).toEqual([]);
  });
});

const SMALL_SEEDS = 3_000;
const LARGE_SEEDS = 7_000;

describe('generated histories of one key', () => {
  test(`get the verdict of trying every order, as they are and made wrong, seeds 1 to ${SMALL_SEEDS}`, () => {
    let wrong = 0;
    for (let seed = 1; seed <= SMALL_SEEDS; seed++) {
      const prng = new Prng(seed);
      const history = generate(prng, {
        operations: prng.between(2, 9),
        processes: prng.between(1, 4),
        keys: 1,
        several: false,
        versions: false,
        unknown: prng.pick([0, 0.1, 0.3]),
      });
      const changed = transactionsIn(mutate(prng, history));
      const verdict = hasOrder(changed);
      if (!verdict) wrong++;

      if (!isLinearizable(transactionsIn(history))) expect.fail(`seed ${seed}: a right history has no order`);
      if (isLinearizable(changed) !== verdict) expect.fail(`seed ${seed}: the verdict is not ${verdict}`);
    }
    expect(wrong).toBeGreaterThan(SMALL_SEEDS / 10);
  });

  test(`are found out when one read is certainly wrong, seeds 1 to ${LARGE_SEEDS}`, { timeout: 60_000 }, () => {
    let found = 0;
    for (let seed = 1; seed <= LARGE_SEEDS; seed++) {
      const prng = new Prng(seed);
      const shape = { operations: 40, processes: 4, keys: 2, several: false, versions: false, unknown: 0.02 };
      const worse = worsen(prng, generate(prng, shape));
      if (worse === null) continue;
      found++;

      if (isLinearizable(transactionsIn(worse))) expect.fail(`seed ${seed}: a wrong history has an order`);
    }
    expect(found).toBeGreaterThan(LARGE_SEEDS * 0.9);
  });

  test('are judged in a time that grows with their length, however hot the key', () => {
    const shape = { operations: 20_000, processes: 16, keys: 1, several: false, versions: false, unknown: 0.001 };

    expect(isLinearizable(transactionsIn(generate(new Prng(5), shape)))).toBe(true);
  });
});

function transactionsIn(events: readonly HistoryEvent[]): Transaction[] {
  const operations = operationsOf(events);
  return operations.ok ? transactionsOf(operations.value) : expect.fail(operations.error.message);
}

function registersIn(events: readonly HistoryEvent[]): Register[] {
  return registersOf(transactionsIn(events));
}

function isLinearizable(transactions: readonly Transaction[]): boolean {
  return registersOf(transactions).every(({ steps }) => checkRegister(steps).kind === 'linearizable');
}
