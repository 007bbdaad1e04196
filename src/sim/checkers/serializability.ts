/**
 * Whether operations over several keys happened one after the other, each whole and within its own interval (strict
 * serializability): no circle in the order that they tell of. What it finds is an error for sure; it finds what
 * follows from single circles, not every order that is impossible for deeper reasons.
 */
import { type Circle, circleAmong } from './circle.ts';
import { dependenciesOf } from './dependencies.ts';
import { showOperation } from './show.ts';
import type { Transaction } from './transaction.ts';
import { type Writers, writersOf } from './values.ts';

/** The first circle that was found, with the transactions that its edges name by position; or null. */
export function findCircle(
  transactions: readonly Transaction[],
  writers: Writers = writersOf(transactions),
): { readonly circle: Circle; readonly transactions: readonly Transaction[] } | null {
  const { transactions: nodes, precedence, circle } = dependenciesOf(transactions, writers);
  if (circle.length === 0) return null;
  return { circle: circleAmong(precedence, circle), transactions: nodes };
}

/** Why the transactions of a circle cannot be put in an order, one line each. */
export function explainCircle(circle: Circle, transactions: readonly Transaction[]): string {
  const lines = circle.edges.map(({ from, reason, key }) => {
    const { operation } = transactions[from] as Transaction;
    return `  ${showOperation(operation)}\n    ${BECAUSE[reason](key)}`;
  });
  return `${circle.name}: ${circle.edges.length} operations in a circle, each before the next and the last before the first\n${lines.join('\n')}`;
}

const BECAUSE = {
  ww: (key: string) => `its ${key} was overwritten by the next`,
  wr: (key: string) => `its ${key} was seen by the next`,
  rw: (key: string) => `saw ${key} as it was before the next`,
  rt: () => 'ended before the next began',
} as const;
