/** Makes a right history certainly wrong: a reader sees a value that was replaced for sure before it began. */
import type { Prng } from '../../../src/lib/prng.ts';
import { type HistoryEvent, type Operation, operationsOf } from '../../../src/sim/history.ts';
import { writesOf } from '../../../src/sim/checkers/transaction.ts';

/** The history with one read of one key made stale, lost or resurrected; null when no read allows it. */
export function worsen(prng: Prng, events: readonly HistoryEvent[]): HistoryEvent[] | null {
  const paired = operationsOf(events);
  if (!paired.ok) return null;
  const operations = paired.value;
  for (const reader of prng.shuffle(operations)) {
    if (reader.action.kind !== 'get' || reader.outcome?.type !== 'ok') continue;
    const { key } = reader.action;
    const before = operations.filter((one) => happened(one) && one.end < reader.start && writesTo(one, key));
    for (const replaced of before) {
      const value = writesOf(replaced.action).find((write) => write.key === key)?.value ?? null;
      // A deletion is no single moment: others may have left the key empty later.
      if (value === null || !before.some((later) => replaced.end < later.start)) continue;
      const changed = [...events];
      const answer = { kind: 'seen', observations: [{ key, value, version: null }] } as const;
      changed[reader.end] = { ...reader.outcome, answer };
      return changed;
    }
  }
  return null;
}

function happened({ outcome }: Operation): boolean {
  return outcome?.type === 'ok';
}

function writesTo({ action }: Operation, key: string): boolean {
  return writesOf(action).some((write) => write.key === key);
}
