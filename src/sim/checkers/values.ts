/**
 * What every value that was seen, for sure or not, must keep to: somebody wrote it to that key, not only in passing
 * and not in a write that was refused (a definite error never took effect); and a write has one version, whoever sees it.
 */
import type { Operation } from '../history.ts';
import { showOperation } from './show.ts';
import type { Transaction } from './transaction.ts';

/** Who wrote a value, or may have: by key, then by value. */
export type Writers = ReadonlyMap<string, ReadonlyMap<string, Transaction>>;

/** The writers among transactions. */
export function writersOf(transactions: readonly Transaction[]): Writers {
  const writers = new Map<string, Map<string, Transaction>>();
  for (const transaction of transactions) {
    for (const { key, value } of transaction.writes) {
      if (value === null) continue;
      const ofKey = writers.get(key);
      if (ofKey === undefined) writers.set(key, new Map([[value, transaction]]));
      else ofKey.set(value, transaction);
    }
  }
  return writers;
}

/** Values and versions that are wrong, one entry each. */
export function valueProblems(operations: readonly Operation[], writers: Writers): string[] {
  const problems: string[] = [];
  const versions = new Map<Transaction, number>();
  for (const reader of operations) {
    if (reader.outcome?.type !== 'ok' || reader.outcome.answer.kind !== 'seen') continue;
    for (const { key, value, version } of reader.outcome.answer.observations) {
      if (value === null) continue;
      const writer = writers.get(key)?.get(value);
      if (writer === undefined) {
        problems.push(unwritten(operations, key, value, reader));
      } else if (version !== null) {
        const known = versions.get(writer);
        if (known === undefined) versions.set(writer, version);
        else if (known !== version) {
          problems.push(`a write has versions ${known} and ${version}:${show(writer.operation, reader)}`);
        }
      }
    }
  }
  return problems;
}

/** Why nobody can have seen this value. */
function unwritten(operations: readonly Operation[], key: string, value: string, reader: Operation): string {
  for (const operation of operations) {
    const { action, outcome } = operation;
    const isItsOwn =
      (action.kind === 'set' || action.kind === 'insert') && action.key === key && action.value === value;
    const isPart =
      (action.kind === 'bulk' || action.kind === 'update') &&
      action.writes.some((write) => write[0] === key && write[1] === value);
    if (!isItsOwn && !isPart) continue;
    const what = outcome?.type === 'fail' ? 'a refused write' : 'a write that its own bulk replaces';
    return `${what} was seen in ${key}:${show(operation, reader)}`;
  }
  return `a value that nobody wrote was seen in ${key}:${show(reader)}`;
}

function show(...operations: readonly Operation[]): string {
  return operations.map((operation) => `\n  ${showOperation(operation)}`).join('');
}
