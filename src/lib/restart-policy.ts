/**
 * When something that died is started again, and when nobody tries any more: after a pause that doubles with each death
 * within a window, give or take a half, so that several do not restart in step; never after too many.
 */

/** Milliseconds before the first restart; twice as many before each further one, up to the last figure. */
export const BACK_OFF_MS = 100;
export const BACK_OFF_MS_MAX = 5_000;

/** Deaths that nobody asked for within the window, until it is given up. */
export const RESTARTS_MAX = 10;
export const RESTARTS_WINDOW_MS = 60_000;

/** Milliseconds after which one that was given up is tried again: what it died of may be over without anybody's doing. */
export const GIVEN_UP_MS = 60_000;

/** The deaths that still count at `atMs`; with one at `atMs` itself unless it was `asked` for. */
export function recentDeaths(
  deathsMs: readonly number[],
  atMs: number,
  { asked }: { readonly asked: boolean },
): number[] {
  const recent = deathsMs.filter((deathMs) => deathMs > atMs - RESTARTS_WINDOW_MS);
  return asked ? recent : [...recent, atMs];
}

/** Whether so many deaths within the window are too many. */
export function diesTooOften(deathsMs: readonly number[]): boolean {
  return deathsMs.length >= RESTARTS_MAX;
}

/** Milliseconds until the restart after the `deaths`-th death in a row; 0 when it is nobody's fault. `random` in [0, 1). */
export function backOffMs(deaths: number, random: number): number {
  if (deaths === 0) return 0;
  return Math.min(BACK_OFF_MS_MAX, BACK_OFF_MS * 2 ** (deaths - 1)) * (0.5 + random);
}
