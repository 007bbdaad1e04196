/** The naive checker: tries every order of all operations over all keys. For histories of a dozen operations. */
import { SOMETHING, type Transaction } from '../../../src/sim/checkers/transaction.ts';

/** Whether some order of the transactions, each within its interval, explains everything that was seen. */
export function hasOrder(transactions: readonly Transaction[]): boolean {
  const failed = new Set<string>();
  const definite = transactions.reduce((mask, { end }, i) => (Number.isFinite(end) ? mask | (1 << i) : mask), 0);
  const search = (taken: number, state: ReadonlyMap<string, string>): boolean => {
    if ((taken & definite) === definite) return true;
    const name = `${taken} ${[...state].map(([key, value]) => `${key}=${value}`).join(' ')}`;
    if (failed.has(name)) return false;
    for (const [i, transaction] of transactions.entries()) {
      if ((taken & (1 << i)) !== 0) continue;
      const waits = transactions.some((other, j) => (taken & (1 << j)) === 0 && other.end < transaction.start);
      if (waits || !holds(transaction, state)) continue;
      if (search(taken | (1 << i), after(transaction, state))) return true;
    }
    failed.add(name);
    return false;
  };
  return search(0, new Map());
}

function holds({ needs, seen }: Transaction, state: ReadonlyMap<string, string>): boolean {
  return (
    needs.every(({ key, holds: needed }) =>
      needed === SOMETHING ? state.has(key) : (state.get(key) ?? null) === needed,
    ) && seen.every(({ key, value }) => (state.get(key) ?? null) === value)
  );
}

function after({ writes }: Transaction, state: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  if (writes.length === 0) return state;
  const next = new Map(state);
  for (const { key, value } of writes) {
    if (value === null) next.delete(key);
    else next.set(key, value);
  }
  return next;
}
