/**
 * What every value that was seen, for sure or not, must keep to: somebody wrote it to that key, not only in passing
 * and not in a write that was refused (a definite error never took effect); and a write has one version, whoever sees it.
 */
import type { Operation } from '../history.ts';
import { showOperation } from './show.ts';
import { writesOf } from './transaction.ts';

type Written = { readonly operation: Operation; readonly lasts: boolean };

/** What contradicts that, one entry per value or version that is wrong. */
export function valueProblems(operations: readonly Operation[]): string[] {
  const problems: string[] = [];
  const written = writtenValues(operations);
  const versions = new Map<Operation, number>();
  for (const reader of operations) {
    if (reader.outcome?.type !== 'ok' || reader.outcome.answer.kind !== 'seen') continue;
    for (const { key, value, version } of reader.outcome.answer.observations) {
      if (value === null) continue;
      const source = written.get(key)?.get(value);
      if (source === undefined) {
        problems.push(`a value that nobody wrote was seen in ${key}: ${showOperation(reader)}`);
        continue;
      }
      const { operation } = source;
      if (operation.outcome?.type === 'fail')
        problems.push(`a refused write was seen in ${key}: ${both(operation, reader)}`);
      if (!source.lasts)
        problems.push(`a write that its own bulk replaces was seen in ${key}: ${both(operation, reader)}`);
      if (version === null) continue;
      const known = versions.get(operation);
      if (known === undefined) versions.set(operation, version);
      else if (known !== version)
        problems.push(`a write has versions ${known} and ${version}: ${both(operation, reader)}`);
    }
  }
  return problems;
}

function writtenValues(operations: readonly Operation[]): Map<string, Map<string, Written>> {
  const written = new Map<string, Map<string, Written>>();
  const put = (operation: Operation, key: string, value: string, lasts: boolean): void => {
    const ofKey = written.get(key) ?? new Map<string, Written>();
    ofKey.set(value, { operation, lasts });
    written.set(key, ofKey);
  };
  for (const operation of operations) {
    const { action } = operation;
    if (action.kind === 'bulk') for (const [key, value] of action.writes) put(operation, key, value, false);
    for (const { key, value } of writesOf(action)) if (value !== null) put(operation, key, value, true);
  }
  return written;
}

function both(writer: Operation, reader: Operation): string {
  return `\n  ${showOperation(writer)}\n  ${showOperation(reader)}`;
}
