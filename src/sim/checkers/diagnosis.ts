/**
 * What most likely went wrong in a history of one key that has no order: the first read that no order could explain
 * even if every other read were right. Words for a report, never a verdict.
 */
import { showOperation } from './show.ts';
import { isDefinite, type Transaction } from './transaction.ts';

type Written = {
  readonly value: string | null;
  readonly expiresAtMs?: number;
  readonly transaction: Transaction;
};

/** Lost, stale or resurrected, with the operations that show it; null when it takes more than two to see it. */
export function diagnose(key: string, transactions: readonly Transaction[]): string | null {
  const writes = transactions.flatMap((transaction) =>
    transaction.writes.filter((write) => write.key === key).map((write): Written => ({ ...write, transaction })),
  );
  for (const reader of transactions) {
    const seen = reader.seen.find((observation) => observation.key === key);
    if (seen === undefined) continue;
    const problem = seen.value === null ? lost(reader, writes) : outdated(reader, seen.value, writes);
    if (problem !== null) return problem;
  }
  return null;
}

/** Nothing was seen, though a write was acknowledged before and no deletion can have come between. */
function lost(reader: Transaction, writes: readonly Written[]): string | null {
  // It may have gone by itself.
  if (writes.some(({ expiresAtMs }) => expiresAtMs !== undefined)) return null;
  const kept = writes.find(
    ({ value, transaction }) =>
      value !== null &&
      isBefore(transaction, reader) &&
      !writes.some(
        (other) =>
          other.value === null && !isBefore(other.transaction, transaction) && !isBefore(reader, other.transaction),
      ),
  );
  return kept === undefined ? null : `an acknowledged write is lost:${show(kept.transaction, reader)}`;
}

/** A value was seen that something acknowledged had replaced before. */
function outdated(reader: Transaction, value: string, writes: readonly Written[]): string | null {
  const source = writes.find((write) => write.value === value)?.transaction;
  if (source === undefined) return null;
  if (isBefore(reader, source)) return `a value was seen before it was written:${show(source, reader)}`;
  const replaced = writes.find(
    ({ transaction }) =>
      transaction !== source &&
      isDefinite(transaction) &&
      isBefore(source, transaction) &&
      isBefore(transaction, reader),
  );
  if (replaced === undefined) return null;
  const what = replaced.value === null ? 'a deleted value came back' : 'a value was seen after it was overwritten';
  return `${what}:${show(source, replaced.transaction, reader)}`;
}

function isBefore(a: Transaction, b: Transaction): boolean {
  return a.end < b.start;
}

function show(...transactions: readonly Transaction[]): string {
  return transactions.map(({ operation }) => `\n  ${showOperation(operation)}`).join('');
}
