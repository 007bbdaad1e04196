/**
 * All checkers on one history: what contradicts the promises of the store, in words, and what was counted on the way.
 * A history without violations and with many operations is evidence; one that says little proves little.
 */
import { type HistoryEvent, type Operation, operationsOf } from '../history.ts';
import { diagnose } from './diagnosis.ts';
import { checkRegister } from './linearizability.ts';
import { type PromiseOptions, promiseProblems } from './promises.ts';
import { type Register, registersOf, type Step } from './register.ts';
import { explainCircle, findCircle } from './serializability.ts';
import { showOperation } from './show.ts';
import { goingsOf } from './wall-clock.ts';
import { type Transaction, transactionsOf } from './transaction.ts';
import { valueProblems, writersOf } from './values.ts';

export type CheckOptions = {
  /** What replies owe; null where nobody recorded the servers' state or a deadline. */
  readonly promises: PromiseOptions | null;
};

export type Report = { readonly violations: readonly string[]; readonly counts: Counts };

/** How operations ended. `uncertain`: answered, and said to be uncertain; `undecided`: keys whose search was given up. */
export type Counts = {
  readonly operations: number;
  readonly ok: number;
  readonly failed: number;
  readonly unknown: number;
  readonly uncertain: number;
  readonly undecided: number;
};

/** Operations of a key that a report shows before the one that cannot be explained. */
const SHOWN_AROUND = 16;

/** Everything that is wrong with a history. */
export function checkHistory(events: readonly HistoryEvent[], options: CheckOptions): Report {
  const paired = operationsOf(events);
  if (!paired.ok) return { violations: [`not a history: ${paired.error.message}`], counts: countsOf([], 0) };
  const operations = paired.value;
  const transactions = transactionsOf(operations);
  const writers = writersOf(transactions);
  const violations = valueProblems(operations, writers);
  if (options.promises !== null) violations.push(...promiseProblems(operations, options.promises));
  let undecided = 0;
  for (const register of registersOf(transactions, goingsOf(events))) {
    const verdict = checkRegister(register.steps, { goings: register.goings });
    if (verdict.kind === 'violation') violations.push(explainRegister(register, verdict.step));
    else if (verdict.kind === 'undecided') {
      undecided++;
      violations.push(`${register.key}: no verdict after ${verdict.configurations} configurations`);
    }
  }
  const found = findCircle(transactions, writers);
  if (found !== null) violations.push(explainCircle(found.circle, found.transactions));
  return { violations, counts: countsOf(operations, undecided) };
}

function explainRegister({ key, steps, transactions }: Register, step: number): string {
  const stuck = transactions[step] as Transaction;
  const why = diagnose(key, transactions) ?? `nothing explains\n  ${showOperation(stuck.operation)}`;
  // What began last before it ended, and what was open then, most of all.
  const begun = transactions.filter((_, i) => (steps[i] as Step).start < stuck.end).slice(-SHOWN_AROUND);
  const shown = begun.map(({ operation }) => `  ${showOperation(operation)}`);
  return `${key} is not linearizable: ${why}\n its operations before it:\n${shown.join('\n')}`;
}

function countsOf(operations: readonly Operation[], undecided: number): Counts {
  const counts = { operations: operations.length, ok: 0, failed: 0, unknown: 0, uncertain: 0, undecided };
  for (const { outcome } of operations) {
    if (outcome === null || outcome.type === 'info') counts.unknown++;
    else if (outcome.type === 'fail') counts.failed++;
    else if (outcome.uncertain) counts.uncertain++;
    else counts.ok++;
  }
  return counts;
}
