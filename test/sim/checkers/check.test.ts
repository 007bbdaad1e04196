import { describe, expect, test } from 'vitest';
import { Prng } from '../../../src/lib/prng.ts';
import { checkHistory } from '../../../src/sim/checkers/check.ts';
import type { HistoryEvent, Truth } from '../../../src/sim/history.ts';
import { generate } from './generated.ts';
import { bulk, get, getMany, refused, remove, set, story, versioned } from './story.ts';

const WITHOUT_PROMISES = { promises: null };
const PROMISES = { promises: { placement: { servers: 3, replicas: 2 }, deadlineMs: 100, noticeMs: 10 } };

/** All three servers of the cluster own every key's copies in pairs; s1 is bit 1, s2 bit 2, s3 bit 4. */
const ALL_UP: Truth = { stopped: 0, behind: 0, starts: 3 };
const ONE_BEHIND: Truth = { stopped: 0, behind: 1, starts: 3 };
const TWO_STOPPED: Truth = { stopped: 3, behind: 3, starts: 3 };
const ALL_STOPPED: Truth = { stopped: 7, behind: 7, starts: 3 };

describe('the report on a history', () => {
  test('counts how operations ended, and is empty when nothing is wrong', () => {
    const history = story([set('x', 'a', 0, 1), refused(set('x', 'b', 2, 3)), get('x', 'a', 4, 5)]);

    const report = checkHistory(history, WITHOUT_PROMISES);

    expect(report.violations).toEqual([]);
    expect(report.counts).toEqual({ operations: 3, ok: 2, failed: 1, unknown: 0, uncertain: 0, undecided: 0 });
  });

  test.each([
    ['a refused write was seen', [refused(set('x', 'a', 0, 1)), get('x', 'a', 2, 3)]],
    ['a value that nobody wrote', [get('x', 'a', 2, 3)]],
    ['an acknowledged write is lost', [set('x', 'a', 0, 1), get('x', null, 2, 3)]],
    ['a value was seen after it was overwritten', [set('x', 'a', 0, 1), set('x', 'b', 2, 3), get('x', 'a', 4, 5)]],
    ['a deleted value came back', [set('x', 'a', 0, 1), remove('x', 2, 3), get('x', 'a', 4, 5)]],
    ['a value was seen before it was written', [get('x', 'a', 0, 1), set('x', 'a', 2, 3)]],
    ['nothing explains', [set('x', 'a', 0, 9), get('x', 'a', 1, 2), get('x', null, 3, 4)]],
    ['G-single', [bulk({ x: 'a', y: 'a' }, 0, 9), getMany({ x: 'a', y: null }, 1, 2)]],
    [
      'a write has versions 1 and 2',
      [
        bulk({ x: 'a', y: 'a' }, 0, 1),
        versioned(get('x', 'a', 2, 3), { x: 1 }),
        versioned(get('y', 'a', 4, 5), { y: 2 }),
      ],
    ],
  ])('says in words: %s', (words, told) => {
    const { violations } = checkHistory(story(told), WITHOUT_PROMISES);

    expect(violations.join('\n')).toContain(words);
  });

  test('blames nobody for an answer that said it was uncertain, unless it shows what never was', () => {
    const stale = uncertain(story([set('x', 'a', 0, 1), set('x', 'b', 2, 3), get('x', 'a', 4, 5)]));
    const invented = uncertain(story([get('x', 'a', 4, 5)]));

    expect(checkHistory(stale, WITHOUT_PROMISES).violations).toEqual([]);
    expect(checkHistory(stale, WITHOUT_PROMISES).counts.uncertain).toBe(1);
    expect(checkHistory(invented, WITHOUT_PROMISES).violations).toHaveLength(1);
  });

  test('judges a right history of 10,000 operations with bulks as right', () => {
    const shape = { operations: 10_000, processes: 8, keys: 8, several: true, versions: true, unknown: 0.002 };

    expect(checkHistory(generate(new Prng(3), shape), WITHOUT_PROMISES).violations).toEqual([]);
  });
});

describe('what replies owe', () => {
  test.each<[string, Truth, Truth, { readonly warned: boolean; readonly uncertain: boolean }, number]>([
    ['nothing while all are up', ALL_UP, ALL_UP, { warned: false, uncertain: false }, 5],
    ['no warning while one of three is behind', ALL_UP, ONE_BEHIND, { warned: false, uncertain: false }, 5],
    ['a warning while two of three are down', ALL_UP, TWO_STOPPED, { warned: true, uncertain: false }, 5],
    ['uncertainty while every owner is down', ALL_STOPPED, ALL_STOPPED, { warned: true, uncertain: true }, 5],
    ['uncertainty when owners fell meanwhile', ALL_UP, ALL_STOPPED, { warned: true, uncertain: true }, 5],
  ])('%s', (_name, before, after, notes, tookMs) => {
    expect(promisesOn(before, after, notes, tookMs)).toEqual([]);
  });

  test.each<[string, Truth, Truth, { readonly warned: boolean; readonly uncertain: boolean }, number]>([
    ['no warning though 2 of 3', ALL_UP, TWO_STOPPED, { warned: false, uncertain: false }, 5],
    ['a warning though 1 of 3', ALL_UP, ONE_BEHIND, { warned: true, uncertain: false }, 5],
    ['uncertain though', ONE_BEHIND, ONE_BEHIND, { warned: false, uncertain: true }, 5],
    ['no answer within 100 ms', ALL_UP, ALL_UP, { warned: false, uncertain: false }, 101],
    [
      'were stopped all the time',
      { stopped: 3, behind: 0, starts: 3 },
      { stopped: 3, behind: 0, starts: 3 },
      { warned: false, uncertain: false },
      50,
    ],
  ])('is missed: %s', (words, before, after, notes, tookMs) => {
    expect(promisesOn(before, after, notes, tookMs).join('\n')).toContain(words);
  });

  test('an operation without an answer is one too many', () => {
    const history: HistoryEvent[] = [
      { type: 'invoke', process: 1, atMs: 0, action: { kind: 'get', key: 'x' } },
      { type: 'info', process: 1, atMs: 90, code: 'NOANSWER', warned: false },
    ];

    expect(checkHistory(history, PROMISES).violations).toHaveLength(1);
  });
});

function promisesOn(
  before: Truth,
  after: Truth,
  notes: { readonly warned: boolean; readonly uncertain: boolean },
  tookMs: number,
): readonly string[] {
  const observations = [{ key: 'x', value: null, version: null }];
  const history: HistoryEvent[] = [
    { type: 'invoke', process: 1, atMs: 0, action: { kind: 'get', key: 'x' }, truth: before },
    { type: 'ok', process: 1, atMs: tookMs, answer: { kind: 'seen', observations }, truth: after, ...notes },
  ];
  return checkHistory(history, PROMISES).violations;
}

function uncertain(events: readonly HistoryEvent[]): HistoryEvent[] {
  return events.map((event) =>
    event.type === 'ok' && event.answer.kind === 'seen' ? { ...event, uncertain: true } : event,
  );
}
