import { describe, expect, test } from 'vitest';
import {
  BACK_OFF_MS,
  BACK_OFF_MS_MAX,
  backOffMs,
  diesTooOften,
  recentDeaths,
  RESTARTS_MAX,
  RESTARTS_WINDOW_MS,
} from '../../src/lib/restart-policy.ts';

describe('the restart of what died', () => {
  test('waits twice as long after each death, up to a limit, give or take a half', () => {
    const waits = [1, 2, 3, 4].map((deaths) => backOffMs(deaths, 0.5));

    expect(waits).toEqual([BACK_OFF_MS, 2 * BACK_OFF_MS, 4 * BACK_OFF_MS, 8 * BACK_OFF_MS]);
    expect(backOffMs(60, 0.999)).toBeLessThanOrEqual(1.5 * BACK_OFF_MS_MAX);
    expect(backOffMs(1, 0)).toBe(BACK_OFF_MS / 2);
  });

  test('comes at once when the death was asked for', () => {
    expect(backOffMs(0, 0.7)).toBe(0);
    expect(recentDeaths([], 5, { asked: true })).toEqual([]);
  });

  test('is given up after too many deaths within the window, and only within it', () => {
    let deaths: readonly number[] = [];
    for (let i = 0; i < RESTARTS_MAX; i++) deaths = recentDeaths(deaths, i, { asked: false });

    expect(diesTooOften(deaths)).toBe(true);
    expect(diesTooOften(recentDeaths(deaths, RESTARTS_WINDOW_MS + RESTARTS_MAX, { asked: false }))).toBe(false);
  });
});
