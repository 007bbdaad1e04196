/** Operations in one line of words, for reports that people read. */
import type { Action, Observation, Operation } from '../history.ts';

/** `process 3, 12.500 … 14.000 ms: get r1 → 17`; an end that nobody knows is an ellipsis alone. */
export function showOperation(operation: Operation): string {
  const { action, startMs, outcome } = operation;
  const end = outcome === null || outcome.type === 'info' ? '' : ` ${outcome.atMs.toFixed(3)} ms`;
  return `process ${operation.process}, ${startMs.toFixed(3)} …${end}: ${showAction(action)} → ${showOutcome(outcome)}`;
}

function showAction(action: Action): string {
  switch (action.kind) {
    case 'set': {
      const until = action.expiresAtMs === undefined ? '' : ` until ${action.expiresAtMs.toFixed(3)}`;
      return `set ${action.key}=${action.value}${until}`;
    }
    case 'insert':
      return `insert ${action.key}=${action.value}`;
    case 'update':
      return `update ${action.writes.map(([key, value]) => `${key}=${value}`).join(' ')} (missing: ${action.onMissing})`;
    case 'bulk':
      return `bulk ${action.writes.map(([key, value]) => `${key}=${value}`).join(' ')}`;
    case 'delete':
    case 'get':
      return `${action.kind} ${action.key}`;
    case 'getMany':
      return `${action.by} ${action.keys.join(' ')}`;
    case 'scan':
      return `scan ${action.prefix}* after '${action.after}' limit ${action.limit}`;
    default:
      return action satisfies never;
  }
}

function showOutcome(outcome: Operation['outcome']): string {
  if (outcome === null) return 'no answer yet';
  if (outcome.type === 'fail') return `refused, ${outcome.code}`;
  if (outcome.type === 'info') {
    return `unknown, ${outcome.code}${outcome.saw === undefined ? '' : `, saw ${outcome.saw.map(showObservation).join(' ')}`}`;
  }
  const { answer } = outcome;
  const note = outcome.uncertain ? ' (uncertain)' : '';
  if (answer.kind === 'done') return `ok${note}`;
  if (answer.kind === 'deleted') return `${answer.existed ? 'deleted' : 'was not there'}${note}`;
  return `${answer.observations.map(showObservation).join(' ')}${note}`;
}

function showObservation({ key, value, version }: Observation): string {
  return `${key}=${value ?? 'nothing'}${version === null ? '' : `@${version}`}`;
}
