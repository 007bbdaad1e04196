/**
 * When values go by themselves, told in places of a history: by what the wall clock of the broker showed at its events.
 * That clock may be wrong, run fast and jump back; it alone decides.
 */
import type { HistoryEvent } from '../history.ts';
import type { Goings } from './register.ts';

/** The places of each time. Where no event tells the clock, values may go at any place and are never sure to be gone. */
export function goingsOf(events: readonly HistoryEvent[]): Goings {
  const places: number[] = [];
  const highest: number[] = [];
  const walls: number[] = [];
  for (const [place, { wallMs }] of events.entries()) {
    if (wallMs === undefined) continue;
    places.push(place);
    walls.push(wallMs);
    highest.push(Math.max(highest.at(-1) ?? Number.NEGATIVE_INFINITY, wallMs));
  }
  const lowest = [...walls];
  for (let i = lowest.length - 2; i >= 0; i--) lowest[i] = Math.min(lowest[i] as number, lowest[i + 1] as number);
  if (places.length === 0) return () => ({ mayFrom: -1, surelyFrom: Number.POSITIVE_INFINITY, returns: true });
  return (expiresAtMs) => {
    const may = firstNotBelow(highest, expiresAtMs);
    // It goes between two events, the later of which shows it.
    const mayFrom = may === 0 ? -1 : (places[may - 1] ?? Number.POSITIVE_INFINITY) + 0.5;
    const surely = firstNotBelow(lowest, expiresAtMs);
    return { mayFrom, surelyFrom: places[surely] ?? Number.POSITIVE_INFINITY, returns: surely > may };
  };
}

/** The place of the first of these rising numbers that is `least` or more. */
function firstNotBelow(rising: readonly number[], least: number): number {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rising[middle] as number) >= least) high = middle;
    else low = middle + 1;
  }
  return low;
}
