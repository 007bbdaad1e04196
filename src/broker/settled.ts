/** When all that was ordered so far is durable and whole: what depends on it may be told. */
import type { Version } from '../model/ids.ts';
import type { Group } from './group.ts';
import type { BrokerState } from './state.ts';

/**
 * Notes what is ordered in these groups now. What it answers calls back once all of it is durable and every bulk among
 * it whole, with false when one of those may yet be taken back.
 */
export function whenSettled(state: BrokerState, groups: readonly Group[]): (then: (isWhole: boolean) => void) => void {
  if (state.openBulks.size === 0) {
    const [group] = groups;
    if (groups.length === 0 || group === undefined) return atOnce;
    if (groups.length === 1) return group.writes.size === 0 ? atOnce : whenPast(group, group.newest);
  }
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

const atOnce = (then: (isWhole: boolean) => void): void => then(true);

/** What nearly every update waits for: one group, and no bulk under way. */
function whenPast(group: Group, barrier: Version): (then: (isWhole: boolean) => void) => void {
  return (then) => {
    if (group.waitsFor(barrier)) group.parked.push({ barrier, release: () => then(true) });
    else then(true);
  };
}
