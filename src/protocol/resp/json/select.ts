/**
 * What the steps of a JSON path lead to in a packed document: places (document/places.ts), each once, outer ones before
 * those inside them. Steps that lead to more than JSON_PATH_VALUES_MAX values are refused.
 */
import {
  countAt,
  elementAt,
  fieldAt,
  isArrayAt,
  isMapAt,
  partsAt,
  ROOT_PLACE,
  valueAt,
  walk,
} from '../../../document/places.ts';
import { endOf } from '../../../document/packed.ts';
import { JSON_PATH_VALUES_MAX } from '../../../model/limits.ts';
import { Refusal } from '../failures.ts';
import type { Step } from './path.ts';

/** Values that the paths of one command may still lead to. */
export type Budget = { left: number };

export function newBudget(): Budget {
  return { left: JSON_PATH_VALUES_MAX };
}

/** Where the values are that the steps lead to. */
export function select(packed: Uint8Array, steps: readonly Step[], budget = newBudget()): readonly number[] | Refusal {
  let matched: readonly number[] = [ROOT_PLACE];
  for (const step of steps) {
    const next: number[] = [];
    for (const at of step.kind === 'deep' ? outermost(packed, matched) : matched) {
      const before = next.length;
      take(packed, at, step, next, budget);
      budget.left -= next.length - before;
      if (budget.left < 0) return TOO_MANY_VALUES;
    }
    matched = mayRepeat(step) ? [...new Set(next)] : next;
  }
  return matched;
}

/** Those that are not inside another one of them: what a change of an outer one leaves to be changed. */
export function outermost(packed: Uint8Array, places: readonly number[]): readonly number[] {
  if (places.length < 2) return places;
  const outer = new Set<number>();
  let end = -1;
  for (const at of places.toSorted((a, b) => a - b)) {
    if (at < end) continue;
    end = endOf(packed, at);
    outer.add(at);
  }
  return places.filter((at) => outer.has(at));
}

/** An index as it counts from the front; negative ones count from the end. */
export function indexIn(length: number, index: number): number {
  return index < 0 ? length + index : index;
}

/** What a command answers whose paths lead to too many values. */
export const TOO_MANY_VALUES = new Refusal(
  `ERR paths that lead to more than ${JSON_PATH_VALUES_MAX} values, the limit JSON_PATH_VALUES_MAX`,
);

/** Whether a step may take one value twice. */
function mayRepeat(step: Step): boolean {
  return (step.kind === 'names' && step.names.length > 1) || (step.kind === 'indexes' && step.indexes.length > 1);
}

function take(packed: Uint8Array, at: number, step: Step, into: number[], budget: Budget): void {
  switch (step.kind) {
    case 'names':
      if (!isMapAt(packed, at)) return;
      for (const name of step.names) {
        const field = fieldAt(packed, at, name);
        if (field >= 0) into.push(field);
      }
      return;
    case 'indexes': {
      if (!isArrayAt(packed, at)) return;
      const count = countAt(packed, at);
      for (const index of step.indexes) {
        const element = elementAt(packed, at, indexIn(count, index));
        if (element >= 0) into.push(element);
      }
      return;
    }
    case 'slice': {
      if (!isArrayAt(packed, at)) return;
      const elements = partsAt(packed, at);
      const start = Math.max(0, indexIn(elements.length, step.start ?? 0));
      const end = Math.min(elements.length, indexIn(elements.length, step.end ?? elements.length));
      for (let i = start; i < end; i += step.step) into.push(elements[i] as number);
      return;
    }
    case 'all':
      for (const part of partsAt(packed, at)) into.push(part);
      return;
    case 'deep':
      walk(packed, at, (place) => {
        if (into.length <= JSON_PATH_VALUES_MAX) into.push(place);
      });
      return;
    case 'filter':
      budget.left -= countAt(packed, at);
      for (const part of partsAt(packed, at)) if (step.filter(valueAt(packed, part))) into.push(part);
      return;
    default:
      step satisfies never;
  }
}
