/**
 * Operations of a history as what they tell about keys: what was seen, what was written, at which places of the order
 * of events. Answers that say themselves that they are uncertain tell nothing, and neither does what certainly failed.
 */
import type { Action, Observation, Operation } from '../history.ts';

/** What an operation needs a key to hold: a value, nothing (null), or something, whatever it is. */
export type Need = { readonly key: string; readonly holds: string | null | typeof SOMETHING };

/** Holds some value. */
export const SOMETHING = Symbol('something');

/** One operation that happened, or that may have (`end` infinite). Null is written by a delete. */
export type Transaction = {
  readonly operation: Operation;
  readonly start: number;
  readonly end: number;
  readonly needs: readonly Need[];
  readonly seen: readonly Observation[];
  readonly writes: readonly Written[];
};

/** `expiresAtMs`: when it goes by itself. */
export type Written = { readonly key: string; readonly value: string | null; readonly expiresAtMs?: number };

/** Those operations that tell something, in the order of their invocations. */
export function transactionsOf(operations: readonly Operation[]): Transaction[] {
  const transactions: Transaction[] = [];
  for (const operation of operations) {
    const transaction = transactionOf(operation);
    if (transaction !== null) transactions.push(transaction);
  }
  return transactions;
}

/** Whether it certainly happened. */
export function isDefinite(transaction: Transaction): boolean {
  return transaction.end !== Number.POSITIVE_INFINITY;
}

const NOTHING: readonly never[] = [];

function transactionOf(operation: Operation): Transaction | null {
  const { action, outcome, start, end } = operation;
  if (outcome?.type === 'fail') {
    if (action.kind !== 'insert' || outcome.code !== 'EXISTS') return null;
    const needs = [{ key: action.key, holds: SOMETHING }] as const;
    return { operation, start, end, needs, seen: NOTHING, writes: NOTHING };
  }
  if (action.kind === 'update') return updateOf(operation, action);
  const writes = writesOf(action);
  if (outcome === null || outcome.type === 'info') {
    if (writes.length === 0) return null;
    const needs = action.kind === 'insert' ? [{ key: action.key, holds: null }] : NOTHING;
    return { operation, start, end, needs, seen: NOTHING, writes };
  }
  const { answer } = outcome;
  if (answer.kind === 'seen') {
    return outcome.uncertain ? null : { operation, start, end, needs: NOTHING, seen: answer.observations, writes };
  }
  const needs: Need[] = [];
  if (action.kind === 'insert') needs.push({ key: action.key, holds: null });
  if (action.kind === 'delete' && answer.kind === 'deleted') {
    needs.push({ key: action.key, holds: answer.existed ? SOMETHING : null });
  }
  return { operation, start, end, needs, seen: NOTHING, writes };
}

/** An update is one step: what it saw it needed to be there. What was seen by one that may not have happened counts if it did. */
function updateOf(operation: Operation, action: Extract<Action, { kind: 'update' }>): Transaction | null {
  const { outcome, start, end } = operation;
  const saw = outcome?.type === 'info' ? outcome.saw : undefined;
  const seen =
    outcome?.type === 'ok' && outcome.answer.kind === 'seen' ? outcome.answer.observations : (saw ?? NOTHING);
  if (outcome?.type === 'ok' && outcome.uncertain) return null;
  const leaves = action.onMissing === 'leave' && seen.some(({ value }) => value === null);
  if (outcome?.type !== 'ok' && leaves) return null;
  const needs = leaves ? NOTHING : seen.map(({ key, value }): Need => ({ key, holds: value }));
  return { operation, start, end, needs, seen, writes: leaves ? NOTHING : writesOf(action) };
}

/** What an action leaves when it happens: of several writes of one key the last. */
export function writesOf(action: Action): readonly Written[] {
  switch (action.kind) {
    case 'set':
    case 'insert':
      return [action];
    case 'delete':
      return [{ key: action.key, value: null }];
    case 'update':
    case 'bulk': {
      const last = new Map(action.writes);
      return Array.from(last, ([key, value]) => ({ key, value }));
    }
    case 'get':
    case 'getMany':
    case 'scan':
      return NOTHING;
    default:
      return action satisfies never;
  }
}
