/** When all that was ordered so far is durable and whole: what depends on it may be told. */
import type { Group } from './group.ts';
import type { BrokerState } from './state.ts';

/**
 * Notes what is ordered in these groups now. What it answers calls back once all of it is durable and every bulk among
 * it whole, with false when one of those may yet be taken back.
 */
export function whenSettled(state: BrokerState, groups: readonly Group[]): (then: (isWhole: boolean) => void) => void {
  const waits = groups.filter((group) => group.writes.size > 0).map((group) => ({ group, barrier: group.newest }));
  const bulks = [...state.openBulks.values()].filter((bulk) => bulk.groups.some((group) => groups.includes(group)));
  return (then) => {
    let left = 1;
    const release = (): void => {
      if (--left === 0) then(bulks.every((bulk) => !state.openBulks.has(bulk.version)));
    };
    for (const { group, barrier } of waits) {
      if (!group.waitsFor(barrier)) continue;
      left++;
      group.parked.push({ barrier, release });
    }
    for (const bulk of bulks) {
      if (!state.openBulks.has(bulk.version)) continue;
      left++;
      bulk.shown ??= [];
      bulk.shown.push(release);
    }
    release();
  };
}
