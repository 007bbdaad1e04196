import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Statistics } from '../../src/faults/statistics.ts';

describe('statistics', () => {
  test('count what ended within a span, both ends included', () => {
    const statistics = new Statistics();
    for (const [endedMs, type] of [
      [10, 'ok'],
      [20, 'fail'],
      [30, 'info'],
      [40, 'ok'],
    ] as const) {
      statistics.add('get', endedMs - 5, endedMs, { type, code: type === 'ok' ? null : 'TIMEOUT', uncertain: false });
    }

    expect(statistics.okPercent({ fromMs: 10, toMs: 20 })).toBe(50);
    expect(statistics.errors({ fromMs: 10, toMs: 30 }, null)).toBe(2);
    expect(statistics.errors({ fromMs: 10, toMs: 30 }, 'DISK')).toBe(0);
    expect(statistics.okPercent({ fromMs: 41, toMs: 50 })).toBeNull();
    expect(statistics.totals).toMatchObject({ acknowledged: 2, refused: 1, unknown: 1 });
  });

  test('find the longest silence that touches a span', () => {
    const statistics = new Statistics();
    for (const endedMs of [10, 20, 320, 330]) {
      statistics.add('set', endedMs, endedMs, { type: 'ok', code: null, uncertain: false });
    }

    expect(statistics.longestSilenceMs({ fromMs: 15, toMs: 100 }, { fromMs: 0, toMs: 400 })).toBe(300);
    expect(statistics.longestSilenceMs({ fromMs: 350, toMs: 360 }, { fromMs: 0, toMs: 400 })).toBe(70);
  });

  test('quantiles are those of the sorted times of the operation', () => {
    const took = fc.array(fc.nat(1_000), { minLength: 1 });
    fc.assert(
      fc.property(took, fc.double({ min: 0.01, max: 1, noNaN: true }), (times, quantile) => {
        const statistics = new Statistics();
        for (const [at, ms] of times.entries()) {
          statistics.add('get', 1_000 + at - ms, 1_000 + at, { type: 'ok', code: null, uncertain: false });
          statistics.add('set', 0, 1_000 + at, { type: 'ok', code: null, uncertain: false });
        }

        const found = statistics.latencyMs({ fromMs: 0, toMs: 9_999 }, 'get', quantile);

        const sorted = times.toSorted((a, b) => a - b);
        expect(found).toBe(sorted[Math.ceil(quantile * sorted.length) - 1]);
      }),
    );
  });
});
