import { describe, expect, test } from 'vitest';
import { alone, beside, inMarkdown, isMet, type Row } from '../../bench/measure/answer.ts';
import { comparison, type Session } from '../../bench/measure/comparison.ts';
import { ratioOf, spreadOf } from '../../bench/measure/figures.ts';

describe('a figure of several rounds', () => {
  test('is the middle one, or between the two in the middle, with the ends beside it', () => {
    const odd = spreadOf([30, 10, 20]);
    const even = spreadOf([40, 10, 30, 20]);

    expect([odd, even]).toEqual([
      { median: 20, min: 10, max: 30 },
      { median: 25, min: 10, max: 40 },
    ]);
  });

  test('is compared with the peer round by round: a slow minute of both is no difference', () => {
    const ratio = ratioOf([100, 50, 200], [100, 50, 200]);

    expect(ratio).toEqual({ median: 1, min: 1, max: 1 });
  });
});

describe('a target', () => {
  test('is one of the ratio, of the figure where there is no peer, or of ours where that is said', () => {
    const rows: Row[] = [
      beside(['a', '/s'], [90], ['peer', [100]], { least: 0.9 }),
      beside(['b', '/s'], [89], ['peer', [100]], { least: 0.9 }),
      alone('c', '%', [0.9], { most: 1 }),
      beside(['d', 'ms'], [0.4], ['peer', [1]], { most: 0.3, of: 'ours' }),
      alone('e', '/s', [1]),
    ];

    expect(rows.map(isMet)).toEqual([true, false, true, false, null]);
  });

  test('stands in the table with its unit, and with what was seen', () => {
    const rows = [beside(['SET', '/s'], [900], ['Redis', [1_000]], { least: 1 })];

    const table = inMarkdown([{ question: 'set', title: 'P1', rows, notes: ['seen'] }]);

    expect(table.split('\n').slice(2)).toEqual([
      '| **P1** (`set`) | | | | | |',
      '| SET | 900 /s | Redis: 1,000 | 0.90× | ≥ 1.00× | no |',
      '',
      '* `set`: seen',
    ]);
  });
});

describe('a comparison with another day', () => {
  test('calls it a change when the spreads do not touch, and puts chance in brackets', () => {
    const before = session([
      alone('a', '/s', [90, 100, 110]),
      alone('b', '/s', [90, 100, 110]),
      alone('gone', '', [1]),
    ]);
    const now = session([alone('a', '/s', [105, 110, 120]), alone('b', '/s', [45, 50, 55]), alone('new', '', [1])]);

    const rows = comparison(before, now).split('\n').slice(4);

    expect(rows).toEqual(['| `q` a | 100 | 110 /s | (+10%) |  |  |  |', '| `q` b | 100 | 50 /s | -50% |  |  |  |']);
  });
});

function session(rows: readonly Row[]): Session {
  return {
    machine: {
      ...{ processor: 'P', cores: 2, memoryGiB: 4, system: 'S', disk: 'D', syncMicroseconds: 100, loadBefore: 0 },
      versions: 'V',
    },
    began: '2026-01-01T00:00:00.000Z',
    seconds: 1,
    flags: [],
    answers: [{ question: 'q', title: 'Q', rows, notes: [] }],
    failed: [],
  };
}
